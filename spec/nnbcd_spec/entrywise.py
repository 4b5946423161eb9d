"""Exact minimisation over U when the activation is continuous and piecewise affine.

The block's objective is a polynomial in the entries of U and of S = s(U).  That it is a sum over
entries is read off the polynomial.  On a piece, s = slope * u + intercept turns an entry's part
into a polynomial in u alone: its stationary point, moved to the nearer end where it lies outside,
is the piece's minimiser, because the part is convex on the piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import QQ

from nnbcd_spec.activations import Activation, Piece
from nnbcd_spec.exact import Array, rational
from nnbcd_spec.quadratic import differentiate, generators

Part = dict[tuple[int, int], Any]
"""One entry's share of the objective: the coefficient of ``u^a s^b`` under ``(a, b)``."""


@dataclass(frozen=True)
class Candidate:
    """The minimiser of one entry's objective over one or more pieces, and its value."""

    point: Any
    value: Any


def entry_parts(objective: Callable[[Array, Array], Any], shape: tuple[int, ...]) -> list[Part]:
    """``objective(U, S)`` as one polynomial an entry, row-major.

    A constant belongs to no entry in particular; it is given to the first.  Raises ValueError
    where two entries interact.
    """
    n = int(np.prod(shape))
    gens = generators(2 * n)
    entries = np.array([None, *gens], dtype=object)[1:]
    polynomial = objective(entries[:n].reshape(shape), entries[n:].reshape(shape))
    parts: list[Part] = [{} for _ in range(n)]
    for monomial, coefficient in gens[0].ring(polynomial).terms():
        touched = {i % n for i, degree in enumerate(monomial) if degree} or {0}
        if len(touched) > 1:
            raise ValueError("the objective couples two entries of U; it must separate")
        entry = touched.pop()
        parts[entry][monomial[entry], monomial[entry + n]] = coefficient
    return parts


def on_piece(part: Part, piece: Piece) -> Any:
    """An entry's objective on a piece: ``s`` replaced, a polynomial in ``u``."""
    (u,) = generators(1)
    s = rational(piece.slope) * u + rational(piece.intercept)
    terms = (c * u**a * (s**b if b else 1) for (a, b), c in part.items())  # SymPy: no 0**0
    return sum(terms, u.ring(0))


def candidates(part: Part, activation: Activation) -> tuple[Candidate, ...]:
    """Each piece's exact minimiser with its value, from left to right, without repetition.

    Raises ValueError where a piece's polynomial is not a strictly convex quadratic.
    """
    found: dict[Any, Any] = {}
    for piece in activation.pieces:
        polynomial = on_piece(part, piece)
        derivative = differentiate(polynomial, generators(1))
        curvature = derivative.hessian[0].get(0, QQ(0))
        if curvature <= 0:
            raise ValueError("U's objective is not strictly convex on a piece of the activation")
        point = rational(piece.clip(-derivative.slope[0] / curvature))
        found[point] = polynomial(point)
    return tuple(Candidate(point, value) for point, value in found.items())


def best(found: tuple[Candidate, ...], old: Any) -> Any:
    """The point of least value; a tie goes to the point nearest ``old``, then to the lowest."""
    return min(found, key=lambda c: (c.value, abs(c.point - old), c.point)).point


def minimise_entrywise(
    objective: Callable[[Array, Array], Any], activation: Activation, u_old: Array
) -> Array:
    """A global minimiser of ``objective(U, s(U))``, shaped as ``u_old``; ties: :func:`best`."""
    parts = entry_parts(objective, u_old.shape)
    points = [
        best(candidates(part, activation), old) for part, old in zip(parts, u_old.flat, strict=True)
    ]
    return np.array(points, dtype=object).reshape(u_old.shape)
