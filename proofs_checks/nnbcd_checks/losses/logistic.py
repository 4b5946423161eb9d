"""The logistic loss of signs."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Smooth, check_signs, differences


class Logistic(Smooth):
    """``sum_k log(1 + exp(-y_k v_k))``; the gradient is 1/4-Lipschitz."""

    def check(self, y: Array) -> None:
        """Signs."""
        check_signs(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row."""
        found: Array = np.logaddexp(0.0, -y * v).sum(axis=1)
        return found

    def gradient(self, v: Array, y: Array) -> Array:
        """``-y / (1 + exp(y v))``."""
        found: Array = -y * np.exp(-np.logaddexp(0.0, y * v))
        return found

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``log(1 + q (exp(t) - 1)) - q t`` with q = |p| and t the change of the margin."""
        t, q = y * (new - old), np.abs(p)
        near = np.abs(t) < 1
        small = np.log1p(q * np.expm1(np.where(near, t, 0.0)))
        large = np.logaddexp(0.0, -y * old) - np.logaddexp(0.0, -y * new)
        rows: Array = (np.where(near, small, large) - q * t).sum(axis=1)
        off = np.where(near, 0.0, np.abs(old) + np.abs(new) + 1)
        return rows, differences(old, new, p) + 4 * off.sum(axis=1)
