"""One logistic loss an output, of targets -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import SIGNS, Targets
from nnbcd.scalar import logistic_prox
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class Logistic(Loss):
    """``sum_k log(1 + exp(-y_k v_k))``."""

    kind: ClassVar[str] = "logistic"
    targets: ClassVar[Targets] = SIGNS

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """The losses, summed over outputs."""
        return -functional.logsigmoid(y * v).sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """See :func:`nnbcd.scalar.logistic_prox`; up to rounding.

        The distance to the minimiser is at most ``||m (v - a) - y/(1 + e^(y v))|| / m``.
        """
        return torch.as_tensor(logistic_prox(a, y, m, ops=TORCH))
