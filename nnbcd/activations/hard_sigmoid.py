"""``s(u) = u/6 + 1/2`` clipped to ``[0, 1]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class HardSigmoid(PiecewiseAffine):
    """The hard sigmoid, with breaks at -3 and 3."""

    kind: ClassVar[str] = "hard_sigmoid"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """0, a slope of a sixth, 1."""
        return (
            Piece(0.0, 0.0, high=-3.0),
            Piece(1 / 6, 0.5, low=-3.0, high=3.0),
            Piece(0.0, 1.0, low=3.0),
        )

    def __call__(self, u: Tensor) -> Tensor:
        """``u/6 + 1/2`` clipped."""
        return (u / 6 + 0.5).clamp(0, 1)

    def module(self) -> nn.Module:
        """``nn.Hardsigmoid``."""
        return nn.Hardsigmoid()

    @classmethod
    def from_module(cls, module: nn.Module) -> HardSigmoid | None:
        """Of ``nn.Hardsigmoid``."""
        return cls() if isinstance(module, nn.Hardsigmoid) else None
