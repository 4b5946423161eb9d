"""The multiclass hinge of the worst violation alone."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Polyhedral, check_one_hot, level


class CrammerSinger(Polyhedral):
    """``max_k z_k`` with ``z_k = 1 + v_k - v_c`` for wrong classes and ``z_c = 0``.

    A subgradient is ``a - y`` with a distribution a on the classes where z is largest.
    """

    def check(self, y: Array) -> None:
        """One-hot rows."""
        check_one_hot(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row."""
        found: Array = _scores(v, y).max(axis=1)
        return found

    def rounding(self, v: Array) -> Array:
        """z is a difference."""
        found: Array = 4 * (1 + np.abs(v).max(axis=1))
        return found

    def nearest(self, pull: Array, v: Array, y: Array, band: Array) -> Array:
        """The projection of ``pull``: onto the simplex over the classes within the band of the top.

        ``a_k = max(0, pull_k + y_k - x)`` there, with x such that they sum to 1.
        """
        z = _scores(v, y)
        high = np.where(z >= z.max(axis=1, keepdims=True) - band[:, None], np.inf, 0.0)
        q, low = pull + y, np.zeros_like(z)
        x = level(q, low, high, 0.0, np.ones(len(v)))
        a = np.clip(q - x[:, None], low, high)
        found: Array = a / a.sum(axis=1, keepdims=True) - y
        return found

    def gap(self, v: Array, y: Array, p: Array) -> Array:
        """``sum_k a_k (max z - z_k)``."""
        z = _scores(v, y)
        found: Array = ((p + y) * (z.max(axis=1, keepdims=True) - z)).sum(axis=1)
        return found

    def kinks(self, v: Array, y: Array, band: Array) -> Array:
        """Classes that share the top, beyond the first; any one of them may take all of a."""
        z = _scores(v, y)
        near = z >= z.max(axis=1, keepdims=True) - band[:, None]
        found: Array = near.sum(axis=1).astype(np.float64) - 1
        return found

    def reach(self, width: int) -> float:
        """Of a distribution."""
        return 1.0


def _scores(v: Array, y: Array) -> Array:
    """z (n, d)."""
    found: Array = (1 - y) * (1 + v - (v * y).sum(axis=1, keepdims=True))
    return found
