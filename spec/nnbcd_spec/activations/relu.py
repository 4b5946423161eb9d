"""``s(u) = max(u, 0)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class Relu(PiecewiseAffine):
    """The rectifier: at most two tied minimisers of U, one on each side of 0."""

    kind: ClassVar[str] = "relu"
    facts: ClassVar[Facts] = PIECEWISE

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Flat to the left of 0, the identity to the right."""
        return (Piece(0, high=0), Piece(1, low=0))
