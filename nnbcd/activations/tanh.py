"""``s(u) = tanh u``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from nnbcd.activations.smooth import Smooth
from nnbcd.scalar import tanh_prox


@dataclass(frozen=True)
class Tanh(Smooth):
    """The hyperbolic tangent: at most two local minimisers."""

    kind: ClassVar[str] = "tanh"

    def __call__(self, u: Tensor) -> Tensor:
        """``tanh u``."""
        return u.tanh()

    def minimiser(self, v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, ops: Any) -> Any:
        """See :func:`nnbcd.scalar.tanh_prox`."""
        return tanh_prox(v, m, u_old, gamma=gamma, beta=beta, ops=ops)

    def module(self) -> nn.Module:
        """``nn.Tanh``."""
        return nn.Tanh()

    @classmethod
    def from_module(cls, module: nn.Module) -> Tanh | None:
        """Of ``nn.Tanh``."""
        return cls() if isinstance(module, nn.Tanh) else None
