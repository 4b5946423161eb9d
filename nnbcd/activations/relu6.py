"""``s(u) = u`` clipped to ``[0, 6]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from nnbcd.activations.clipped import Clipped


@dataclass(frozen=True)
class Relu6(Clipped):
    """The rectifier clipped at 6."""

    kind: ClassVar[str] = "relu6"
    bottom: ClassVar[float] = 0.0
    top: ClassVar[float] = 6.0

    def module(self) -> nn.Module:
        """``nn.ReLU6``."""
        return nn.ReLU6()
