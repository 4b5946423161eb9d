"""The multiclass hinge that sums over the other classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import ONE_HOT, Targets


@dataclass(frozen=True)
class WestonWatkins(Loss):
    """``sum_{k != c} max(0, 1 + v_k - v_c)``, c the class."""

    kind: ClassVar[str] = "weston_watkins"
    targets: ClassVar[Targets] = ONE_HOT

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """The hinges of the other classes, summed."""
        own = (v * y).sum(1, keepdim=True)
        return ((1 + v - own).clamp(min=0) * (1 - y)).sum(1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """The exact minimiser, from the rise ``t = v_c - a_c`` of the class's output.

        With ``b_k = 1 + a_k - a_c`` the others follow as ``v_k = a_k - clip(b_k - t, 0, 1/m)``,
        and ``t = sum_{k != c} clip(b_k - t, 0, 1/m)``.  The right side falls, with breaks at b_k
        and ``b_k - 1/m``: halving over the sorted breaks finds the piece, where t is affine.
        """
        other, width = y == 0, 1 / m
        own = (a * y).sum(1, keepdim=True)
        b = torch.where(other, 1 + (a - own), -width.expand_as(a))  # the class itself: never falls
        linear, full, low, high = _piece(b, width)
        t = (torch.where(linear, b, 0).sum(1, keepdim=True) + width * full.sum(1, keepdim=True)) / (
            1 + linear.sum(1, keepdim=True)
        )
        t = torch.minimum(torch.maximum(t, low), high)
        v_own = own + t
        fallen = torch.where(full, a - width, a)
        # On the linear piece the hinge is at its kink.
        return torch.where(other, torch.where(linear, v_own - 1, fallen), v_own)


def _piece(b: Tensor, width: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Which terms are affine and which full at the root of ``t = sum clip(b - t, 0, width)``.

    And the ends of the piece that t lies on, (n, 1) each.  0 is an end: t is never negative.
    """
    breaks = torch.cat([b, b - width], 1).clamp(min=0).sort(1).values
    first = torch.zeros_like(breaks[:, :1], dtype=torch.long)
    low, high = first, first + breaks.shape[1]  # breaks[low - 1] <= t, breaks[high] >= t
    for _ in range(breaks.shape[1].bit_length()):
        middle = (low + high) // 2
        at = breaks.gather(1, middle.clamp(max=breaks.shape[1] - 1))
        rises = torch.minimum((b - at).clamp(min=0), width).sum(1, keepdim=True) > at
        going = low < high
        low = torch.where(going & rises, middle + 1, low)
        high = torch.where(going & ~rises, middle, high)
    # All terms are 0 at the last break, which is therefore never below the root.
    top = breaks.gather(1, high.clamp(max=breaks.shape[1] - 1))
    bottom = torch.where(low > 0, breaks.gather(1, (low - 1).clamp(min=0)), torch.zeros_like(top))
    full = (b - width >= top) & (b > 0)
    return (b >= top) & (b - width <= bottom) & ~full & (b > 0), full, bottom, top
