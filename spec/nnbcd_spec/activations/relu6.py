"""``s(u) = u`` clipped to [0, 6]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class Relu6(PiecewiseAffine):
    """The identity between 0 and 6, flat outside."""

    kind: ClassVar[str] = "relu6"
    facts: ClassVar[Facts] = PIECEWISE

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Flat at 0, the identity, flat at 6."""
        return (Piece(0, high=0), Piece(1, 0, 0, 6), Piece(0, 6, low=6))
