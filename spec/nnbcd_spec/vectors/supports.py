"""The maximal supports of the sets of sparse matrices, from their definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Shape = tuple[int, ...]


def groups_kept(groups: list[Mask], count: int) -> Iterator[Mask]:
    """Every union of ``count`` of the disjoint groups."""
    for kept in combinations(groups, count):
        yield np.logical_or.reduce(kept)


def entries(member: Mapping[str, Any], shape: Shape) -> Iterator[Mask]:
    """At most ``nonzeros`` entries."""
    return groups_kept(tiles(shape, (1, 1)), member["nonzeros"])


def rows(member: Mapping[str, Any], shape: Shape) -> Iterator[Mask]:
    """At most ``count`` rows."""
    return groups_kept(tiles(shape, (1, shape[1])), member["count"])


def columns(member: Mapping[str, Any], shape: Shape) -> Iterator[Mask]:
    """At most ``count`` columns."""
    return groups_kept(tiles(shape, (shape[0], 1)), member["count"])


def grid_blocks(member: Mapping[str, Any], shape: Shape) -> Iterator[Mask]:
    """At most ``count`` blocks of the block grid."""
    return groups_kept(tiles(shape, tuple(member["shape"])), member["count"])


def n_of_m(member: Mapping[str, Any], shape: Shape) -> Iterator[Mask]:
    """At most ``n`` entries in each run of ``m`` in a row."""
    runs = tiles(shape, (1, member["m"]))
    choices = [
        list(groups_kept([t for t in tiles(shape, (1, 1)) if (t & run).any()], member["n"]))
        for run in runs
    ]
    for kept in product(*choices):
        yield np.logical_or.reduce(kept)


def tiles(shape: Shape, tile: Shape) -> list[Mask]:
    """The tiles of a matrix of this shape, row-major."""
    found = []
    for i in range(0, shape[0], tile[0]):
        for j in range(0, shape[1], tile[1]):
            mask = np.zeros(shape, dtype=bool)
            mask[i : i + tile[0], j : j + tile[1]] = True
            found.append(mask)
    return found


SUPPORTS: Mapping[str, Callable[[Mapping[str, Any], Shape], Iterator[Mask]]] = {
    "prune": entries,
    "shared_prune": entries,
    "nm": n_of_m,
    "rows": rows,
    "columns": columns,
    "blocks": grid_blocks,
}


def unit(member: Mapping[str, Any], shape: Shape) -> Shape:
    """The shape of what competes for a place."""
    whole = {"rows": (1, shape[1]), "columns": (shape[0], 1)}
    return whole.get(member["kind"], tuple(member.get("shape", (1, 1))))
