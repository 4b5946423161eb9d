"""``s(u) = u`` clipped to ``[-1, 1]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from nnbcd.activations.clipped import Clipped


@dataclass(frozen=True)
class HardTanh(Clipped):
    """The identity clipped to -1..1."""

    kind: ClassVar[str] = "hard_tanh"
    bottom: ClassVar[float] = -1.0
    top: ClassVar[float] = 1.0

    def module(self) -> nn.Module:
        """``nn.Hardtanh``."""
        return nn.Hardtanh(self.bottom, self.top)
