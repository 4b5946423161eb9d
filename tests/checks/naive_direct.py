"""The plain NumPy trainer with layers whose W is on a fixed support, or made of its factors.

Every block by dense normal equations in increment form, with the design matrix written out one
unit vector at a time.  ``fault`` plants one named fault (see ``FAULTS``) in layer ``at``; the
fault ``skip`` leaves the block or the tensor named ``at`` as it was.
"""

from __future__ import annotations

import numpy as np
from naive_bcd import solve
from naive_z import (
    FACTORED,
    ZNet,
    contract_all,
    random_compression,
    random_z_problem,
    random_z_start,
    tensor_shapes,
)

SUPPORT_FAULTS = (
    "off_support",  # one entry of W off the support is tiny, not 0
    "support_changed",  # a one of Z moves in the second sweep
    "masked_late",  # the full W is solved for, then masked
    "no_prox_w",  # alpha counts as 0
    "double_mu",  # mu counts twice in (W, b)
    "jacobi_bias",  # b from the old W
    "half_rho",  # rho counts half in (W, b)
)
DIRECT_FAULTS = (
    "stored_w",  # one entry of the stored W is not that of C(Z)
    "stale_stored_w",  # the stored W is C of the old Z
    "old_w_bias",  # b from the W before the sweep
    "no_prox_b",  # alpha counts as 0 in b
    "no_prox_z",  # alpha_z counts as 0 in the tensors
    "half_rho",  # rho counts half in the tensors
    "double_mu",  # mu counts twice in the tensors
    "no_bias",  # the tensors do not see b
    "old_v",  # the tensors see the V below from before the sweep
    "jacobi",  # every tensor with the old others
    "reversed",  # the last tensor first
)
KINDS = ("support", *(f"direct {kind}" for kind in FACTORED))


class DirectNet(ZNet):
    """`ZNet` with both."""

    def direct(self, i):
        return self.compression(i).get("direct", False)

    def sweep(self):
        self.count = getattr(self, "count", 0) + 1
        self.before = dict(self.state)
        for block in self.problem["order"]:
            old = dict(self.state)
            getattr(self, f"do_{block[0].lower()}")(int(block[1:]))
            if self.fault == "skip" and self.at == block:
                self.state = old
        return dict(self.state)

    def do_w(self, i):
        if self.direct(i):
            self.do_b(i)
        elif self.compression(i)["kind"] == "support":
            self.do_supported(i)
        else:
            super().do_w(i)

    def do_b(self, i):
        p, b = self.weights(i), self.state[f"b{i}"]
        alpha = self.dtype.type(0) if self.has("no_prox_b", i) else p["alpha"]
        w = (self.before if self.has("old_w_bias", i) else self.state)[f"W{i}"]
        gradient = p["rho"] * (self.pre(i, w) - self.state[f"U{i}"]).sum(axis=0) + p["mu"] * b
        h = p["rho"] * self.dtype.type(len(self.x)) + p["mu"] + alpha
        self.state[f"b{i}"] = (b - gradient / h).astype(self.dtype)

    def do_supported(self, i):
        p, on = self.weights(i), self.state[f"Z{i}"] != 0
        rho = p["rho"] / 2 if self.has("half_rho", i) else p["rho"]
        mu = p["mu"] * 2 if self.has("double_mu", i) else p["mu"]
        alpha = self.dtype.type(0) if self.has("no_prox_w", i) else p["alpha"]
        w, b = self.state[f"W{i}"].copy(), self.state[f"b{i}"].copy()
        v = np.hstack([self.below(i), np.ones((len(self.x), 1), self.dtype)])
        gradient = rho * (self.pre(i) - self.state[f"U{i}"]).T @ v
        gradient += mu * np.column_stack([w, b])
        h = rho * (v.T @ v) + (mu + alpha) * np.eye(v.shape[1], dtype=self.dtype)
        for row, own in enumerate(on):
            free = np.append(np.ones_like(own) if self.has("masked_late", i) else own, True)
            step = np.zeros(v.shape[1], self.dtype)
            if self.has("jacobi_bias", i):
                free[-1] = False
                step[-1] = gradient[row, -1] / h[-1, -1]
            if free.any():
                step[free] = solve(h[np.ix_(free, free)], gradient[row, free])
            w[row] -= np.where(own, step[:-1], 0)
            b[row] -= step[-1]
        if self.has("off_support", i):
            w[tuple(np.argwhere(~on)[0])] = np.finfo(self.dtype).tiny
        if self.has("support_changed", i) and self.count > 1:
            z = self.state[f"Z{i}"].copy()
            if self.count == 2:
                z[tuple(np.argwhere(on)[0])], z[tuple(np.argwhere(~on)[0])] = 0, 1
            self.state[f"Z{i}"], w = z, w * z
        self.state |= {f"W{i}": w, f"b{i}": b}

    def do_z(self, i):
        if not self.direct(i):
            super().do_z(i)
            return
        names, shape = self.names(i), self.state[f"W{i}"].shape
        tensors, old = ([self.state[name] for name in names] for _ in range(2))
        numbers = range(len(names))
        for j in reversed(numbers) if self.has("reversed", i) else numbers:
            if self.fault == "skip" and self.at == names[j]:
                continue
            others = old if self.has("jacobi", i) else tensors
            tensors[j] = self.best_tensor(i, list(others), j).astype(self.dtype)
        w = contract_all(self.compression(i), tensors, shape).astype(self.dtype)
        if self.has("stored_w", i):
            w = w.copy()
            w.flat[np.abs(w).argmax()] *= 1 + 1000 * np.finfo(self.dtype).eps
        if not self.has("stale_stored_w", i):
            self.state[f"W{i}"] = w
        self.state |= dict(zip(names, tensors, strict=True))

    def best_tensor(self, i, tensors, j):
        c, p, shape = self.compression(i), self.weights(i), self.state[f"W{i}"].shape
        rho = p["rho"] / 2 if self.has("half_rho", i) else p["rho"]
        mu = p["mu"] * 2 if self.has("double_mu", i) else p["mu"]
        alpha_z = self.dtype.type(0) if self.has("no_prox_z", i) else p["alpha_z"]
        v = self.below(i)
        if self.has("old_v", i):
            v = self.before[f"V{i - 1}"]
        changes = []
        for k in range(tensors[j].size):
            unit = np.zeros(tensors[j].size, self.dtype)
            unit[k] = 1
            changed = [*tensors[:j], unit.reshape(tensors[j].shape), *tensors[j + 1 :]]
            changes.append(contract_all(c, changed, shape))
        w, bias = contract_all(c, tensors, shape), self.state[f"b{i}"]
        misfit = v @ w.T + (0 if self.has("no_bias", i) else bias) - self.state[f"U{i}"]
        design = np.array([change.ravel() for change in changes]).T
        seen = np.array([(v @ change.T).ravel() for change in changes]).T
        gradient = rho * seen.T @ misfit.ravel() + mu * design.T @ w.ravel()
        h = rho * seen.T @ seen + mu * design.T @ design
        h += alpha_z * np.eye(len(h), dtype=self.dtype)
        return tensors[j] - solve(h, gradient).reshape(tensors[j].shape)


def random_member(rng, kind, d, p):
    """A compression of one of ``KINDS``, or of any other kind."""
    if kind == "support":
        return {"kind": "support", "nonzeros": int(rng.integers(1, d * p + 1))}
    word, _, rest = kind.partition(" ")
    if word == "direct":
        return random_compression(rng, rest, d, p) | {"direct": True}
    return random_compression(rng, kind, d, p)


def blocks_of(layers):
    """Every block once, in the paper's order."""
    found = []
    for i in range(len(layers), 0, -1):
        found += [f"V{i}", f"U{i}", f"W{i}"]
        found += (
            [f"Z{i}"] if layers[i - 1]["compression"]["kind"] not in ("none", "support") else []
        )
    return found


def random_direct_problem(rng, kinds, *, order="backward", decades=1.0, **keys):
    """`random_z_problem` with each layer's compression among ``kinds``, as `random_member`'s."""
    problem = random_z_problem(rng, ("none",), decades=decades, **keys)
    layers = problem["layers"]
    for layer in layers:
        kind, weigh = str(rng.choice(kinds)), layer["penalties"]
        layer["compression"] = random_member(rng, kind, layer["outputs"], layer["inputs"])
        if kind not in ("none", "support"):
            weigh["alpha_z"] = float(10 ** rng.uniform(-decades, decades))
            if not kind.startswith("direct"):
                weigh["tau"] = float(10 ** rng.uniform(-decades, decades))
    blocks = blocks_of(layers)
    problem["order"] = [str(b) for b in rng.permutation(blocks)] if order == "random" else blocks
    return problem


def random_direct_start(rng, problem, data="plain"):
    """Data and a start with W on its support, or made of its factors."""
    plain = {"kind": "none"}
    layers = [
        la | {"compression": plain if is_new(la["compression"]) else la["compression"]}
        for la in problem["layers"]
    ]
    x, y, state = random_z_start(rng, {**problem, "layers": layers}, data)
    dtype = np.dtype(problem["dtype"])
    for i, layer in enumerate(problem["layers"], 1):
        c, shape = layer["compression"], state[f"W{i}"].shape
        if c["kind"] == "support":
            z = np.zeros(shape[0] * shape[1], dtype)
            z[rng.permutation(z.size)[: c["nonzeros"]]] = 1
            state[f"Z{i}"] = z.reshape(shape)
            state[f"W{i}"] = state[f"W{i}"] * state[f"Z{i}"]
        elif c.get("direct"):
            shapes = tensor_shapes(c, shape)
            tensors = [rng.standard_normal(s).astype(dtype) for s in shapes.values()]
            state |= dict(zip((f"Z{i}{suffix}" for suffix in shapes), tensors, strict=True))
            state[f"W{i}"] = contract_all(c, tensors, shape).astype(dtype)
    return x, y, state


def is_new(c):
    return c["kind"] == "support" or c.get("direct", False)


def direct_states(problem, x, y, start, sweeps, *, fault=None, at=None):
    """The states of a run from ``start``."""
    net = DirectNet(problem, x, y, start, fault=fault, at=at)
    with np.errstate(all="ignore"):
        return [dict(net.state), *(net.sweep() for _ in range(sweeps))]
