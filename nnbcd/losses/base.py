"""What the solver asks of a loss."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from torch import Tensor


class Loss(Protocol):
    """A sum over samples, bounded below by 0, with its proximal step."""

    kind: ClassVar[str]

    def value(self, v: Tensor, y: Tensor) -> Tensor:
        """The loss of outputs ``v`` (n, d) at targets ``y`` (n, d): a float64 scalar tensor."""

    def prox(self, u: Tensor, v_old: Tensor, y: Tensor, *, gamma: float, alpha: float) -> Tensor:
        """Minimise ``loss(v, y) + gamma/2 ||v - u||^2 + alpha/2 ||v - v_old||^2`` over ``v``."""

    def to_json(self) -> dict[str, Any]:
        """The loss as it stands in ``problem.json``."""
