"""What the solver asks of a loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.losses.targets import Targets
from nnbcd.members import member_to_json
from nnbcd.scalar import weighted_mean


@dataclass(frozen=True)
class Loss(ABC):
    """A sum over samples ``S_j l(v_j, y_j)``, l convex and >= 0; fields are its keys in JSON.

    A sample's weight enters the proximal step as a smaller anchor: ``S l(v, y) + m/2 ||v - a||^2``
    is ``S`` times the problem of weight 1 with ``m/S``.  So a member knows weight 1 only.
    """

    kind: ClassVar[str]
    targets: ClassVar[Targets]

    @abstractmethod
    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """``l(v_j, y_j)`` (n,) of outputs v (n, d) at targets y (n, d), in their dtype."""

    @abstractmethod
    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """Minimise ``l(v_j, y_j) + m_j/2 ||v_j - a_j||^2`` in each row; m > 0 is (n, 1) or (1, 1).

        Unique.  All operands share dtype and device; nothing is read back from the device.
        """

    def value(self, v: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss of outputs ``v`` (n, d) at targets ``y`` (n, d): a float64 scalar tensor.

        ``weights`` (n,) are the samples' S, 1 where ``None``.
        """
        rows = self.rows(v.double(), y.double())
        return torch.sum(rows if weights is None else weights.double() * rows)

    def prox(
        self,
        u: Tensor,
        v_old: Tensor,
        y: Tensor,
        *,
        gamma: float,
        alpha: float,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Minimise ``loss(v, y) + gamma/2 ||v - u||^2 + alpha/2 ||v - v_old||^2`` over ``v``."""
        a = weighted_mean(u, v_old, weight=gamma, prox=alpha)
        m = u.new_full((1, 1), gamma + alpha)
        return self.nearest(a, y, m if weights is None else m / weights[:, None])

    def to_json(self) -> dict[str, Any]:
        """The loss as it stands in ``problem.json``, without ``weighted``."""
        return member_to_json(self)
