"""The multiclass hinge of Crammer and Singer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.atoms import Maximum
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.margins import excesses
from nnbcd_spec.losses.piecewise import PiecewiseQuadratic


@dataclass(frozen=True)
class CrammerSinger(PiecewiseQuadratic):
    """``max(0, max_{k != c} (1 + v_k - v_c))``, c the class."""

    kind: ClassVar[str] = "crammer_singer"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Crammer and Singer, Journal of Machine Learning Research 2001",
        unique=True,
        targets="one-hot",
    )

    def atoms(self, v: Array, y: Array) -> tuple[Maximum, ...]:
        """One maximum over 0 and every other class."""
        others = excesses(v, y)
        return (Maximum((0 * others[0], *others)),)
