"""``s(u) = u``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Identity(PiecewiseAffine):
    """The identity: its proximal step is a weighted mean, unique."""

    kind: ClassVar[str] = "identity"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The one piece."""
        return (Piece(1.0),)

    def __call__(self, u: Tensor) -> Tensor:
        """``u`` itself."""
        return u

    def module(self) -> nn.Module:
        """``nn.Identity``."""
        return nn.Identity()

    @classmethod
    def from_module(cls, module: nn.Module) -> Identity | None:
        """Of ``nn.Identity``."""
        return cls() if isinstance(module, nn.Identity) else None
