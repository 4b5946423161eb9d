"""The one-sided squared hinge, for targets 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.atoms import Pieces
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.piecewise import PiecewiseQuadratic


@dataclass(frozen=True)
class SquaredHinge(PiecewiseQuadratic):
    """``sum_k 1/2 max(0, 1 - v_k)^2`` where y_k = 1, ``1/2 max(0, v_k)^2`` where y_k = 0."""

    kind: ClassVar[str] = "squared_hinge"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Chang, Hsieh and Lin, Journal of Machine Learning Research 2008, the L2-loss",
        unique=True,
        targets="zero-one",
    )

    def atoms(self, v: Array, y: Array) -> tuple[Pieces, ...]:
        """Two regions an output, by the sign of the excess: 1 - v where y = 1, v where y = 0."""
        return tuple(_half_square(x) for x in y + (1 - 2 * y) * v)


def _half_square(excess: Any) -> Pieces:
    return Pieces(((excess**2 / 2, (excess,)), (0 * excess, (-excess,))))
