"""Continuous piecewise-affine activations: a list of pieces says everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from nnbcd_spec.exact import Array, rational, to_fraction


@dataclass(frozen=True)
class Piece:
    """``s(u) = slope * u + intercept`` for ``low <= u <= high``; ``None`` is infinite."""

    slope: Any
    intercept: Any = 0
    low: Any = None
    high: Any = None

    def holds(self, u: Any) -> bool:
        """Whether ``u`` lies on the piece, its ends included."""
        return (self.low is None or u >= self.low) and (self.high is None or u <= self.high)

    def clip(self, u: Any) -> Any:
        """The point of the piece that is nearest to ``u``."""
        if self.low is not None and u < self.low:
            return self.low
        return self.high if self.high is not None and u > self.high else u


class Activation(Protocol):
    """An elementwise ``s`` given by its affine pieces, from left to right."""

    kind: ClassVar[str]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces; they cover the line and agree at their ends."""

    def __call__(self, u: Array) -> Array:
        """``s(u)``, elementwise, on numbers."""


class PiecewiseAffine:
    """Evaluates ``s`` from its pieces, exactly: elements of ``QQ`` stay so, others to Fraction."""

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
