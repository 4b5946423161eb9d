"""One squared hinge an output, of targets 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import BITS, Targets
from nnbcd.scalar import squared_hinge_prox
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """``sum_k max(0, 1 - v_k)^2 / 2`` where ``y_k`` is 1, ``max(0, v_k)^2 / 2`` where it is 0."""

    kind: ClassVar[str] = "squared_hinge"
    targets: ClassVar[Targets] = BITS

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """Half the squared shortfalls, summed over outputs."""
        return 0.5 * torch.where(y > 0, 1 - v, v).clamp(min=0).square().sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """See :func:`nnbcd.scalar.squared_hinge_prox`."""
        return torch.as_tensor(squared_hinge_prox(a, y, m, ops=TORCH))
