"""Members that clip the identity to an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Clipped(PiecewiseAffine):
    """``u`` clipped to ``[bottom, top]``: flat, rising, flat."""

    bottom: ClassVar[float]
    top: ClassVar[float]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The three pieces."""
        return (
            Piece(0.0, self.bottom, high=self.bottom),
            Piece(1.0, low=self.bottom, high=self.top),
            Piece(0.0, self.top, low=self.top),
        )

    def __call__(self, u: Tensor) -> Tensor:
        """``u`` clipped."""
        return u.clamp(self.bottom, self.top)

    @classmethod
    def from_module(cls, module: nn.Module) -> PiecewiseAffine | None:
        """Of ``nn.Hardtanh`` and ``nn.ReLU6`` with this interval."""
        if not isinstance(module, nn.Hardtanh):
            return None
        ends = (float(module.min_val), float(module.max_val))
        return cls() if ends == (cls.bottom, cls.top) else None
