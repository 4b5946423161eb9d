"""The hinge, for targets -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnbcd_spec.atoms import Maximum
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.piecewise import PiecewiseQuadratic


@dataclass(frozen=True)
class BinaryHinge(PiecewiseQuadratic):
    """``sum_k max(0, 1 - y_k v_k)``."""

    kind: ClassVar[str] = "binary_hinge"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Cortes and Vapnik, Machine Learning 1995; Zeng et al., ICML 2019",
        unique=True,
        targets="signs",
    )

    def atoms(self, v: Array, y: Array) -> tuple[Maximum, ...]:
        """One hinge an output."""
        return tuple(Maximum((0 * margin, 1 - margin)) for margin in y * v)
