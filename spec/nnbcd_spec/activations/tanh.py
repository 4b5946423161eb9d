"""``s(u) = tanh u``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import mpmath

from nnbcd_spec.activations.affine import PIECEWISE
from nnbcd_spec.activations.smooth import Smooth
from nnbcd_spec.facts import Facts


@dataclass(frozen=True)
class Tanh(Smooth):
    """The hyperbolic tangent: U's problem has at most two local minima."""

    kind: ClassVar[str] = "tanh"
    facts: ClassVar[Facts] = replace(PIECEWISE, closed_form=False)
    low: ClassVar[int] = -1
    high: ClassVar[int] = 1

    def derivative(self, s: Any) -> Any:
        """``1 - s^2``."""
        return 1 - s**2

    def value(self, u: Any) -> Any:
        """``tanh u``."""
        return mpmath.tanh(u)

    def inverse(self, s: Any) -> Any:
        """``artanh s``."""
        return mpmath.atanh(s)
