"""``s(u) = max(u, 0)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.activations import piecewise
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Relu:
    """The rectifier: nonconvex proximal step, at most two tied minimisers, one a side of 0."""

    kind: ClassVar[str] = "relu"
    pieces: ClassVar[tuple[Piece, ...]] = (Piece(0.0, high=0.0), Piece(1.0, low=0.0))

    def __call__(self, u: Tensor) -> Tensor:
        """``max(u, 0)``."""
        return u.clamp(min=0)

    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """See :meth:`nnbcd.activations.base.Activation.prox`."""
        return piecewise.prox(self.pieces, v, pre, u_old, gamma=gamma, rho=rho, alpha=alpha)

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "relu"}``."""
        return {"kind": self.kind}
