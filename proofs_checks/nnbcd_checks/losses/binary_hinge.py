"""The hinge of signs."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Polyhedral, check_signs


class BinaryHinge(Polyhedral):
    """``sum_k max(0, x_k)``, ``x = 1 - y v``; a subgradient is ``-y`` times shares in [0, 1]."""

    def check(self, y: Array) -> None:
        """Signs."""
        check_signs(y)

    def values(self, v: Array, y: Array) -> Array:
        """Per row; ``1 - y v`` is rounded once, hence exact to a relative error."""
        found: Array = np.maximum(1 - y * v, 0).sum(axis=1)
        return found

    def nearest(self, pull: Array, v: Array, y: Array, band: Array) -> Array:
        """Entry by entry: the share is free where x is within the band, else 0 or 1."""
        x = 1 - y * v
        low = np.where(x > band[:, None], 1.0, 0.0)
        high = np.where(x < -band[:, None], 0.0, 1.0)
        found: Array = -y * np.clip(-y * pull, low, high)
        return found

    def gap(self, v: Array, y: Array, p: Array) -> Array:
        """``max(0, x) - share x``."""
        x, share = 1 - y * v, -y * p
        found: Array = np.where(x > 0, (1 - share) * x, -share * x).sum(axis=1)
        return found

    def kinks(self, v: Array, y: Array, band: Array) -> Array:
        """Entries with x within the band."""
        found: Array = (np.abs(1 - y * v) <= band[:, None]).sum(axis=1).astype(float)
        return found

    def reach(self, width: int) -> float:
        """Shares are at most 1."""
        return 1.0
