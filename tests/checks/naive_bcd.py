"""A plain NumPy trainer: direct formulas, nothing shared with any package of the project.

One sweep visits ``order``.  ``fault`` plants one named fault (see ``FAULTS``) in layer ``at``.
"""

from __future__ import annotations

import math

import numpy as np

FAULTS = (
    "alias",  # W is overwritten by its hard projection after its update (Z = W in place)
    "tt_svd",  # a truncated TT-SVD of W where core-by-core minimisation is declared
    "no_prox_u",  # alpha counts as 0 in U
    "no_prox_z",  # alpha_z counts as 0 in Z
    "no_prox_w",  # alpha counts as 0 in (W, b)
    "jacobi_bias",  # b from the old W
    "stale_w",  # V uses the W of the layer above from before this sweep
    "kept_bias",  # b is not subtracted in the right-hand side of V
    "weak_prox_u",  # rho where rho + alpha belongs, in U
    "one_more",  # s + 1 entries of Z are kept
    "half_tau",  # tau counts half in Z
    "wrong_loss",  # V_N minimises ||V - Y||^2 instead of 1/2 ||V - Y||^2
)


def activate(kind, slope, u):
    if kind == "identity":
        return u
    return np.where(u > 0, u, (0.0 if kind == "relu" else slope) * u).astype(u.dtype)


def best_u(v, w, u0, kind, slope, gamma, rho, alpha, weak=False):
    """Minimise gamma/2 (v - s(u))^2 + rho/2 (u - w)^2 + alpha/2 (u - u0)^2 entrywise."""
    beta = rho if weak else rho + alpha
    m = (rho * w + alpha * u0) / beta

    def value(u):
        gap = v - activate(kind, slope, u)
        return gamma * gap**2 + rho * (u - w) ** 2 + alpha * (u - u0) ** 2

    if kind == "identity":
        return (gamma * v + beta * m) / (gamma + beta)
    low = 0.0 if kind == "relu" else slope
    left = np.minimum((gamma * low * v + beta * m) / (gamma * low**2 + beta), 0.0)
    right = np.maximum((gamma * v + beta * m) / (gamma + beta), 0.0)
    f_left, f_right = value(left), value(right)
    nearer = np.where(np.abs(left - u0) <= np.abs(right - u0), left, right)
    return np.where(f_left < f_right, left, np.where(f_right < f_left, right, nearer))


def keep_largest(m, count):
    """The ``count`` entries of largest magnitude, lowest row-major index first on ties."""
    flat = np.zeros(m.size, m.dtype)
    chosen = np.argsort(-np.abs(m), axis=None, kind="stable")[:count]
    flat[chosen] = m.ravel()[chosen]
    return flat.reshape(m.shape)


def contract(cores):
    total = cores[0]
    for core in cores[1:]:
        total = np.tensordot(total, core, axes=1)
    return total[0, ..., 0]


def best_core(cores, j, w, tau, alpha_z):
    """Dense normal equations of core j; fine for small tensors."""
    r, m, s = cores[j].shape
    design = np.empty((w.size, r * m * s), w.dtype)
    for k in range(r * m * s):
        unit = np.zeros(r * m * s, w.dtype)
        unit[k] = 1
        changed = [*cores[:j], unit.reshape(r, m, s), *cores[j + 1 :]]
        design[:, k] = contract(changed).ravel()
    old = cores[j].ravel()
    gradient = tau * design.T @ (design @ old - w.ravel())
    hessian = tau * design.T @ design + alpha_z * np.eye(len(old), dtype=w.dtype)
    return (old - solve(hessian, gradient)).reshape(r, m, s)


def solve(h, rhs):
    """Cholesky where possible, as a solver would; else least squares."""
    try:
        factor = np.linalg.cholesky(h)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(h, rhs, rcond=None)[0].astype(h.dtype)
    return np.linalg.solve(factor.T, np.linalg.solve(factor, rhs))


def tt_svd(w, modes, ranks):
    cores, rest, rank = [], w.reshape(1, -1), 1
    for m, r in zip(modes[:-1], ranks, strict=True):
        u, s, vt = np.linalg.svd(rest.reshape(rank * m, -1), full_matrices=False)
        cores.append(u[:, :r].reshape(rank, m, r))
        rest, rank = s[:r, None] * vt[:r], r
    return [*cores, rest.reshape(rank, modes[-1], 1)]


class Net:
    """A problem (parsed problem.json) with data, trained one sweep at a time."""

    def __init__(self, problem, x, y, state, fault=None, at=None):
        self.problem, self.fault, self.at = problem, fault, at
        self.dtype = np.dtype(problem["dtype"])
        self.x, self.y = x.astype(self.dtype), y.astype(self.dtype)
        self.state = {k: v.astype(self.dtype) for k, v in state.items()}
        self.depth = len(problem["layers"])

    def layer(self, i):
        return self.problem["layers"][i - 1]

    def weights(self, i):
        return {k: self.dtype.type(v) for k, v in self.layer(i)["penalties"].items()}

    def has(self, fault, i):
        return self.fault == fault and self.at == i

    def below(self, i):
        return self.x if i == 1 else self.state[f"V{i - 1}"]

    def pre(self, i, w=None):
        w = self.state[f"W{i}"] if w is None else w
        return self.below(i) @ w.T + self.state[f"b{i}"]

    def shaped(self, i):
        a = self.layer(i)["activation"]
        return activate(a["kind"], a.get("slope"), self.state[f"U{i}"])

    def cores(self, i):
        return [
            self.state[f"Z{i}.{j + 1}"] for j in range(len(self.layer(i)["compression"]["modes"]))
        ]

    def compressed(self, i):
        if self.layer(i)["compression"]["kind"] == "prune":
            return self.state[f"Z{i}"]
        return contract(self.cores(i)).reshape(self.state[f"W{i}"].shape)

    def sweep(self):
        self.before = dict(self.state)
        for block in self.problem["order"]:
            getattr(self, f"do_{block[0].lower()}")(int(block[1:]))
        for name, value in self.state.items():
            assert value.dtype == self.dtype, name
        return dict(self.state)

    def do_v(self, i):
        p, s = self.weights(i), self.shaped(i)
        if i == self.depth:
            w = 2 if self.has("wrong_loss", i) else 1
            old = self.state[f"V{i}"]
            total = self.dtype.type(w) + p["gamma"] + p["alpha"]
            self.state[f"V{i}"] = (w * self.y + p["gamma"] * s + p["alpha"] * old) / total
            return
        rho = self.weights(i + 1)["rho"]
        w = (self.before if self.has("stale_w", i) else self.state)[f"W{i + 1}"]
        b = 0 if self.has("kept_bias", i) else self.state[f"b{i + 1}"]
        h = p["gamma"] * np.eye(w.shape[1], dtype=self.dtype) + rho * (w.T @ w)
        rhs = p["gamma"] * s + rho * (self.state[f"U{i + 1}"] - b) @ w
        self.state[f"V{i}"] = solve(h, rhs.T).T

    def do_u(self, i):
        p, a = self.weights(i), self.layer(i)["activation"]
        v, w, u0 = self.state[f"V{i}"], self.pre(i), self.state[f"U{i}"]
        alpha = self.dtype.type(0) if i == self.depth or self.has("no_prox_u", i) else p["alpha"]
        weak = self.has("weak_prox_u", i)
        new = best_u(v, w, u0, a["kind"], a.get("slope"), p["gamma"], p["rho"], alpha, weak)
        self.state[f"U{i}"] = new.astype(self.dtype)

    def do_w(self, i):
        p = self.weights(i)
        alpha = self.dtype.type(0) if self.has("no_prox_w", i) else p["alpha"]
        w0, b0 = self.state[f"W{i}"], self.state[f"b{i}"]
        n = len(self.x)
        v = np.hstack([self.below(i), np.ones((n, 1), self.dtype)])
        pull = p["tau"] * (w0 - self.compressed(i)) if p["tau"] else 0 * w0
        gradient = p["rho"] * (self.pre(i) - self.state[f"U{i}"]).T @ v
        gradient[:, :-1] += pull + p["mu"] * w0
        gradient[:, -1] += p["mu"] * b0
        diagonal = np.full(v.shape[1], p["tau"] + p["mu"] + alpha, self.dtype)
        diagonal[-1] = p["mu"] + alpha
        h = p["rho"] * (v.T @ v) + np.diag(diagonal)
        if self.has("jacobi_bias", i):
            step = np.hstack(
                [solve(h[:-1, :-1], gradient[:, :-1].T).T, gradient[:, -1:] / h[-1, -1]]
            )
        else:
            step = solve(h, gradient.T).T
        self.state[f"W{i}"], self.state[f"b{i}"] = w0 - step[:, :-1], b0 - step[:, -1]
        if self.has("alias", i):
            self.state[f"W{i}"] = self.projected(i, self.state[f"W{i}"])

    def projected(self, i, w):
        c = self.layer(i)["compression"]
        if c["kind"] == "prune":
            return keep_largest(w, c["nonzeros"])
        return contract(tt_svd(w, c["modes"], c["ranks"])).reshape(w.shape)

    def do_z(self, i):
        p, c, w = self.weights(i), self.layer(i)["compression"], self.state[f"W{i}"]
        alpha_z = self.dtype.type(0) if self.has("no_prox_z", i) else p["alpha_z"]
        tau = p["tau"] / 2 if self.has("half_tau", i) else p["tau"]
        if c["kind"] == "prune":
            old = self.state[f"Z{i}"]
            m = (tau * w + alpha_z * old) / (tau + alpha_z)
            count = c["nonzeros"] + (1 if self.has("one_more", i) else 0)
            self.state[f"Z{i}"] = keep_largest(m, count)
            return
        cores = self.cores(i)
        if c["kind"] == "tt_svd" or self.has("tt_svd", i):
            cores = tt_svd(w, c["modes"], c["ranks"])
        else:
            for j in range(len(cores)):
                cores[j] = best_core(cores, j, w, tau, alpha_z)
        for j, core in enumerate(cores):
            self.state[f"Z{i}.{j + 1}"] = core.astype(self.dtype)


def factor_modes(size):
    """Prime factors of ``size``, at most four modes."""
    modes, rest, p = [], size, 2
    while rest > 1:
        while rest % p == 0 and len(modes) < 3:
            modes.append(p)
            rest //= p
        p += 1
        if len(modes) == 3 or p > rest:
            if rest > 1:
                modes.append(rest)
            break
    return modes or [1]


def random_ranks(rng, modes):
    """Ranks up to 3 that both neighbouring cores can carry."""
    ranks = [1]
    for j, mode in enumerate(modes[:-1], 1):
        ranks.append(int(rng.integers(1, 1 + min(ranks[-1] * mode, math.prod(modes[j:]), 3))))
    return ranks[1:]


def random_problem(
    rng,
    *,
    depth=None,
    widths=None,
    n=None,
    dtype="float64",
    decades=3.0,
    activations=("identity", "relu", "leaky_relu"),
    compressions=("none", "prune", "tt"),
    last_compressed=True,
):
    """A random claim as problem.json holds it; penalties log-uniform over 10^+-decades."""
    depth = depth or int(rng.integers(1, 5))
    widths = widths or [int(w) for w in rng.integers(1, 9, depth + 1)]
    layers, order = [], []

    def weight():
        return float(10 ** rng.uniform(-decades, decades))

    for i in range(depth):
        d, p = widths[i + 1], widths[i]
        kind = str(rng.choice(compressions))
        compression = {"kind": kind}
        if kind == "prune":
            compression["nonzeros"] = int(rng.integers(1, d * p + 1))
        if kind in ("tt", "tt_svd"):
            modes = factor_modes(d * p)
            compression["modes"] = modes
            compression["ranks"] = random_ranks(rng, modes)
        activation = "identity" if i == depth - 1 else str(rng.choice(activations))
        shape = {"kind": activation}
        if activation == "leaky_relu":
            shape["slope"] = float(rng.choice([0.01, 0.2, 0.9]))
        packed = kind != "none"
        layers.append(
            {
                "inputs": p,
                "outputs": d,
                "activation": shape,
                "compression": compression,
                "penalties": {
                    "gamma": weight(),
                    "rho": weight(),
                    "tau": weight() if packed else 0,
                    "alpha": weight(),
                    "alpha_z": weight() if packed else 0,
                    "mu": weight() if rng.random() < 0.5 else 0,
                },
            }
        )
    for i in range(depth, 0, -1):
        order += [f"V{i}", f"U{i}", f"W{i}"]
        if layers[i - 1]["compression"]["kind"] != "none":
            order.append(f"Z{i}")
    return {
        "format": "nnbcd-trace",
        "version": 1,
        "name": "random",
        "samples": n or int(rng.integers(1, 21)),
        "dtype": dtype,
        "loss": {"kind": "squared"},
        "order": order,
        "layers": layers,
    }


def random_start(rng, problem, data="plain"):
    """Data and a start: a forward pass of random weights, or all of it random."""
    n, layers = problem["samples"], problem["layers"]
    dtype = np.dtype(problem["dtype"])
    x = rng.standard_normal((n, layers[0]["inputs"]))
    if data == "deficient":
        x = np.outer(rng.standard_normal(n), rng.standard_normal(x.shape[1]))
    if data == "constant":
        x[:, : 1 + x.shape[1] // 2] = 1.0
    state, v = {}, x
    forward = rng.random() < 0.7
    for i, layer in enumerate(layers, 1):
        d, p = layer["outputs"], layer["inputs"]
        w = rng.standard_normal((d, p)) / np.sqrt(p)
        b = 0.1 * rng.standard_normal(d)
        state[f"W{i}"], state[f"b{i}"] = w, b
        u = v @ w.T + b if forward else rng.standard_normal((n, d))
        a = layer["activation"]
        v = activate(a["kind"], a.get("slope"), u) if forward else rng.standard_normal((n, d))
        state[f"U{i}"], state[f"V{i}"] = u, v
        c = layer["compression"]
        if c["kind"] == "prune":
            state[f"Z{i}"] = keep_largest(w, c["nonzeros"])
        elif c["kind"] != "none":
            ranks = [1, *c["ranks"], 1]
            for j, m in enumerate(c["modes"]):
                state[f"Z{i}.{j + 1}"] = rng.standard_normal((ranks[j], m, ranks[j + 1]))
    y = rng.standard_normal((n, layers[-1]["outputs"]))
    if data == "reachable":
        y = v.copy()
    return (
        x.astype(dtype),
        y.astype(dtype),
        {name: value.astype(dtype) for name, value in state.items()},
    )
