"""The multiclass hinge that sums the violations of all wrong classes."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Polyhedral, check_one_hot, level


class WestonWatkins(Polyhedral):
    """``sum_{k != c} max(0, x_k)``, ``x_k = 1 + v_k - v_c``.

    A subgradient has a share in [0, 1] in every wrong class, and minus their sum in class c.
    """

    def check(self, y: Array) -> None:
        """One-hot rows."""
        check_one_hot(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row."""
        found: Array = np.maximum(_excess(v, y), 0).sum(axis=1)
        return found

    def rounding(self, v: Array) -> Array:
        """x is a difference."""
        found: Array = 4 * v.shape[1] * (1 + np.abs(v).max(axis=1))
        return found

    def nearest(self, pull: Array, v: Array, y: Array, band: Array) -> Array:
        """The projection of ``pull`` onto the subgradients with free shares within the band.

        Stationarity of ``sum_k (pull_k - a_k)^2 + (pull_c + sum a)^2`` in the shares a, kept in
        their intervals: ``a_k = clip(pull_k - x)`` with ``x = pull_c + sum a``.
        """
        wrong, over = 1 - y, _excess(v, y)
        low = np.where(over > band[:, None], wrong, 0.0)
        high = np.where(over < -band[:, None], 0.0, wrong)
        x = level(pull, low, high, 1.0, -(pull * y).sum(axis=1))
        shares = np.clip(pull - x[:, None], low, high)
        found: Array = shares - y * shares.sum(axis=1, keepdims=True)
        return found

    def gap(self, v: Array, y: Array, p: Array) -> Array:
        """``sum_k max(0, x_k) - share_k x_k``."""
        over, share = _excess(v, y), p * (1 - y)
        found: Array = np.where(over > 0, (1 - share) * over, -share * over) @ np.ones(v.shape[1])
        return found

    def kinks(self, v: Array, y: Array, band: Array) -> Array:
        """Wrong classes with x within the band."""
        near = (np.abs(_excess(v, y)) <= band[:, None]) & (y == 0)
        found: Array = near.sum(axis=1).astype(np.float64)
        return found

    def reach(self, width: int) -> float:
        """The sum of the shares, in class c."""
        return width - 1.0


def _excess(v: Array, y: Array) -> Array:
    """x (n, d), 0 in class c."""
    found: Array = (1 - y) * (1 + v - (v * y).sum(axis=1, keepdims=True))
    return found
