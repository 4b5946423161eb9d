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
        return np.where(u > 0, self.right * u, self.left * u)

    def slope(self, u: Array, out: Array | None = None) -> Array:
        """The slope on the side of ``u``; at the kink the left one."""
        found = np.empty_like(u) if out is None else out
        np.greater(u, 0.0, out=found)
        if self.right != 1.0 or self.left != 0.0:
            other = self.left * (1.0 - found)  # exact: found is 0 or 1
            found *= self.right
            found += other
        return found


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
