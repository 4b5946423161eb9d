"""``s(u) = u`` for ``u >= 0``, ``slope * u`` below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.activations.piecewise import Piece, PiecewiseAffine
from nnbcd_spec.exact import rational


@dataclass(frozen=True)
class LeakyRelu(PiecewiseAffine):
    """The leaky rectifier; ``slope`` in (0, 1), the float 0.01 unless given.

    Raises ValueError for any other slope.
    """

    kind: ClassVar[str] = "leaky_relu"
    slope: Any = 0.01

    def __post_init__(self) -> None:
        if not 0 < rational(self.slope) < 1:
            raise ValueError(f"leaky_relu slope: given {self.slope}; allowed: 0 < slope < 1")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Slope ``slope`` to the left of 0, the identity to the right."""
        return (Piece(rational(self.slope), high=0), Piece(1, low=0))
