"""The multiclass hinge of the largest violation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import ONE_HOT, Targets


@dataclass(frozen=True)
class CrammerSinger(Loss):
    """``max(0, max_{k != c} (1 + v_k - v_c))``, c the class."""

    kind: ClassVar[str] = "crammer_singer"
    targets: ClassVar[Targets] = ONE_HOT

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """The largest violation."""
        own = (v * y).sum(1, keepdim=True)
        return (1 + v - own).masked_fill(y > 0, 0).amax(1).clamp(min=0)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """The exact minimiser, by its multipliers ``l >= 0`` of sum at most 1.

        ``v_k = a_k - l_k/m`` and ``v_c = a_c + sum l / m``.  With ``c_k = m (1 + a_k - a_c)`` the
        dual problem is solved by ``l_k = max(c_k - x, 0)``, x the root of
        ``sum_k max(c_k - x, 0) = min(x, 1)``: up to 1 the sum is free, beyond it is 1.
        The root is the largest of 0, ``C_j/(j+1)`` and ``(C_j - 1)/j``, C_j the sum of the j
        largest c, since leaving terms out only lowers the left side.
        """
        own = (a * y).sum(1, keepdim=True)
        other = y == 0
        # As much as c may differ in size, only those within 1 of the largest count: shifted to it.
        rival = a.masked_fill(~other, -torch.inf).amax(1, keepdim=True)
        top = m * (1 + (rival - own))
        c = torch.where(other, (m * (a - rival)).clamp(min=-1), -1)
        x = _threshold(c, top)
        multipliers = torch.where(other, (c - x).clamp(min=0), 0)
        return torch.where(other, a - multipliers / m, own + multipliers.sum(1, keepdim=True) / m)


def _threshold(c: Tensor, top: Tensor) -> Tensor:
    """x less ``top`` (n, 1), for c (n, d) less ``top``; the class's own entry is -1."""
    count = torch.arange(1, c.shape[1], device=c.device, dtype=c.dtype)
    ordered = c.sort(1, descending=True).values[:, :-1]  # the class's own, or its equal, is last
    sums = ordered.cumsum(1)
    tight = ((sums - 1) / count).amax(1, keepdim=True)
    free = ((sums - top) / (count + 1)).amax(1, keepdim=True)
    return torch.maximum(torch.maximum(tight, free), -top)
