"""``s(u) = u`` clipped to [-1, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class HardTanh(PiecewiseAffine):
    """The identity between -1 and 1, flat outside."""

    kind: ClassVar[str] = "hard_tanh"
    facts: ClassVar[Facts] = PIECEWISE

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Flat at -1, the identity, flat at 1."""
        return (Piece(0, -1, high=-1), Piece(1, 0, -1, 1), Piece(0, 1, low=1))
