"""The squared hinge: entries are pushed above 1 where y is 1, and below 0 where it is 0."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Smooth, check_zeros_and_ones, differences


class SquaredHinge(Smooth):
    """``sum_k 1/2 max(0, t_k)^2`` with ``t = 1 - v`` where y is 1 and ``t = v`` where it is 0."""

    def check(self, y: Array) -> None:
        """Zeros and ones."""
        check_zeros_and_ones(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row; t is rounded once, hence exact to a relative error."""
        found: Array = 0.5 * np.square(_short(v, y)).sum(axis=1)
        return found

    def gradient(self, v: Array, y: Array) -> Array:
        """``max(0, t)`` in the direction in which t grows."""
        found: Array = (1 - 2 * y) * _short(v, y)
        return found

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``1/2 (c - q)^2 + q (c - t)`` with t of the old row, c = max(0, t) and q = |p|.

        Where both rows fall short, c - q is the step itself, so that nothing cancels.
        """
        t, q = y + (1 - 2 * y) * old, np.abs(p)
        c = np.maximum(t, 0)
        change = np.where((c > 0) & (q > 0), old - new, c - q)
        rows: Array = (0.5 * np.square(change) + q * (c - t)).sum(axis=1)
        return rows, differences(old, new, q + y + np.abs(new))


def _short(v: Array, y: Array) -> Array:
    """``max(0, t)``."""
    found: Array = np.maximum(y + (1 - 2 * y) * v, 0)
    return found
