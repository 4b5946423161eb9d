"""Half the squared distance."""

from __future__ import annotations

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses.protocol import Smooth


class Squared(Smooth):
    """``1/2 ||v - y||^2``."""

    modulus = 1.0

    def check(self, y: Array) -> None:
        """Any Y."""

    def values(self, v: Array, y: Array) -> Array:
        """Per row."""
        found: Array = 0.5 * np.square(v - y).sum(axis=1)
        return found

    def gradient(self, v: Array, y: Array) -> Array:
        """``v - y``."""
        return v - y

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``1/2 ||old - new||^2``: the function is its own second-order expansion."""
        return self.values(old, new), np.zeros(len(new))
