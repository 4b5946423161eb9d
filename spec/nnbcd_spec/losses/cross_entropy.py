"""Cross-entropy of the softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.smooth import SmoothLoss


@dataclass(frozen=True)
class CrossEntropy(SmoothLoss):
    """``log sum_k exp(v_k) - v_c``, c the class: ``v_c = y . v`` for a one-hot ``y``."""

    kind: ClassVar[str] = "cross_entropy"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Bridle, Neurocomputing 1990",
        unique=True,
        closed_form=False,
        targets="one-hot",
    )

    def parts(self, v: Array, y: Array) -> tuple[sp.Expr, ...]:
        """One term a sample."""
        return (sp.log(sum(sp.exp(x) for x in v)) - (y * v).sum(),)
