"""``s(u) = u``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.piecewise import Piece, PiecewiseAffine


@dataclass(frozen=True)
class Identity(PiecewiseAffine):
    """One piece; U's minimiser is unique."""

    kind: ClassVar[str] = "identity"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The whole line."""
        return (Piece(1),)
