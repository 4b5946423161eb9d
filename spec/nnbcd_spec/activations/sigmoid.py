"""``s(u) = 1 / (1 + e^-u)``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import mpmath

from nnbcd_spec.activations.affine import PIECEWISE
from nnbcd_spec.activations.smooth import Smooth
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class Sigmoid(Smooth):
    """The logistic function: U's problem has at most two local minima."""

    kind: ClassVar[str] = "sigmoid"
    facts: ClassVar[Facts] = replace(PIECEWISE, closed_form=False)
    low: ClassVar[int] = 0
    high: ClassVar[int] = 1

    def derivative(self, s: Any) -> Any:
        """``s (1 - s)``."""
        return s * (1 - s)

    def value(self, u: Any) -> Any:
        """``1 / (1 + e^-u)``."""
        return 1 / (1 + mpmath.exp(-u))

    def inverse(self, s: Any) -> Any:
        """``log s/(1 - s)``."""
        return mpmath.log(s / (1 - s))
