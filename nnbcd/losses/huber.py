"""Quadratic near the targets, affine far from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.errors import InputError
from nnbcd.losses.base import Loss
from nnbcd.losses.targets import REAL, Targets
from nnbcd.scalar import huber_prox
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class Huber(Loss):
    """``r^2/2`` for ``|r| <= delta``, else ``delta |r| - delta^2/2``, summed over outputs."""

    kind: ClassVar[str] = "huber"
    targets: ClassVar[Targets] = REAL
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.delta) and self.delta > 0):
            raise InputError(f"huber delta: given {self.delta}; allowed: a finite number > 0")

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """The two pieces, summed over outputs."""
        r = (v - y).abs()
        near = r.clamp(max=self.delta)
        # q^2/2 + delta (r - q), q = min(r, delta): both pieces without a cancelling difference.
        return (0.5 * near * near + self.delta * (r - near)).sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """See :func:`nnbcd.scalar.huber_prox`."""
        return torch.as_tensor(huber_prox(a, y, m, delta=self.delta, ops=TORCH))
