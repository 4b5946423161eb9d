"""``s(u) = u`` for ``u >= 0``, ``slope * u`` below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.exact import rational
from nnbcd_spec.facts import Facts, Real, require


@dataclass(frozen=True)
class LeakyRelu(PiecewiseAffine):
    """The leaky rectifier; ``slope`` in (0, 1), the float 0.01 unless given.

    Raises ValueError for any other slope.
    """

    kind: ClassVar[str] = "leaky_relu"
    facts: ClassVar[Facts] = replace(PIECEWISE, keys={"slope": Real(0, 1)})
    slope: Any = 0.01

    def __post_init__(self) -> None:
        require("leaky_relu slope", self.facts.keys["slope"], self.slope)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Slope ``slope`` to the left of 0, the identity to the right."""
        return (Piece(rational(self.slope), high=0), Piece(1, low=0))
