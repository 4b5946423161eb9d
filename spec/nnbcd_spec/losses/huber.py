"""Huber's loss: quadratic near 0, linear beyond ``delta``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.atoms import Pieces
from nnbcd_spec.exact import Array, rational
from nnbcd_spec.facts import Facts, Real, require
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.piecewise import PiecewiseQuadratic


@dataclass(frozen=True)
class Huber(PiecewiseQuadratic):
    """``sum_k h(v_k - y_k)``, ``h(r) = r^2/2`` for |r| <= delta, else ``delta |r| - delta^2/2``.

    Raises ValueError unless ``delta`` > 0.
    """

    kind: ClassVar[str] = "huber"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Huber, Annals of Mathematical Statistics 1964",
        keys={"delta": Real(0)},
        unique=True,
        targets="any",
    )
    delta: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        require("huber delta", self.facts.keys["delta"], self.delta)

    def atoms(self, v: Array, y: Array) -> tuple[Pieces, ...]:
        """Three regions an output."""
        delta = rational(self.delta)
        return tuple(_residual(r, delta) for r in v - y)


def _residual(r: Any, delta: Any) -> Pieces:
    inner = (r**2 / 2, (delta - r, r + delta))
    right = (delta * r - delta**2 / 2, (r - delta,))
    left = (-delta * r - delta**2 / 2, (-r - delta,))
    return Pieces((inner, right, left))
