"""What the solver asks of an activation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from nnbcd.members import member_to_json


@dataclass(frozen=True)
class Activation(ABC):
    """A continuous elementwise ``s`` with its proximal step; fields are its keys in JSON."""

    kind: ClassVar[str]

    @abstractmethod
    def __call__(self, u: Tensor) -> Tensor:
        """``s(u)``, elementwise."""

    @abstractmethod
    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """Minimise ``gamma/2 (v-s(u))^2 + rho/2 (u-pre)^2 + alpha/2 (u-u_old)^2`` elementwise.

        A global minimiser; of several the one nearest to ``u_old``, of two equally near the lower.
        """

    def to_json(self) -> dict[str, Any]:
        """The activation as it stands in ``problem.json``."""
        return member_to_json(self)

    def module(self) -> nn.Module:
        """A torch module that computes it."""
        return Elementwise(self)

    @classmethod
    def from_module(cls, module: nn.Module) -> Activation | None:
        """The member of this class that ``module`` computes, if there is one."""
        own = getattr(module, "activation", None)
        return own if isinstance(module, Elementwise) and isinstance(own, cls) else None


class Elementwise(nn.Module):
    """The module of an activation for which torch has none."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, u: Tensor) -> Tensor:
        """``s(u)``, elementwise."""
        return self.activation(u)

    def extra_repr(self) -> str:
        """The activation as it would be written."""
        return repr(self.activation)
