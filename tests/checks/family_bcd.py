"""Slow, plain solutions of the U and V_N blocks of every activation and loss; nothing shared.

U: a dense grid on a box that holds the minimiser, then bisection of the derivative, or of the
kinks, around the best cells.  V_N: the hinges by trying every set of active pieces, the smooth
losses by Newton's method from the definition of the gradient.
"""

from __future__ import annotations

import itertools
import math

import naive_bcd
import numpy as np

PIECES = {
    "relu": ([0.0], [0.0, 1.0], 0.0),
    "abs": ([0.0], [-1.0, 1.0], 0.0),
    "hard_tanh": ([-1.0, 1.0], [0.0, 1.0, 0.0], -1.0),
    "relu6": ([0.0, 6.0], [0.0, 1.0, 0.0], 0.0),
    "hard_sigmoid": ([-3.0, 3.0], [0.0, 1 / 6, 0.0], 0.0),
}
FAULTS = (
    "other_piece",  # U takes the best point of the worst piece, or well
    "one_candidate",  # U of a smooth activation descends from the old value only
    "weak_prox_u",  # rho where rho + alpha belongs
    "no_alpha_v",  # V_N without its prox
    "margin",  # hinge margins off by 1e-3
    "mirrored",  # squared_hinge with the sides of its targets exchanged
    "two_sided",  # squared_hinge that pulls from both sides
    "rescaled",  # shares of crammer_singer scaled to sum 1 instead of projected
    "delta",  # twice huber's delta
    "unweighted",  # sample weights ignored
    "permuted",  # the targets of the samples rolled by one
)


def pieces_of(a):
    if a["kind"] == "leaky_relu":
        return [0.0], [a["slope"], 1.0], 0.0
    if a["kind"] == "piecewise":
        return a["breaks"], a["slopes"], a["value"]
    return PIECES[a["kind"]]


def shape(a, u):
    """s(u) in the dtype of u."""
    kind = a["kind"]
    if kind == "identity":
        return u
    if kind == "tanh":
        return np.tanh(u)
    if kind == "sigmoid":
        return (0.5 * (1 + np.tanh(u / 2))).astype(u.dtype)
    breaks, slopes, value = (np.asarray(k, u.dtype) for k in pieces_of(a))
    found = value + slopes[0] * np.minimum(u - breaks[0], 0)
    for j, t in enumerate(breaks):
        top = breaks[j + 1] - t if j + 1 < len(breaks) else np.inf
        found = found + slopes[j + 1] * np.clip(u - t, 0, top).astype(u.dtype)
    return found.astype(u.dtype)


def best_u(a, v, w, u0, gamma, rho, alpha, fault=None):
    """A global minimiser of every entry, of two equally good ones the nearer to u0."""
    dtype, beta = v.dtype, rho if fault == "weak_prox_u" else rho + alpha
    v, w, u0 = (k.astype(float) for k in (v, w, u0))
    gamma, rho, alpha, beta = (float(k) for k in (gamma, rho, alpha, beta))
    m = (rho * w + alpha * u0) / beta
    if a["kind"] == "identity":
        return ((gamma * v + beta * m) / (gamma + beta)).astype(dtype)
    smooth = a["kind"] in ("tanh", "sigmoid")
    finder = smooth_candidates if smooth else kinked_candidates
    found = finder(a, v, m, u0, gamma, beta, fault)
    found = found.astype(dtype).astype(float)
    values = gamma * (v - shape(a, found)) ** 2 + beta * (found - m) ** 2
    if fault == "other_piece":
        values = -values
    values = np.where(np.isfinite(found), values, np.inf)
    least = values.min(axis=0)
    far = np.where(values <= least * (1 + 1e-15), np.abs(found - u0), np.inf)
    return np.take_along_axis(found, far.argmin(axis=0)[None], 0)[0].astype(dtype)


def kinked_candidates(a, v, m, u0, gamma, beta, fault):
    breaks, slopes, value = pieces_of(a)
    ends, found, at = [-np.inf, *breaks, np.inf], [], value
    for j, k in enumerate(slopes):
        anchor = breaks[max(j - 1, 0)]
        if j > 1:
            at += slopes[j - 1] * (breaks[j - 1] - breaks[j - 2])
        top = (gamma * k * (v - at + k * anchor) + beta * m) / (gamma * k * k + beta)
        found.append(np.clip(top, ends[j], ends[j + 1]))
    return np.array(found)


def smooth_candidates(a, v, m, u0, gamma, beta, fault):
    """Every sign change of the derivative on a fine grid of s(u), bisected."""
    height, shift, width = (1.0, 0.0, 1.0) if a["kind"] == "tanh" else (0.5, 0.5, 2.0)

    def derivative(u):
        s = shape(a, u)
        z = (s - shift) / height
        return beta * (u - m) - gamma * height / width * (1 - z * z) * (v - s)

    reach = math.sqrt(gamma / beta) * np.abs(v - shape(a, m))
    if fault == "one_candidate":
        u = np.array(u0)
        top = beta + gamma * (1 + np.abs(v) + 2)
        for _ in range(3000):
            u = u - derivative(u) / top
        return u[None]
    steps = np.linspace(-1, 1, 401).reshape(-1, *[1] * m.ndim)
    steps = np.sign(steps) * steps**2
    grid = m + steps * (reach * (1 + 1e-9) + 1e-9 * (1 + np.abs(m)))
    sign = derivative(grid) > 0
    found = []
    for low, high, turn in zip(grid, grid[1:], ~sign[:-1] & sign[1:], strict=False):
        if turn.any():
            lo, hi = np.array(low), np.array(high)
            for _ in range(70):
                middle = 0.5 * (lo + hi)
                up = derivative(middle) > 0
                lo, hi = np.where(up, lo, middle), np.where(up, middle, hi)
            found.append(np.where(turn, 0.5 * (lo + hi), np.nan))
    return np.array(found)


def best_v(loss, y, target, stiff, weights, fault=None):
    """The minimiser of ``S l(v) + stiff/2 ||v - target||^2``, row by row."""
    kind, dtype = loss["kind"], target.dtype
    y, target = y.astype(float), target.astype(float)
    c = float(stiff) / weights.astype(float)[:, None]
    edge = 1 + (1e-3 if fault == "margin" else 0)
    if kind == "squared":
        v = (y + c * target) / (1 + c)
    elif kind == "huber":
        d = loss["delta"] * (2 if fault == "delta" else 1)
        v = (y + c * target) / (1 + c)
        v = np.where(np.abs(v - y) <= d, v, target - d / c * np.sign(target - y))
    elif kind == "squared_hinge":
        if fault == "mirrored":
            y = 1 - y
        pulled = (y + c * target) / (1 + c)  # the best where the hinge is not 0
        short = np.where(y == 1, target < 1, target > 0)
        v = np.where(short | (fault == "two_sided"), pulled, target)
    elif kind == "binary_hinge":
        kinked = np.where(y * target + 1 / c <= edge, target + y / c, edge * y)
        v = np.where(y * target >= edge, target, kinked)
    elif kind in ("weston_watkins", "crammer_singer"):
        rows = zip(target, y.argmax(axis=1), c[:, 0], strict=True)
        v = np.array([best_row(kind, a, k, stiff_, edge, fault) for a, k, stiff_ in rows])
    else:
        v = newton_rows(kind, y, target, c)
    return v.astype(dtype)


def best_row(kind, a, k, c, edge, fault):
    """The best of the stationary points of every set of shares at 0, between, or at 1."""
    wrong = [j for j in range(len(a)) if j != k]

    def value(v):
        x = np.array([edge + v[j] - v[k] for j in wrong])
        hinge = np.maximum(x, 0).sum() if kind == "weston_watkins" else max(0, x.max())
        return hinge + c / 2 * np.sum((v - a) ** 2)

    if fault == "rescaled":
        shares = np.maximum(c * (edge + a - a[k]), 0)
        shares[k] = 0
        shares = shares / max(1, shares.sum())
        return a - shares / c + np.eye(len(a))[k] * shares.sum() / c
    found = []
    for states in itertools.product((0, 1, 2), repeat=len(wrong)):
        v = stationary(kind, a, k, c, edge, dict(zip(wrong, states, strict=True)))
        if v is not None:
            found.append(v)
    return min(found, key=value)


def stationary(kind, a, k, c, edge, states):
    """v for shares fixed at 0 (state 0) or 1 (state 2; the top alone, for crammer_singer) or free
    with the constraint x_j = 0 (state 1; x_j equal among them, for crammer_singer)."""
    free = [j for j, s in states.items() if s == 1]
    full = [j for j, s in states.items() if s == 2]
    v = a.astype(float).copy()
    if kind == "weston_watkins":
        base = a[k] + len(full) / c
        # c (t - base) = sum over free of c (a_j + edge - t)
        t = (base + sum(a[j] + edge for j in free)) / (1 + len(free))
        v[k] = t
        for j in full:
            v[j] = a[j] - 1 / c
        for j in free:
            v[j] = t - edge
        return v
    if full:
        # the top classes, free and full, share one value with total share 1
        top = free + full
        if len(full) > 1:
            return None
        v[k] = a[k] + 1 / c
        height = (sum(a[j] for j in top) - 1 / c) / len(top)
        for j in top:
            v[j] = height
        return v
    t = (a[k] + sum(a[j] + edge for j in free)) / (1 + len(free))
    v[k] = t
    for j in free:
        v[j] = t - edge
    return v


def newton_rows(kind, y, target, c):
    v = np.array(target)
    for row in range(len(v)):
        for _ in range(200):
            x = v[row]
            if kind == "logistic":
                q = 1 / (1 + np.exp(np.clip(y[row] * x, -700, 700)))
                g, h = -y[row] * q, np.diag(q * (1 - q))
            else:
                q = np.exp(x - x.max())
                q = q / q.sum()
                g, h = q - y[row], np.diag(q) - np.outer(q, q)
            g = g + c[row] * (x - target[row])
            step = np.linalg.solve(h + c[row] * np.eye(len(x)), g)
            size = 1.0
            if np.abs(step).max() > 1:  # damped: the gradient's change is bounded
                size = 1 / np.abs(step).max()
            v[row] = x - size * step
            if np.abs(step).max() <= 1e-16 * (1 + np.abs(x).max()):
                break
    return v


class Net(naive_bcd.Net):
    """The plain trainer with every activation and loss; ``weights`` (n,) of a weighted loss."""

    def __init__(self, problem, x, y, state, weights=None, fault=None, at=None):
        super().__init__(problem, x, y, state, fault, at)
        self.weights_of = np.ones(len(x)) if weights is None else weights
        if fault == "unweighted":
            self.weights_of = np.ones(len(x))
        if fault == "permuted":
            self.y = np.roll(self.y, 1, axis=0)

    def shaped(self, i):
        return shape(self.layer(i)["activation"], self.state[f"U{i}"])

    def do_v(self, i):
        if i < self.depth:
            super().do_v(i)
            return
        p, old = self.weights(i), self.state[f"V{i}"]
        alpha = p["alpha"] * (0 if self.has("no_alpha_v", i) else 1)
        stiff = p["gamma"] + alpha
        target = (p["gamma"] * self.shaped(i) + alpha * old) / stiff
        self.state[f"V{i}"] = best_v(
            self.problem["loss"], self.y, target, stiff, self.weights_of, self.fault
        ).astype(self.dtype)

    def do_u(self, i):
        p, a = self.weights(i), self.layer(i)["activation"]
        alpha = self.dtype.type(0) if i == self.depth else p["alpha"]
        fault = self.fault if self.at == i else None
        self.state[f"U{i}"] = best_u(
            a, self.state[f"V{i}"], self.pre(i), self.state[f"U{i}"], p["gamma"], p["rho"], alpha,
            fault,
        )  # fmt: skip


ACTIVATIONS = (
    {"kind": "abs"},
    {"kind": "hard_tanh"},
    {"kind": "relu6"},
    {"kind": "hard_sigmoid"},
    {"kind": "piecewise", "breaks": [-0.7, 0.1, 1.3], "slopes": [0.2, -0.5, 2, 0], "value": 0.3},
    {"kind": "tanh"},
    {"kind": "sigmoid"},
)
LOSSES = (
    {"kind": "squared"},
    {"kind": "huber", "delta": 0.3},
    {"kind": "binary_hinge"},
    {"kind": "logistic"},
    {"kind": "weston_watkins"},
    {"kind": "crammer_singer"},
    {"kind": "cross_entropy"},
    {"kind": "squared_hinge"},
)
ONE_HOT = ("weston_watkins", "crammer_singer", "cross_entropy")
SIGNS = ("binary_hinge", "logistic")


def random_case(rng, activation, loss, *, dtype="float64", weighted=False, depth=2, decades=1.0):
    """(problem, x, y, weights, start) with that activation and loss; targets as the loss needs."""
    widths = [int(k) for k in rng.integers(2, 5, depth + 1)]
    n = int(rng.integers(1, 9))
    problem = naive_bcd.random_problem(
        rng, depth=depth, widths=widths, n=n, dtype=dtype, decades=decades,
        compressions=("none", "prune"),
    )  # fmt: skip
    problem["loss"] = dict(loss) | ({"weighted": True} if weighted else {})
    for layer in problem["layers"][:-1]:
        layer["activation"] = dict(activation)
    plain = {**problem, "layers": [
        {**layer, "activation": {"kind": "identity"}} for layer in problem["layers"]
    ]}  # fmt: skip
    x, y, start = naive_bcd.random_start(rng, plain)
    if loss["kind"] in ONE_HOT:
        y = np.eye(widths[-1])[rng.integers(0, widths[-1], n)].astype(dtype)
    if loss["kind"] in SIGNS:
        y = rng.choice([-1.0, 1.0], y.shape).astype(dtype)
    if loss["kind"] == "squared_hinge":
        y = rng.integers(0, 2, y.shape).astype(dtype)
    weights = (10 ** rng.uniform(-1, 1, n)).astype(dtype) if weighted else None
    return problem, x, y, weights, start


def states_of(case, sweeps, **fault):
    problem, x, y, weights, start = case
    net = Net(problem, x, y, start, weights, **fault)
    return [dict(net.state), *(net.sweep() for _ in range(sweeps))]
