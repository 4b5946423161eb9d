"""``s(u) = |u|``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Absolute(PiecewiseAffine):
    """The absolute value: at most two tied minimisers, one a side of 0."""

    kind: ClassVar[str] = "abs"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """``-u`` below 0, ``u`` above."""
        return (Piece(-1.0, high=0.0), Piece(1.0, low=0.0))

    def __call__(self, u: Tensor) -> Tensor:
        """``|u|``."""
        return u.abs()
