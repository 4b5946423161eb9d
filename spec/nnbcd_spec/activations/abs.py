"""``s(u) = |u|``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class Abs(PiecewiseAffine):
    """The absolute value: at most two tied minimisers of U, one on each side of 0."""

    kind: ClassVar[str] = "abs"
    facts: ClassVar[Facts] = PIECEWISE

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Falling to the left of 0, rising to the right."""
        return (Piece(-1, high=0), Piece(1, low=0))
