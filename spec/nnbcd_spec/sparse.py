"""Exact minimisation of a convex quadratic over vectors with few nonzero groups of entries.

A :class:`Cell` is a set of disjoint groups of which at most ``count`` may be nonzero; a problem
has one cell (pruning, rows, columns, blocks) or many (N of every M).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import Any

from sympy import QQ

from nnbcd_spec.quadratic import Quadratic, solve_semidefinite

LARGEST_ENUMERATION = 20_000

Support = tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """Groups of variables, in the order that breaks ties, at most ``count`` of them nonzero."""

    groups: tuple[Support, ...]
    count: int


Limit = int | Sequence[Cell]
"""The cells; a number s stands for one cell of single entries with at most s nonzeros."""


def minimise_sparse(quadratic: Quadratic, limit: Limit) -> list[Any]:
    """A global minimiser; at ties the groups that come first are kept."""
    separable = _separable(quadratic, _cells(quadratic, limit))
    return by_gain(quadratic, limit) if separable else by_enumeration(quadratic, limit)


def minimisers_sparse(quadratic: Quadratic, limit: Limit) -> list[list[Any]]:
    """All the global minimisers, those with the first groups before the others.

    Raises ValueError where there are more than ``LARGEST_ENUMERATION``.
    """
    cells = _cells(quadratic, limit)
    ranked = _separable(quadratic, cells)
    supports = _by_gain(quadratic, cells) if ranked else _by_enumeration(quadratic, cells)
    found: list[list[Any]] = []
    for support in supports:
        x = _on(quadratic, support)
        if x not in found:
            found.append(x)
    return found


def by_gain(quadratic: Quadratic, limit: Limit) -> list[Any]:
    """The first minimiser where no two groups interact: in every cell the largest gains.

    Letting one group move from 0 to its minimiser lowers the objective by a gain that no other
    group changes.
    """
    cells = _cells(quadratic, limit)
    return _on(quadratic, _by_gain(quadratic, cells, first_only=True)[0])


def by_enumeration(quadratic: Quadratic, limit: Limit) -> list[Any]:
    """The definition: the best of the minimisers over every support.

    Raises ValueError where there are more than ``LARGEST_ENUMERATION`` supports.
    """
    return _on(quadratic, _by_enumeration(quadratic, _cells(quadratic, limit))[0])


def _cells(quadratic: Quadratic, limit: Limit) -> Sequence[Cell]:
    if isinstance(limit, int):
        return (Cell(tuple((i,) for i in range(len(quadratic.slope))), limit),)
    return limit


def _separable(quadratic: Quadratic, cells: Sequence[Cell]) -> bool:
    group_of = {i: g for cell in cells for g in cell.groups for i in g}
    parts = quadratic.components()
    return all(len({group_of[i] for i in component}) == 1 for component in parts)


def _by_gain(
    quadratic: Quadratic, cells: Sequence[Cell], *, first_only: bool = False
) -> list[Support]:
    choices = []
    for cell in cells:
        gains = [_restricted(quadratic, group)[0] for group in cell.groups]
        ranked = sorted(range(len(gains)), key=lambda i: -gains[i])  # stable: the first of equals
        least = gains[ranked[cell.count - 1]]
        sure = [i for i in ranked if gains[i] > least]
        level = [i for i in ranked if gains[i] == least]
        single = first_only or least == 0  # a group without gain is 0, kept or not
        rest = [level[: cell.count - len(sure)]] if single else _subsets(level, cell, sure)
        choices.append([_union(cell, [*sure, *chosen]) for chosen in rest])
    return [tuple(sorted(i for part in parts for i in part)) for parts in _product(choices)]


def _subsets(level: list[int], cell: Cell, sure: list[int]) -> list[list[int]]:
    _affordable(comb(len(level), cell.count - len(sure)))
    return [list(c) for c in combinations(level, cell.count - len(sure))]


def _by_enumeration(quadratic: Quadratic, cells: Sequence[Cell]) -> list[Support]:
    _affordable(prod(comb(len(cell.groups), cell.count) for cell in cells))
    choices = [
        [_union(cell, chosen) for chosen in combinations(range(len(cell.groups)), cell.count)]
        for cell in cells
    ]
    supports = [tuple(sorted(i for part in parts for i in part)) for parts in _product(choices)]
    gains = [_restricted(quadratic, support)[0] for support in supports]
    return [s for s, gain in zip(supports, gains, strict=True) if gain == max(gains)]


def _product(choices: list[list[Support]]) -> list[tuple[Support, ...]]:
    _affordable(prod(map(len, choices)))
    return list(product(*choices))


def _affordable(count: int) -> None:
    if count > LARGEST_ENUMERATION:
        raise ValueError(f"supports: given {count}; allowed: at most {LARGEST_ENUMERATION}")


def _union(cell: Cell, chosen: Sequence[int]) -> Support:
    return tuple(i for g in chosen for i in cell.groups[g])


def _on(quadratic: Quadratic, support: Support) -> list[Any]:
    """The minimiser on a support."""
    x = [QQ(0)] * len(quadratic.slope)
    wanted = set(support)
    for component in quadratic.components():
        inside = [i for i in component if i in wanted]
        if inside:
            for i, value in zip(inside, _restricted(quadratic, inside)[1], strict=True):
                x[i] = value
    return x


def _restricted(quadratic: Quadratic, support: Sequence[int]) -> tuple[Any, list[Any]]:
    """How far the objective falls from its value at 0 on a support, and its minimiser there.

    Where ``H x = -g`` on the support, ``f(0) - f(x) = -g.x - x.Hx/2 = -g.x/2``.
    """
    hessian = [[quadratic.hessian[i].get(j, QQ(0)) for j in support] for i in support]
    (x,), _ = solve_semidefinite(hessian, [[-quadratic.slope[i] for i in support]])
    return -sum(quadratic.slope[i] * xi for i, xi in zip(support, x, strict=True)) / 2, x
