"""``1/2 ||V - Y||^2``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.reduce import half_square


@dataclass(frozen=True)
class Squared:
    """Half the squared distance to the targets: its proximal step is a weighted mean."""

    kind: ClassVar[str] = "squared"

    def value(self, v: Tensor, y: Tensor) -> Tensor:
        """``1/2 ||v - y||^2`` in float64."""
        return half_square(v - y)

    def prox(self, u: Tensor, v_old: Tensor, y: Tensor, *, gamma: float, alpha: float) -> Tensor:
        """See :meth:`nnbcd.losses.base.Loss.prox`; unique."""
        total = y + gamma * u if alpha == 0 else y + gamma * u + alpha * v_old
        return total / (1 + gamma + alpha)

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "squared"}``."""
        return {"kind": self.kind}
