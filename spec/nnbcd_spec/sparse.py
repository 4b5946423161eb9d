"""Exact minimisation of a convex quadratic over the vectors with at most ``s`` nonzeros."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Any

from sympy import QQ

from nnbcd_spec.quadratic import Quadratic, solve_semidefinite

LARGEST_ENUMERATION = 20_000


def minimise_sparse(quadratic: Quadratic, s: int) -> list[Any]:
    """A global minimiser with at most ``s`` nonzeros.

    Where the Hessian is diagonal, the ``s`` entries of largest gain; otherwise by enumeration.
    Not unique at ties, where the support that comes first in lexicographic order is kept: the
    lowest indices.
    """
    separable = all(len(component) == 1 for component in quadratic.components())
    return by_gain(quadratic, s) if separable else by_enumeration(quadratic, s)


def by_gain(quadratic: Quadratic, s: int) -> list[Any]:
    """The minimiser for a diagonal Hessian: completing the square, entry by entry.

    Letting one entry move from 0 to its minimiser lowers the objective by a gain that no other
    entry changes, so the ``s`` largest gains are best.
    """
    n = len(quadratic.slope)
    moves = [_restricted(quadratic, (i,)) for i in range(n)]
    kept = sorted(range(n), key=lambda i: (-moves[i][0], i))[:s]
    x = [QQ(0)] * n
    for i in kept:
        x[i] = moves[i][1][0]
    return x


def by_enumeration(quadratic: Quadratic, s: int) -> list[Any]:
    """The definition: the best of the minimisers over every support of ``s`` indices.

    Raises ValueError where there are more than ``LARGEST_ENUMERATION`` supports.
    """
    n = len(quadratic.slope)
    if comb(n, s) > LARGEST_ENUMERATION:
        raise ValueError(f"supports: given {comb(n, s)}; allowed: at most {LARGEST_ENUMERATION}")
    tried = ((*_restricted(quadratic, support), support) for support in combinations(range(n), s))
    _, move, support = max(tried, key=lambda t: t[0])  # the first of equals
    x = [QQ(0)] * n
    for i, value in zip(support, move, strict=True):
        x[i] = value
    return x


def _restricted(quadratic: Quadratic, support: Sequence[int]) -> tuple[Any, list[Any]]:
    """How far the objective falls from its value at 0 on a support, and its minimiser there.

    Where ``H x = -g`` on the support, ``f(0) - f(x) = -g.x - x.Hx/2 = -g.x/2``.
    """
    hessian = [[quadratic.hessian[i].get(j, QQ(0)) for j in support] for i in support]
    (x,), _ = solve_semidefinite(hessian, [[-quadratic.slope[i] for i in support]])
    return -sum(quadratic.slope[i] * xi for i, xi in zip(support, x, strict=True)) / 2, x
