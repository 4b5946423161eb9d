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


def _of(kind: str, keys: tuple[str, ...], valid: Any, invalid: Any, why: str) -> Compressed:
    """Rows of member data with the shape last."""

    def obj(row: Any) -> Obj:
        return {"kind": kind, **dict(zip(keys, row[:-1], strict=True))}

    return Compressed(
        tuple((obj(row), row[-1]) for row in valid),
        tuple((obj(row), row[-1], why) for row in invalid),
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
    "shared_prune": Compressed(
        tuple(
            ({"kind": "shared_prune", "group": "g", "nonzeros": s}, shape)
            for s, shape in ((1, (2, 3)), (4, (2, 3)), (3, (1, 5)), (6, (2, 3)))
        ),
        tuple(
            ({"kind": "shared_prune", "group": "g", "nonzeros": s}, (2, 3), "nonzeros >= 1")
            for s in (0, -1)
        ),
    ),
    "nm": _of("nm", ("n", "m"),
        [(2, 4, (2, 4)), (1, 2, (2, 4)), (1, 3, (1, 3)), (3, 3, (2, 3)), (1, 2, (3, 2))],
        [(0, 2, (2, 4)), (3, 2, (2, 4)), (1, 3, (2, 4)), (1, 5, (2, 4)), (-1, 2, (2, 4))],
        "1 <= n <= m, and m divides the inputs"),
    "rows": _of("rows", ("count",),
        [(1, (3, 2)), (2, (3, 2)), (3, (3, 2)), (1, (1, 4)), (2, (4, 1))],
        [(0, (3, 2)), (4, (3, 2)), (-1, (3, 2)), (2, (1, 4))], "count must lie in 1..outputs"),
    "columns": _of("columns", ("count",),
        [(1, (2, 3)), (2, (2, 3)), (3, (2, 3)), (1, (4, 1)), (2, (1, 4))],
        [(0, (2, 3)), (4, (2, 3)), (-1, (2, 3)), (2, (4, 1))], "count must lie in 1..inputs"),
    "blocks": _of("blocks", ("shape", "count"),
        [([1, 2], 1, (2, 4)), ([2, 2], 1, (2, 4)), ([2, 1], 2, (4, 2)), ([1, 2], 3, (2, 4)),
         ([2, 2], 2, (4, 4)), ([2, 1], 4, (4, 2))],
        [([2, 3], 1, (2, 4)), ([3, 2], 1, (2, 4)), ([1, 2], 0, (2, 4)), ([1, 2], 5, (2, 4))],
        "the block divides W, and count lies in 1..the number of blocks"),
    "low_rank": _of("low_rank", ("rank",),
        [(1, (2, 3)), (1, (3, 2)), (2, (3, 3)), (1, (3, 3)), (1, (1, 3)), (2, (2, 3))],
        [(0, (2, 3)), (3, (2, 3)), (-1, (2, 3)), (2, (1, 3))], "rank must lie in 1..min(d, p)"),
    "grid": _of("grid", ("bits",),
        [(2, (2, 3)), (3, (2, 3)), (4, (1, 4)), (8, (2, 2)), (2, (1, 1))],
        [(1, (2, 3)), (0, (2, 3)), (9, (2, 3)), (-2, (2, 3))], "bits must lie in 2..8"),
    "tt_matrix": _of("tt_matrix", ("row_modes", "column_modes", "ranks"),
        [([2, 2], [2, 1], [2], (4, 2)), ([1, 2], [2, 2], [1], (2, 4)),
         ([2, 1], [1, 3], [2], (2, 3)), ([2, 1, 1], [1, 2, 2], [2, 2], (2, 4))],
        [([2, 2], [2, 2], [1], (2, 4)), ([2, 1], [1, 3], [0], (2, 3)),
         ([2, 1], [1, 3], [4], (2, 3)), ([2, 1], [3], [1], (2, 3))],
        "the modes multiply to W's sides, and the ranks fit them"),
    "cp": _of("cp", ("modes", "rank"),
        [([2, 3], 1, (2, 3)), ([2, 2, 2], 2, (2, 4)), ([3, 2], 2, (3, 2)), ([2, 3], 3, (1, 6))],
        [([2, 2], 1, (2, 3)), ([2, 3], 0, (2, 3)), ([6], 1, (2, 3)), ([2, 3], -1, (2, 3))],
        "the modes multiply to the size of W, and rank >= 1"),
    "tucker": _of("tucker", ("modes", "ranks"),
        [([2, 3], [1, 1], (2, 3)), ([2, 2, 2], [2, 1, 2], (2, 4)), ([3, 2], [2, 2], (3, 2))],
        [([2, 2], [1, 1], (2, 3)), ([2, 3], [3, 1], (2, 3)), ([2, 3], [0, 1], (2, 3)),
         ([2, 3], [1], (2, 3))],
        "the modes multiply to the size of W, and 1 <= r_j <= m_j"),
    "tt": _trains("tt"),
    "tt_svd": _trains("tt_svd"),
}  # fmt: skip
