"""Sums over samples, accumulated in float64 whatever the working dtype."""

from __future__ import annotations

import torch
from torch import Tensor


def half_square(x: Tensor) -> Tensor:
    """``1/2 ||x||^2`` as a float64 scalar tensor on ``x``'s device."""
    return 0.5 * torch.sum(x * x, dtype=torch.float64)
