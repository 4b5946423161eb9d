"""``s(u) = u`` for ``u >= 0``, ``slope * u`` below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.errors import InputError
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class LeakyRelu(PiecewiseAffine):
    """The leaky rectifier, ``0 < slope < 1``: at most two tied minimisers, one a side of 0."""

    kind: ClassVar[str] = "leaky_relu"
    slope: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.slope < 1:
            raise InputError(f"leaky_relu slope: given {self.slope}; allowed: 0 < slope < 1")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The two affine pieces."""
        return (Piece(self.slope, high=0.0), Piece(1.0, low=0.0))

    def __call__(self, u: Tensor) -> Tensor:
        """``u`` where positive, ``slope * u`` elsewhere."""
        return u.clamp(min=0) + self.slope * u.clamp(max=0)

    def module(self) -> nn.Module:
        """``nn.LeakyReLU``."""
        return nn.LeakyReLU(self.slope)

    @classmethod
    def from_module(cls, module: nn.Module) -> LeakyRelu | None:
        """Of ``nn.LeakyReLU``."""
        return cls(float(module.negative_slope)) if isinstance(module, nn.LeakyReLU) else None
