"""The logistic loss, for targets -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX
from nnbcd_spec.losses.smooth import SmoothLoss


@dataclass(frozen=True)
class Logistic(SmoothLoss):
    """``sum_k log(1 + exp(-y_k v_k))``."""

    kind: ClassVar[str] = "logistic"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX,
        source="Friedman, Hastie and Tibshirani, Annals of Statistics 2000",
        unique=True,
        closed_form=False,
        targets="signs",
    )

    def parts(self, v: Array, y: Array) -> tuple[sp.Expr, ...]:
        """One term an output."""
        return tuple(sp.log(1 + sp.exp(-margin)) for margin in y * v)
