"""The cross-entropy of a softmax."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Smooth, check_one_hot, differences


class CrossEntropy(Smooth):
    """``log sum_k exp(v_k) - v_c``; the Hessian of the first term is at most 1/2."""

    def check(self, y: Array) -> None:
        """One-hot rows."""
        check_one_hot(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row, from the differences to v_c: ``log sum_k exp(v_k - v_c)``."""
        apart = v - (v * y).sum(axis=1, keepdims=True)
        found: Array = np.logaddexp.reduce(apart, axis=1)
        return found

    def rounding(self, v: Array) -> Array:
        """The exponents are differences."""
        found: Array = 4 * np.abs(v).max(axis=1)
        return found

    def gradient(self, v: Array, y: Array) -> Array:
        """softmax(v) - y; at the class minus the sum of the others, so that nothing cancels."""
        powers = np.exp(v - v.max(axis=1, keepdims=True))
        others = powers / powers.sum(axis=1, keepdims=True) * (1 - y)
        found: Array = others - y * others.sum(axis=1, keepdims=True)
        return found

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``log sum_k q_k exp(t_k) - <q, t>`` with t = old - new and q = p + y, a distribution."""
        t, q = old - new, p + y
        near = np.abs(t).max(axis=1) < 1
        small = np.log1p((q * np.expm1(np.where(near[:, None], t, 0.0))).sum(axis=1))
        large = np.logaddexp.reduce(old, axis=1) - np.logaddexp.reduce(new, axis=1)
        rows: Array = np.where(near, small, large) - (q * t).sum(axis=1)
        off = np.where(near, 0.0, self.rounding(old) + self.rounding(new) + 1)
        return rows, differences(old, new, p) + off
