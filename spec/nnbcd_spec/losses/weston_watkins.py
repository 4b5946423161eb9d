"""The multiclass hinge of Weston and Watkins."""

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
class WestonWatkins(PiecewiseQuadratic):
    """``sum_{k != c} max(0, 1 + v_k - v_c)``, c the class."""

    kind: ClassVar[str] = "weston_watkins"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Weston and Watkins, ESANN 1999",
        unique=True,
        targets="one-hot",
    )

    def atoms(self, v: Array, y: Array) -> tuple[Maximum, ...]:
        """One hinge for every other class."""
        return tuple(Maximum((0 * excess, excess)) for excess in excesses(v, y))
