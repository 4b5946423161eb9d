"""``1/2 ||V_N - Y||^2``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.exact import Array
from nnbcd_spec.objective import square


@dataclass(frozen=True)
class Squared:
    """Half the squared distance, summed over samples and outputs."""

    kind: ClassVar[str] = "squared"

    def value(self, v: Array, y: Array) -> Any:
        """``1/2 ||v - y||^2`` for outputs and targets of shape (n, d_N)."""
        return square(v - y) / 2
