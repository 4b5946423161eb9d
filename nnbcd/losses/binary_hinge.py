"""One hinge an output, of targets -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import SIGNS, Targets
from nnbcd.scalar import hinge_prox
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class BinaryHinge(Loss):
    """``sum_k max(0, 1 - y_k v_k)``."""

    kind: ClassVar[str] = "binary_hinge"
    targets: ClassVar[Targets] = SIGNS

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """The hinges, summed over outputs."""
        return (1 - y * v).clamp(min=0).sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """See :func:`nnbcd.scalar.hinge_prox`."""
        return torch.as_tensor(hinge_prox(a, y, m, ops=TORCH))
