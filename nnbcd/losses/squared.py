"""``1/2 ||v - y||^2``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import REAL, Targets
from nnbcd.scalar import squared_prox


@dataclass(frozen=True)
class Squared(Loss):
    """Half the squared distance to the targets: its proximal step is a weighted mean."""

    kind: ClassVar[str] = "squared"
    targets: ClassVar[Targets] = REAL

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """``1/2 ||v_j - y_j||^2``."""
        return 0.5 * (v - y).square().sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """The weighted mean of ``y`` and ``a``."""
        mean: Tensor = squared_prox(a, y, m)
        return mean
