"""The Z blocks of the plain NumPy trainer for every compression, by brute force where it can be.

Groups are tried subset by subset where there are few, codes one by one, factors by dense normal
equations with C written out as one sum.  ``fault`` plants one named fault (see ``FAULTS``).
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
from naive_bcd import Net, factor_modes, random_problem, random_ranks, random_start, solve

SETS = ("prune", "nm", "rows", "columns", "blocks", "shared_prune")
FACTORED = ("tt", "tt_matrix", "cp", "tucker")
KINDS = (*SETS, "low_rank", "grid", *FACTORED)
FAULTS = {
    "one_more": ("prune", "nm", "rows", "columns", "blocks", "shared_prune", "low_rank"),
    "wrong_pattern": ("nm", "rows", "columns"),  # groups taken across instead of along
    "second_best": (*SETS, "low_rank"),  # the last one kept gives way to the next
    "no_prox_z": KINDS,  # alpha_z counts as 0: of a set, the projection of W instead of M
    "half_tau": KINDS,  # tau counts half
    "old_w": KINDS,  # W from before the sweep
    "new_scale": ("grid",),  # codes at a scale other than the old one
    "scale_of_w": ("grid",),  # the scale fitted to W instead of M
    "scale_kept": ("grid",),  # the scale not fitted at all
    "reversed": FACTORED,  # the last factor first
    "jacobi": FACTORED,  # every factor with the old others
    "swapped": ("tt_matrix",),  # rows for columns
    "split_budget": ("shared_prune",),  # each layer keeps its share
}


def groups_of(c, shape):
    """[contest: [group: [flat index, ...], ...], ...] of one layer's entries."""
    index, kind = np.arange(shape[0] * shape[1]).reshape(shape), c["kind"]
    if kind in ("prune", "shared_prune"):
        return [[[k] for k in index.ravel()]]
    if kind == "nm":
        return [[[k] for k in run] for run in index.reshape(-1, c["m"])]
    if kind == "rows":
        return [[list(row) for row in index]]
    if kind == "columns":
        return [[list(column) for column in index.T]]
    h, w = c["shape"]
    return [
        [
            list(index[a : a + h, b : b + w].ravel())
            for a in range(0, shape[0], h)
            for b in range(0, shape[1], w)
        ]
    ]


def most_of(c):
    return c.get("nonzeros") or c.get("n") or c.get("count")


def best_groups(scores, count):
    """Indices of the groups to keep: every subset where there are few, else by size."""
    count = min(count, len(scores))
    if math.comb(len(scores), count) <= 40:
        subsets = list(itertools.combinations(range(len(scores)), count))
        exact = [Fraction(float(score)) for score in scores]  # floats lose small ones in a sum
        return list(max(subsets, key=lambda subset: sum(exact[k] for k in subset)))
    return list(np.argsort(-scores, kind="stable")[:count])


def keep(m, contests, count, weights, second=False):
    """``m`` (flat) with the best groups of each contest; in the first, one is worse if asked."""
    found = np.zeros_like(m)
    for k, groups in enumerate(contests):
        scores = np.array([np.sum(weights[g] * m[g].astype(float) ** 2) for g in groups])
        chosen = best_groups(scores, count)
        if second and k == 0:
            rest = [g for g in range(len(groups)) if g not in chosen]
            chosen.sort(key=lambda g: scores[g])
            chosen[0] = max(rest, key=lambda g: scores[g])
        for g in chosen:
            found[groups[g]] = m[groups[g]]
    return found


def across(c, shape):
    """The groups of the transpose: runs down the columns, columns for rows, rows for columns."""
    index = np.arange(shape[0] * shape[1]).reshape(shape).T.ravel()
    turned = groups_of(c, shape[::-1])
    return [[[index[k] for k in group] for group in groups] for groups in turned]


def split_budget(flat, sizes, count, weights):
    """Each layer keeps its share of the entries."""
    found, low = [], 0
    for size in sizes:
        part = slice(low, low + size)
        share = max(1, count * size // len(flat))
        entries = [[[k] for k in range(size)]]
        found.append(keep(flat[part], entries, share, weights[part]))
        low += size
    return np.concatenate(found)


def contract_all(c, tensors, shape):
    """C, written out as one einsum."""
    kind, q = c["kind"], len(tensors)
    if kind == "cp":
        return np.einsum(
            *(x for j, a in enumerate(tensors) for x in (a, [j, q])), range(q)
        ).reshape(shape)
    if kind == "tucker":
        q -= 1
        pairs = (x for j, a in enumerate(tensors[1:]) for x in (a, [j, q + j]))
        return np.einsum(tensors[0], range(q, 2 * q), *pairs, range(q)).reshape(shape)
    bond = [2 * q + j for j in range(q + 1)]
    if kind == "tt_matrix":
        pairs = (x for j, g in enumerate(tensors) for x in (g, [bond[j], j, q + j, bond[j + 1]]))
        return np.einsum(*pairs, [bond[0], *range(2 * q), bond[q]]).reshape(shape)
    pairs = (x for j, g in enumerate(tensors) for x in (g, [bond[j], j, bond[j + 1]]))
    return np.einsum(*pairs, [bond[0], *range(q), bond[q]]).reshape(shape)


def best_factor(c, tensors, j, w, tau, alpha_z):
    """Dense normal equations of one factor, in increment form."""
    size, columns = tensors[j].size, []
    for k in range(size):
        unit = np.zeros(size, w.dtype)
        unit[k] = 1
        changed = [*tensors[:j], unit.reshape(tensors[j].shape), *tensors[j + 1 :]]
        columns.append(contract_all(c, changed, w.shape).ravel())
    design, old = np.array(columns).T, tensors[j].ravel()
    gradient = tau * design.T @ (design @ old - w.ravel())
    hessian = tau * design.T @ design + alpha_z * np.eye(size, dtype=w.dtype)
    return (old - solve(hessian, gradient)).reshape(tensors[j].shape)


def truncated(m, rank, second=False):
    u, s, vt = np.linalg.svd(m, full_matrices=False)
    chosen = list(range(rank))
    if second:
        chosen[-1] = rank
    return (u[:, chosen] * s[chosen]) @ vt[chosen]


class ZNet(Net):
    """`Net` with every compression."""

    def compression(self, i):
        return self.layer(i)["compression"]

    def names(self, i):
        shapes = tensor_shapes(self.compression(i), self.state[f"W{i}"].shape)
        return [f"Z{i}{suffix}" for suffix in shapes]

    def compressed(self, i):
        return value(
            self.compression(i),
            [self.state[name] for name in self.names(i)],
            self.state[f"W{i}"].shape,
        )

    def group(self, i):
        return group_layers(self.problem["layers"], i)

    def do_z(self, i):
        kind = self.compression(i)["kind"]
        if kind in SETS:
            self.do_groups(i)
        elif kind == "low_rank":
            m, rank = self.target(i), self.compression(i)["rank"] + self.has("one_more", i)
            self.state[f"Z{i}"] = truncated(m, rank, self.has("second_best", i))
        elif kind == "grid":
            self.do_grid(i)
        else:
            self.do_factors(i)

    def pulled(self, i):
        """(W, tau, alpha_z) as the faults have it."""
        p = self.weights(i)
        w = (self.before if self.has("old_w", i) else self.state)[f"W{i}"]
        alpha_z = self.dtype.type(0) if self.has("no_prox_z", i) else p["alpha_z"]
        return w, p["tau"] / 2 if self.has("half_tau", i) else p["tau"], alpha_z

    def target(self, i):
        w, tau, alpha_z = self.pulled(i)
        return (tau * w + alpha_z * self.compressed(i)) / (tau + alpha_z)

    def do_groups(self, i):
        layers, c = self.group(i), self.compression(i)
        shapes = [self.state[f"W{k}"].shape for k in layers]
        sizes = [math.prod(shape) for shape in shapes]
        flat = np.concatenate([self.target(k).ravel() for k in layers])
        each = [sum(map(float, self.pulled(k)[1:])) for k in layers]
        weights = np.repeat(each, sizes)
        count, second = most_of(c) + self.has("one_more", i), self.has("second_best", i)
        contests = groups_of(c, (1, len(flat)) if len(layers) > 1 else shapes[0])
        if self.has("wrong_pattern", i):
            contests = across(c, shapes[0])
        if self.has("split_budget", i):
            kept = split_budget(flat, sizes, count, weights)
        else:
            kept = keep(flat, contests, count, weights, second)
        parts = np.split(kept, np.cumsum(sizes)[:-1])
        for k, part, shape in zip(layers, parts, shapes, strict=True):
            self.state[f"Z{k}"] = part.reshape(shape)

    def do_grid(self, i):
        m, largest = self.target(i), 2 ** (self.compression(i)["bits"] - 1) - 1
        levels = np.arange(-largest, largest + 1, dtype=self.dtype)
        scale = self.state[f"Z{i}.2"][0]
        at = self.dtype.type(1.5) * scale if self.has("new_scale", i) else scale
        codes = levels[np.argmin(np.abs(m.ravel()[:, None] - at * levels), axis=1)].reshape(m.shape)
        if codes.any() and not self.has("scale_kept", i):
            fitted = self.state[f"W{i}"] if self.has("scale_of_w", i) else m
            answer = np.linalg.lstsq(codes.reshape(-1, 1), fitted.ravel(), rcond=None)[0]
            scale = answer[0].astype(self.dtype)
        self.state |= {f"Z{i}.1": codes, f"Z{i}.2": np.array([scale], self.dtype)}

    def do_factors(self, i):
        c, names = self.compression(i), self.names(i)
        w, tau, alpha_z = self.pulled(i)
        if self.has("swapped", i):
            w = w.T
        old = [self.state[name] for name in names]
        tensors, order = list(old), list(range(len(names)))
        for j in reversed(order) if self.has("reversed", i) else order:
            with_ = old if self.has("jacobi", i) else tensors
            tensors[j] = best_factor(c, list(with_), j, w, tau, alpha_z).astype(self.dtype)
        self.state |= dict(zip(names, tensors, strict=True))


def value(c, tensors, shape):
    if c["kind"] == "none":
        return np.zeros(shape)
    if c["kind"] == "grid":
        return tensors[0] * tensors[1]
    return contract_all(c, tensors, shape) if c["kind"] in FACTORED else tensors[0]


def tensor_shapes(c, shape):
    kind = c["kind"]
    if kind == "none":
        return {}
    if kind == "grid":
        return {".1": shape, ".2": (1,)}
    if kind not in FACTORED:
        return {"": shape}
    if kind == "cp":
        found = [(m, c["rank"]) for m in c["modes"]]
    elif kind == "tucker":
        found = [tuple(c["ranks"]), *zip(c["modes"], c["ranks"], strict=True)]
    else:
        ranks = [1, *c["ranks"], 1]
        if kind == "tt":
            modes = [(m,) for m in c["modes"]]
        else:
            modes = list(zip(c["row_modes"], c["column_modes"], strict=True))
        found = [(ranks[j], *m, ranks[j + 1]) for j, m in enumerate(modes)]
    return {f".{j}": s for j, s in enumerate(found, 1)}


def group_layers(layers, i):
    c = layers[i - 1]["compression"]
    if c["kind"] != "shared_prune":
        return [i]
    same = [k for k, la in enumerate(layers, 1) if la["compression"].get("group") == c["group"]]
    return same if i == same[0] else []


def divisor(rng, size):
    return int(rng.choice([k for k in range(1, size + 1) if size % k == 0]))


def upto(rng, most):
    return int(rng.integers(1, most + 1))


def random_runs(rng, d, p):
    m = divisor(rng, p)
    return {"n": upto(rng, m), "m": m}


def random_blocks(rng, d, p):
    h, w = divisor(rng, d), divisor(rng, p)
    return {"shape": [h, w], "count": upto(rng, (d // h) * (p // w))}


def random_train(rng, d, p):
    modes = factor_modes(d * p)
    return {"modes": modes, "ranks": random_ranks(rng, modes)}


def random_operator(rng, d, p):
    a, b = divisor(rng, d), divisor(rng, p)
    rows, columns = [a, d // a], [b, p // b]
    ranks = random_ranks(rng, [o * c for o, c in zip(rows, columns, strict=True)])
    return {"row_modes": rows, "column_modes": columns, "ranks": ranks}


def several_modes(size):
    modes = factor_modes(size)
    return modes if len(modes) > 1 else [1, *modes]


def random_tucker(rng, d, p):
    modes = several_modes(d * p)
    return {"modes": modes, "ranks": [upto(rng, min(m, 3)) for m in modes]}


MAKERS = {
    "none": lambda rng, d, p: {},
    "prune": lambda rng, d, p: {"nonzeros": upto(rng, d * p)},
    "shared_prune": lambda rng, d, p: {"nonzeros": upto(rng, d * p)},
    "nm": random_runs,
    "rows": lambda rng, d, p: {"count": upto(rng, d)},
    "columns": lambda rng, d, p: {"count": upto(rng, p)},
    "blocks": random_blocks,
    "low_rank": lambda rng, d, p: {"rank": upto(rng, min(d, p))},
    "grid": lambda rng, d, p: {"bits": int(rng.integers(2, 9))},
    "tt": random_train,
    "tt_matrix": random_operator,
    "cp": lambda rng, d, p: {"modes": several_modes(d * p), "rank": upto(rng, 3)},
    "tucker": random_tucker,
}


def random_compression(rng, kind, d, p):
    """A compression of that kind of a d x p matrix."""
    return {"kind": kind} | MAKERS[kind](rng, d, p)


def order_of(layers, order, rng=None):
    """``backward``, ``forward`` (a group's Z at its highest layer) or ``random``."""
    depth, found = len(layers), []
    for i in range(1, depth + 1) if order == "forward" else range(depth, 0, -1):
        found += [f"V{i}", f"U{i}", f"W{i}"]
        c = layers[i - 1]["compression"]
        if c["kind"] == "shared_prune":
            same = [
                k for k, la in enumerate(layers, 1) if la["compression"].get("group") == c["group"]
            ]
            if i == (max(same) if order == "forward" else min(same)):
                found.append(f"Z{min(same)}")
        elif c["kind"] != "none":
            found.append(f"Z{i}")
    return [str(b) for b in rng.permutation(found)] if order == "random" else found


def random_z_problem(rng, kinds, *, order="backward", decades=3.0, **keys):
    """`naive_bcd.random_problem` with each layer's compression among ``kinds``, at least one."""
    problem = random_problem(rng, compressions=("none",), decades=decades, **keys)
    layers = problem["layers"]
    chosen = [str(rng.choice(kinds)) for _ in layers]
    for layer, kind in zip(layers, chosen, strict=True):
        layer["compression"] = random_compression(rng, kind, layer["outputs"], layer["inputs"])
        if kind != "none":
            for key in ("tau", "alpha_z"):
                layer["penalties"][key] = float(10 ** rng.uniform(-decades, decades))
    shared = [la for la in layers if la["compression"]["kind"] == "shared_prune"]
    size = sum(la["outputs"] * la["inputs"] for la in shared)
    for layer in shared:
        layer["compression"]["group"] = "all"
    if shared:
        nonzeros = int(rng.integers(1, size + 1))
        for layer in shared:
            layer["compression"]["nonzeros"] = nonzeros
    problem["order"] = order_of(layers, order, rng)
    return problem


def random_z_start(rng, problem, data="plain"):
    """Data and a start with every Z in its set."""
    bare = {
        **problem,
        "layers": [la | {"compression": {"kind": "none"}} for la in problem["layers"]],
    }
    x, y, state = random_start(rng, bare, data)
    layers, dtype = problem["layers"], np.dtype(problem["dtype"])
    for i, layer in enumerate(layers, 1):
        c, w = layer["compression"], state[f"W{i}"]
        if c["kind"] == "grid":
            largest = 2 ** (c["bits"] - 1) - 1
            state[f"Z{i}.1"] = rng.integers(-largest, largest + 1, w.shape)
            state[f"Z{i}.2"] = np.array([np.abs(w).max() / largest + 0.01])
        elif c["kind"] == "low_rank":
            state[f"Z{i}"] = truncated(w.astype(float), c["rank"])
        elif c["kind"] in SETS:
            group = group_layers(layers, i)
            parts = [state[f"W{k}"] for k in group]
            state |= dict(zip((f"Z{k}" for k in group), project(c, parts), strict=True))
        else:
            for suffix, shape in tensor_shapes(c, w.shape).items():
                state[f"Z{i}{suffix}"] = rng.standard_normal(shape)
    return x, y, {name: value.astype(dtype) for name, value in state.items()}


def project(c, parts):
    """The W of a group, each with the entries kept that the best groups of them all hold."""
    if not parts:
        return []
    flat = np.concatenate([w.ravel() for w in parts])
    contests = groups_of(c, (1, len(flat)) if len(parts) > 1 else parts[0].shape)
    kept = keep(flat, contests, most_of(c), np.ones(len(flat)))
    cuts = np.cumsum([w.size for w in parts])[:-1]
    return [z.reshape(w.shape) for z, w in zip(np.split(kept, cuts), parts, strict=True)]


def z_states(problem, x, y, start, sweeps, *, fault=None, at=None):
    """The states of a run from ``start``."""
    net = ZNet(problem, x, y, start, fault=fault, at=at)
    with np.errstate(all="ignore"):
        return [dict(net.state), *(net.sweep() for _ in range(sweeps))]
