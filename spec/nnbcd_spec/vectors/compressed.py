"""Compressions to make vectors with, each with the shape (d, p) of W."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Obj = Mapping[str, Any]
Shape = tuple[int, int]


@dataclass(frozen=True)
class Compressed:
    """Members with the shapes that they fit, and members with shapes that they do not fit."""

    valid: tuple[tuple[Obj, Shape], ...]
    invalid: tuple[tuple[Obj, Shape, str], ...]


def _prune(nonzeros: Any) -> Obj:
    return {"kind": "prune", "nonzeros": nonzeros}


def _train(kind: str, modes: list[int], ranks: list[int]) -> Obj:
    return {"kind": kind, "modes": modes, "ranks": ranks}


def _trains(kind: str) -> Compressed:
    cases = [
        ([2, 2, 2], [2, 2], (2, 4)), ([2, 2, 2], [1, 1], (4, 2)), ([2, 2, 2], [1, 2], (2, 4)),
        ([3, 2], [1], (3, 2)), ([2, 3], [2], (1, 6)), ([2, 3, 2], [2, 1], (3, 4)),
    ]  # fmt: skip
    wrong = [
        ([2, 2, 2], [2, 2], (2, 3), "the modes must multiply to the size of W"),
        ([3, 3], [2], (2, 4), "the modes must multiply to the size of W"),
        ([2, 4], [0], (2, 4), "a rank must be at least 1"),
        ([2, 4], [3], (2, 4), "a rank is at most the product of the modes on either side"),
        ([2, 2, 2], [2, 3], (2, 4), "a rank is at most the product of the modes on either side"),
        ([2, 2, 2], [2], (2, 4), "one rank a cut"),
        ([8], [], (2, 4), "at least two modes"),
        ([-2, -4], [1], (2, 4), "modes are positive"),
    ]
    return Compressed(
        tuple((_train(kind, modes, ranks), shape) for modes, ranks, shape in cases),
        tuple((_train(kind, modes, ranks), shape, why) for modes, ranks, shape, why in wrong),
    )


COMPRESSION_SAMPLES: Mapping[str, Compressed] = {
    "prune": Compressed(
        tuple(
            (_prune(s), shape)
            for s, shape in (
                (1, (1, 1)), (1, (2, 3)), (2, (2, 3)), (5, (2, 3)), (6, (2, 3)),
                (3, (1, 5)), (3, (4, 1)), (4, (3, 3)),
            )
        ),
        tuple(
            (_prune(s), shape, "nonzeros must lie in 1..size")
            for s, shape in ((0, (2, 3)), (-1, (2, 3)), (7, (2, 3)), (2, (1, 1)), (10, (3, 3)))
        ),
    ),
    "tt": _trains("tt"),
    "tt_svd": _trains("tt_svd"),
}  # fmt: skip
