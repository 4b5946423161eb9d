"""``s(u) = u``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.activations import piecewise
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Identity:
    """The identity: its proximal step is a weighted mean, unique."""

    kind: ClassVar[str] = "identity"
    pieces: ClassVar[tuple[Piece, ...]] = (Piece(1.0),)

    def __call__(self, u: Tensor) -> Tensor:
        """``u`` itself."""
        return u

    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """See :meth:`nnbcd.activations.base.Activation.prox`."""
        return piecewise.prox(self.pieces, v, pre, u_old, gamma=gamma, rho=rho, alpha=alpha)

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "identity"}``."""
        return {"kind": self.kind}
