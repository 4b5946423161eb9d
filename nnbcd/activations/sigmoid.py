"""``s(u) = 1 / (1 + e^-u)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from nnbcd.activations.smooth import Smooth
from nnbcd.scalar import sigmoid_prox


@dataclass(frozen=True)
class Sigmoid(Smooth):
    """The logistic sigmoid: at most two local minimisers."""

    kind: ClassVar[str] = "sigmoid"

    def __call__(self, u: Tensor) -> Tensor:
        """``1 / (1 + e^-u)``."""
        return u.sigmoid()

    def minimiser(self, v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, ops: Any) -> Any:
        """See :func:`nnbcd.scalar.sigmoid_prox`."""
        return sigmoid_prox(v, m, u_old, gamma=gamma, beta=beta, ops=ops)

    def module(self) -> nn.Module:
        """``nn.Sigmoid``."""
        return nn.Sigmoid()

    @classmethod
    def from_module(cls, module: nn.Module) -> Sigmoid | None:
        """Of ``nn.Sigmoid``."""
        return cls() if isinstance(module, nn.Sigmoid) else None
