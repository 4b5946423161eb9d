"""What the solver asks of an activation."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from torch import Tensor


class Activation(Protocol):
    """An elementwise ``s`` with its proximal step."""

    kind: ClassVar[str]

    def __call__(self, u: Tensor) -> Tensor:
        """``s(u)``, elementwise."""

    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """Minimise ``gamma/2 (v-s(u))^2 + rho/2 (u-pre)^2 + alpha/2 (u-u_old)^2`` elementwise."""

    def to_json(self) -> dict[str, Any]:
        """The activation as it stands in ``problem.json``."""
