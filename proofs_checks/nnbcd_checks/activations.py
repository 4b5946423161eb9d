"""Activations: continuous, two linear pieces meeting at 0.  One registry line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.problem import Activation


@dataclass(frozen=True)
class Pieces:
    """``s(u) = left u`` for ``u <= 0`` and ``right u`` for ``u >= 0``; ``0 <= left <= right``."""

    left: float
    right: float

    @property
    def smooth(self) -> bool:
        """Whether there is no kink."""
        return self.left == self.right

    @property
    def lipschitz(self) -> float:
        """The Lipschitz constant of ``s``."""
        return max(abs(self.left), abs(self.right))

    def value(self, u: Array) -> Array:
        """``s(u)``, entrywise."""
        if self.smooth:
            return u if self.left == 1.0 else self.left * u
        if self.left == 0.0 and self.right == 1.0:
            return np.maximum(u, 0.0)
        return np.where(u > 0, self.right * u, self.left * u)

    def slope(self, u: Array) -> Array:
        """The slope on the side of ``u``; at the kink the left one."""
        if self.left == 0.0 and self.right == 1.0:
            return (u > 0).astype(np.float64)
        return np.where(u > 0, self.right, self.left)


def _leaky(activation: Activation) -> Pieces:
    return Pieces(float(activation.slope or 0.0), 1.0)


ACTIVATIONS: Mapping[str, Callable[[Activation], Pieces]] = {
    "identity": lambda _: Pieces(1.0, 1.0),
    "relu": lambda _: Pieces(0.0, 1.0),
    "leaky_relu": _leaky,
}


def pieces_of(activation: Activation) -> Pieces:
    """The registry's entry for ``activation``."""
    return ACTIVATIONS[activation.kind](activation)
