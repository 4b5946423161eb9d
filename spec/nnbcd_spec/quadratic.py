"""Exact minimisation of a convex quadratic, by differentiating its polynomial.

The block's objective is evaluated at the generators of a polynomial ring over ``QQ``, one for each
entry of the block.  Its derivatives are the linear system.  Which entries interact is read off
the Hessian, so that rows that separate are solved apart and rows that share a Hessian together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import QQ
from sympy.polys.rings import PolyRing

from nnbcd_spec.exact import Array

Matrix = list[list[Any]]


@dataclass(frozen=True)
class Quadratic:
    """``1/2 x^T H x + g^T x``, with H as one sparse row ``{column: entry}`` a variable."""

    hessian: tuple[dict[int, Any], ...]
    slope: tuple[Any, ...]

    def gradient(self, x: Sequence[Any]) -> list[Any]:
        """``H x + g``."""
        return [
            g + sum(h * x[j] for j, h in row.items())
            for g, row in zip(self.slope, self.hessian, strict=True)
        ]

    def components(self) -> list[list[int]]:
        """The sets of variables that the Hessian connects, each ascending."""
        links = [{i, *row} for i, row in enumerate(self.hessian)]
        return connected(len(self.hessian), links)


def connected(count: int, links: Iterable[set[int]]) -> list[list[int]]:
    """The sets of ``range(count)`` that the links connect, each ascending, the lowest first."""
    of = [{i} for i in range(count)]
    for link in links:
        joined = set(link).union(*(of[i] for i in link))
        for i in joined:
            of[i] = joined
    return [sorted(of[i]) for i in range(count) if min(of[i]) == i]


@lru_cache(maxsize=256)
def generators(count: int) -> tuple[Any, ...]:
    """The generators of a polynomial ring over ``QQ`` in ``count`` variables."""
    return tuple(PolyRing([f"x{i}" for i in range(count)], QQ).gens)


def differentiate(polynomial: Any, gens: Sequence[Any]) -> Quadratic:
    """The gradient of a quadratic polynomial in ``gens``, as a linear function.

    Raises ValueError where the polynomial is not quadratic: its gradient is not linear then.
    """
    rows, slope = [], []
    for gen in gens:
        row, constant = {}, QQ(0)
        for monomial, coefficient in (gens[0].ring(polynomial)).diff(gen).terms():
            if sum(monomial) > 1:
                raise ValueError("the block's objective is not quadratic in the block")
            if sum(monomial) == 1:
                row[monomial.index(1)] = coefficient
            else:
                constant = coefficient
        rows.append(row)
        slope.append(constant)
    return Quadratic(tuple(rows), tuple(slope))


def minimise(objective: Callable[..., Any], *start: Array) -> tuple[Array, ...]:
    """The arrays, shaped as ``start``, that minimise ``objective(*arrays)``.

    Unique where the Hessian is positive definite; elsewhere the minimiser nearest to ``start``
    (the minimum-norm increment).  Raises ValueError where the objective is not a convex
    quadratic bounded below.
    """
    gens = generators(sum(a.size for a in start))
    quadratic = differentiate(objective(*_shaped(gens, start)), gens)
    x = [entry for a in start for entry in a.flat]
    gradient = quadratic.gradient(x)
    families: dict[tuple[Any, ...], list[list[int]]] = {}
    for component in quadratic.components():
        families.setdefault(_dense(quadratic, component), []).append(component)
    for hessian, members in families.items():
        downhill = [[-gradient[i] for i in member] for member in members]
        steps = increments([list(row) for row in hessian], downhill)
        for member, step in zip(members, steps, strict=True):
            for i, d in zip(member, step, strict=True):
                x[i] = x[i] + d
    return _shaped(x, start)


def increments(hessian: Matrix, downhill: Matrix) -> Matrix:
    """For each row ``r`` of ``downhill`` the least-norm ``d`` with ``H d = r``.

    A singular H is symmetric, so ``d`` has least norm where it lies in H's range: ``d = H y``
    with ``H^2 y = r``.
    """
    solutions, definite = solve_semidefinite(hessian, downhill)
    if definite:
        return solutions
    squared = [_image(hessian, row) for row in hessian]
    within, _ = solve_semidefinite(squared, downhill)
    return [_image(hessian, y) for y in within]


def solve_semidefinite(hessian: Matrix, rhs: Matrix) -> tuple[Matrix, bool]:
    """For each row ``r`` of ``rhs`` one ``x`` with ``H x = r``, and whether H is definite.

    Symmetric elimination without exchanges: a semidefinite H has only zeros beside a zero pivot.
    Raises ValueError where H is not positive semidefinite or a system has no solution.
    """
    n = len(hessian)
    rows = [[*row, *(r[i] for r in rhs)] for i, row in enumerate(hessian)]
    for k, top in enumerate(rows):
        pivot = top[k]
        if pivot < 0 or (pivot == 0 and any(top[k + 1 : n])):
            raise ValueError("the block's objective is not convex in the block")
        if pivot == 0 and any(top[n:]):
            raise ValueError("the block's objective is unbounded below")
        for row in rows[k + 1 :]:
            if row[k]:
                ratio = row[k] / pivot
                row[k:] = [a - ratio * b if b else a for a, b in zip(row[k:], top[k:], strict=True)]
    solutions = [_back_substitute(rows, n, n + c) for c in range(len(rhs))]
    return solutions, all(rows[k][k] for k in range(n))


def solve_regular(matrix: Matrix, rhs: Sequence[Any]) -> list[Any] | None:
    """The solution of a square system, by elimination with exchanges; None where it is singular."""
    rows = [[*row, r] for row, r in zip(matrix, rhs, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for row in rows[k + 1 :]:
            if row[k]:
                ratio = row[k] / rows[k][k]
                row[k:] = [
                    a - ratio * b if b else a for a, b in zip(row[k:], rows[k][k:], strict=True)
                ]
    return _back_substitute(rows, len(rows), len(rows))


def _back_substitute(rows: Matrix, n: int, column: int) -> list[Any]:
    x = [QQ(0)] * n
    for k in reversed(range(n)):
        if rows[k][k]:
            known = sum((rows[k][j] * x[j] for j in range(k + 1, n)), QQ(0))
            x[k] = (rows[k][column] - known) / rows[k][k]
    return x


def _dense(quadratic: Quadratic, component: list[int]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(quadratic.hessian[i].get(j, QQ(0)) for j in component) for i in component)


def _dot(p: Sequence[Any], q: Sequence[Any]) -> Any:
    return sum((a * b for a, b in zip(p, q, strict=True)), QQ(0))


def _image(matrix: Matrix, x: Sequence[Any]) -> list[Any]:
    return [_dot(row, x) for row in matrix]


def _shaped(flat: Sequence[Any], like: Sequence[Array]) -> tuple[Array, ...]:
    ends = np.cumsum([a.size for a in like])
    entries = np.array([None, *flat], dtype=object)[1:]  # keeps NumPy from unpacking entries
    parts = np.split(entries, ends[:-1])
    return tuple(part.reshape(a.shape) for part, a in zip(parts, like, strict=True))
