"""Huber's loss: quadratic near the target, linear away from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnbcd_checks.arrays import Array, real
from nnbcd_checks.losses.protocol import Smooth, differences


class Huber(Smooth):
    """``sum_k h(v_k - y_k)``; with c = r clipped to [-delta, delta], ``h(r) = c r - c^2/2``."""

    def __init__(self, json: Mapping[str, Any]) -> None:
        super().__init__(json)
        if not 0 < self.delta < np.inf:
            raise ValueError(f"delta: given {json['delta']}; allowed: a finite number > 0")

    @property
    def delta(self) -> float:
        """Where it turns linear."""
        return real(self.json["delta"])

    def check(self, y: Array) -> None:
        """Any Y."""

    def values(self, v: Array, y: Array) -> Array:
        """Per row."""
        r = v - y
        c = self._clip(r)
        found: Array = (c * (r - c / 2)).sum(axis=1)
        return found

    def gradient(self, v: Array, y: Array) -> Array:
        """c."""
        return self._clip(v - y)

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``(c - p) (r - (c + p)/2)`` of the old row, for p = c of the new one."""
        r = old - y
        c = self._clip(r)
        rows: Array = ((c - p) * (r - (c + p) / 2)).sum(axis=1)
        return rows, differences(old, new, np.abs(p) + np.abs(y) + np.abs(new))

    def _clip(self, r: Array) -> Array:
        return np.clip(r, -self.delta, self.delta)
