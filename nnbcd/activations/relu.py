"""``s(u) = max(u, 0)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Relu(PiecewiseAffine):
    """The rectifier: nonconvex proximal step, at most two tied minimisers, one a side of 0."""

    kind: ClassVar[str] = "relu"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """0 below 0, the identity above."""
        return (Piece(0.0, high=0.0), Piece(1.0, low=0.0))

    def __call__(self, u: Tensor) -> Tensor:
        """``max(u, 0)``."""
        return u.clamp(min=0)

    def module(self) -> nn.Module:
        """``nn.ReLU``."""
        return nn.ReLU()

    @classmethod
    def from_module(cls, module: nn.Module) -> Relu | None:
        """Of ``nn.ReLU``."""
        return cls() if isinstance(module, nn.ReLU) else None
