"""``s(u) = u``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.facts import Facts
from nnbcd_spec.symbols import alpha, gamma, rho


@dataclass(frozen=True)
class Identity(PiecewiseAffine):
    """One piece; U's minimiser is unique."""

    kind: ClassVar[str] = "identity"
    facts: ClassVar[Facts] = Facts(
        constant=alpha + (gamma + rho) / 2, source=PIECEWISE.source, unique=True
    )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The whole line."""
        return (Piece(1),)
