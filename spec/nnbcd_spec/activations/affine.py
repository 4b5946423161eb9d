"""Continuous piecewise-affine activations: a list of pieces says everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import QQ

from nnbcd_spec.activations.base import Candidate, Part
from nnbcd_spec.exact import Array, rational, to_fraction
from nnbcd_spec.facts import Facts
from nnbcd_spec.quadratic import differentiate, generators
from nnbcd_spec.symbols import alpha

PIECEWISE = Facts(
    constant=alpha / 2,
    source="Zeng et al., ICML 2019, the U subproblem; Li et al., arXiv 2303.06815, Algorithm 1",
    ties=("nearest to old", "lower"),
)
"""What holds of every piecewise-affine activation: U's minimiser is unique except at ties."""


@dataclass(frozen=True)
class Piece:
    """``s(u) = slope * u + intercept`` for ``low <= u <= high``; ``None`` is infinite."""

    slope: Any
    intercept: Any = 0
    low: Any = None
    high: Any = None

    def holds(self, u: Any) -> bool:
        """Whether ``u`` lies on the piece, its ends included."""
        # What SymPy's rationals are made of depends on what is installed, and need not compare
        # with a Fraction.
        u = rational(u)
        return (self.low is None or u >= self.low) and (self.high is None or u <= self.high)

    def clip(self, u: Any) -> Any:
        """The point of the piece that is nearest to ``u``."""
        if self.low is not None and u < self.low:
            return self.low
        return self.high if self.high is not None and u > self.high else u


class PiecewiseAffine:
    """Evaluates ``s``, and finds U's candidates, from the pieces alone, exactly."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces; they cover the line and agree at their ends."""
        raise NotImplementedError

    def __call__(self, u: Array) -> Array:
        """``s(u)``, elementwise, on numbers."""
        pieces = self.pieces

        def at(x: Any) -> Any:
            q = rational(x)
            piece = next(p for p in pieces if p.holds(q))
            value = rational(piece.slope) * q + rational(piece.intercept)
            return value if x is q else to_fraction(value)

        return np.asarray(np.frompyfunc(at, 1, 1)(np.asarray(u, dtype=object)), dtype=object)

    def candidates(self, part: Part) -> tuple[Candidate, ...]:
        """Each piece's exact minimiser with its value, from left to right, without repetition.

        On a piece the part is a polynomial in u alone: its stationary point, moved to the nearer
        end where it lies outside, is the minimiser, because the part is convex there.  Raises
        ValueError where a piece's polynomial is not a strictly convex quadratic.
        """
        found: dict[Any, Any] = {}
        for piece in self.pieces:
            polynomial = on_piece(part, piece)
            derivative = differentiate(polynomial, generators(1))
            curvature = derivative.hessian[0].get(0, QQ(0))
            if curvature <= 0:
                raise ValueError("U's objective is not strictly convex on a piece")
            point = rational(piece.clip(-derivative.slope[0] / curvature))
            found[point] = polynomial(point)
        return tuple(Candidate(point, value) for point, value in found.items())


def on_piece(part: Part, piece: Piece) -> Any:
    """An entry's objective on a piece: ``s`` replaced, a polynomial in ``u``."""
    (u,) = generators(1)
    s = rational(piece.slope) * u + rational(piece.intercept)
    terms = (c * u**a * (s**b if b else 1) for (a, b), c in part.items())  # SymPy: no 0**0
    return sum(terms, u.ring(0))
