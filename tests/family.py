"""Small members of the family as data (docs/FAMILY.md): what any of the three packages can read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

ACTIVATIONS: dict[str, dict[str, Any]] = {
    "identity": {},
    "relu": {},
    "leaky_relu": {"slope": 0.125},
    "abs": {},
    "hard_tanh": {},
    "relu6": {},
    "hard_sigmoid": {},
    "piecewise": {"breaks": [-1.0, 0.5], "slopes": [0.25, -0.5, 1.5], "value": 0.25},
    "tanh": {},
    "sigmoid": {},
}

LOSSES: dict[str, dict[str, Any]] = {
    "squared": {},
    "huber": {"delta": 0.75},
    "binary_hinge": {},
    "logistic": {},
    "weston_watkins": {},
    "crammer_singer": {},
    "cross_entropy": {},
    "squared_hinge": {},
}
SIGNS = ("binary_hinge", "logistic")
ONE_HOT = ("weston_watkins", "crammer_singer", "cross_entropy")

COMPRESSIONS = (
    "none", "prune", "nm", "rows", "columns", "blocks", "low_rank", "shared_prune", "grid",
    "tt", "tt_matrix", "cp", "tucker",
)  # fmt: skip
"""All but ``tt_svd``, which no theorem covers, and ``support``, which has no Z block."""


def activation(kind: str) -> dict[str, Any]:
    """A member of that kind as ``problem.json`` holds it."""
    return {"kind": kind, **ACTIVATIONS[kind]}


def loss(kind: str, *, weighted: bool = False) -> dict[str, Any]:
    """A loss as ``problem.json`` holds it."""
    return {"kind": kind, **LOSSES[kind]} | ({"weighted": True} if weighted else {})


def targets(kind: str, rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Random targets (n, d) that the loss allows, float64."""
    if kind in SIGNS:
        return rng.choice([-1.0, 1.0], size=(n, d))
    if kind == "squared_hinge":
        return rng.choice([0.0, 1.0], size=(n, d))
    if kind in ONE_HOT:
        return np.eye(d)[rng.integers(0, d, n)]
    return rng.normal(size=(n, d))


def compression(kind: str, d: int, p: int) -> dict[str, Any]:
    """A member for a (d, p) matrix that keeps about half of it."""
    size, half = d * p, max(1, d * p // 2)
    m, h, w = _divisor(p), _divisor(d), _divisor(p)
    modes = [k for k in (*_split(d), *_split(p)) if k > 1] or [1]
    modes = modes if len(modes) > 1 else [d, p]
    ranks = [min(2, *_sides(modes, j)) for j in range(1, len(modes))]
    pairs = [a * b for a, b in zip(_split(d), _split(p), strict=True)]
    keys: dict[str, dict[str, Any]] = {
        "none": {},
        "prune": {"nonzeros": half},
        "nm": {"n": max(1, m // 2), "m": m},
        "rows": {"count": max(1, d // 2)},
        "columns": {"count": max(1, p // 2)},
        "blocks": {"shape": [h, w], "count": max(1, size // (h * w) // 2)},
        "low_rank": {"rank": max(1, min(d, p) // 2)},
        "shared_prune": {"group": "all", "nonzeros": half},
        "grid": {"bits": 3},
        "tt": {"modes": modes, "ranks": ranks},
        "tt_svd": {"modes": modes, "ranks": ranks},
        "tt_matrix": {
            "row_modes": _split(d), "column_modes": _split(p), "ranks": [min(2, *pairs)],
        },
        "cp": {"modes": modes, "rank": 2},
        "tucker": {"modes": modes, "ranks": [max(1, k - 1) for k in modes]},
    }  # fmt: skip
    return {"kind": kind, **keys[kind]}


def _divisor(k: int) -> int:
    """The largest divisor of k that is at most 4."""
    return max(q for q in range(1, 5) if k % q == 0)


def _split(k: int) -> list[int]:
    """Two factors of k, as balanced as may be."""
    low = max(q for q in range(1, math.isqrt(k) + 1) if k % q == 0)
    return [k // low, low]


def _sides(modes: list[int], j: int) -> tuple[int, int]:
    return math.prod(modes[:j]), math.prod(modes[j:])
