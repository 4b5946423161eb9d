"""``s(u) = u/6 + 1/2`` clipped to [0, 1]; the sixth is exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class HardSigmoid(PiecewiseAffine):
    """Slope 1/6 between -3 and 3, flat outside."""

    kind: ClassVar[str] = "hard_sigmoid"
    facts: ClassVar[Facts] = PIECEWISE

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Flat at 0, slope 1/6, flat at 1."""
        middle = Piece(Fraction(1, 6), Fraction(1, 2), -3, 3)
        return (Piece(0, high=-3), middle, Piece(0, 1, low=3))
