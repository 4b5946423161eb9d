"""What a loss answers: all that the judge of V_N needs, and no minimiser.

l is a convex function of one row.  For a row p the *gap* of p at v is

    l(v) + l*(p) - <p, v> >= 0,

so that ``l(x) >= l(v) + <p, x - v> - gap`` for all x: p is a (gap)-subgradient at v, and a
subgradient where the gap is 0 (Rockafellar, *Convex Analysis*, 23.5 and section 24).  A computed
minimiser lies within rounding of a kink, not on it: what holds it there are the subgradients at
the kink, whose gap at v is then rounding.  ``nearest`` chooses among them.

Two families: smooth losses have one subgradient, with gap 0; polyhedral ones are the largest of
finitely many affine functions, or a sum of such.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnbcd_checks.arrays import Array

ROUNDOFFS = 4.0
"""Roundings in one entry of a loss, in unit roundoffs of the magnitudes that enter."""


@dataclass(frozen=True)
class Loss(ABC):
    """A loss; arrays are rows (n, d), figures per row (n,).  ``json``: its own object."""

    json: Mapping[str, Any]

    modulus = 0.0
    """l is modulus-strongly convex."""

    @property
    def weighted(self) -> bool:
        """Whether every sample has a weight of its own."""
        return bool(self.json.get("weighted", False))

    @abstractmethod
    def check(self, y: Array) -> None:
        """Raise `ValueError`, naming the row, unless Y is what the loss takes."""

    @abstractmethod
    def values(self, v: Array, y: Array) -> Array:
        """l of every row (n,)."""

    def rounding(self, v: Array) -> Array:
        """How far a computed ``values`` may be off beyond a relative error, in roundoffs (n,)."""
        return np.zeros(len(v))

    @abstractmethod
    def nearest(self, pull: Array, v: Array, y: Array, band: Array) -> Array:
        """The subgradient next to ``pull`` (n, d), of those at v or at a kink within ``band``."""

    @abstractmethod
    def gap(self, v: Array, y: Array, p: Array) -> Array:
        """The gap of p at v, per row (n,)."""

    @abstractmethod
    def kinks(self, v: Array, y: Array, band: Array) -> Array:
        """How many kinks of each row lie within ``band`` of v (n,)."""

    @abstractmethod
    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """``l(old) - l(new) - <p, old - new>`` per row, and how far it may be off, in roundoffs."""

    @abstractmethod
    def sway(self, size: Array) -> Array:
        """A bound of the change of a gradient under a change of size ``size`` in v, entrywise."""

    @abstractmethod
    def reach(self, width: int) -> float:
        """A bound of every entry of a subgradient of a row of that width, or 0 if there is none."""


class Smooth(Loss):
    """Differentiable, with a Lipschitz constant of the gradient of at most 1."""

    @abstractmethod
    def gradient(self, v: Array, y: Array) -> Array:
        """The gradient of every row (n, d)."""

    def nearest(self, pull: Array, v: Array, y: Array, band: Array) -> Array:
        """The gradient: there is no other subgradient."""
        return self.gradient(v, y)

    def gap(self, v: Array, y: Array, p: Array) -> Array:
        """0: p is the gradient."""
        return np.zeros(len(v))

    def kinks(self, v: Array, y: Array, band: Array) -> Array:
        """0: there are none."""
        return np.zeros(len(v))

    def sway(self, size: Array) -> Array:
        """The gradient is 1-Lipschitz."""
        return size

    def reach(self, width: int) -> float:
        """No kink needs it."""
        return 0.0


class Polyhedral(Loss):
    """Piecewise affine: a subgradient changes at kinks only, where the band takes care of it."""

    def bregman(self, old: Array, new: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """The gap of p at the old row less that at the new one: l* cancels, and nothing else."""
        there, here = self.gap(old, y, p), self.gap(new, y, p)
        moved = (there != 0) | (here != 0)
        size = 1 + np.abs(old).max(axis=1) + np.abs(new).max(axis=1)
        off: Array = ROUNDOFFS * np.where(moved, new.shape[1] * size, 0.0)
        return there - here, off

    def sway(self, size: Array) -> Array:
        """Away from the kinks a gradient does not change."""
        return np.zeros_like(size)


def differences(old: Array, new: Array, p: Array) -> Array:
    """Roundoffs in the difference of a smooth loss: relative to the step (n,)."""
    steps = np.abs(new - old) * (1 + np.abs(p))
    found: Array = ROUNDOFFS * new.shape[1] * steps.sum(axis=1)
    return found


def check_signs(y: Array) -> None:
    """Raise `ValueError` unless every entry is -1 or 1."""
    _check_rows(y, np.abs(y) == 1, "-1 or 1 in every entry")


def check_zeros_and_ones(y: Array) -> None:
    """Raise `ValueError` unless every entry is 0 or 1."""
    _check_rows(y, (y == 0) | (y == 1), "0 or 1 in every entry")


def check_one_hot(y: Array) -> None:
    """Raise `ValueError` unless every row is one 1 among at least one 0."""
    if y.shape[1] < 2:
        raise ValueError(f"Y: given {y.shape[1]} column; allowed: at least 2, one a class")
    right = ((y == 0) | (y == 1)) & (y.sum(axis=1, keepdims=True) == 1)
    _check_rows(y, right, "one-hot: a single 1, all else 0")


def _check_rows(y: Array, right: np.ndarray[Any, np.dtype[np.bool_]], allowed: str) -> None:
    wrong = np.flatnonzero(~right.all(axis=1))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(f"Y: row {row}: given {y[row].tolist()[:20]}; allowed: {allowed}")


def level(q: Array, low: Array, high: Array, rising: float, target: Array) -> Array:
    """The x of each row with ``sum_k clip(q_k - x, low_k, high_k) = rising x + target`` (n,).

    The left side does not increase in x and the right one does not decrease, so that bisection
    finds it; ``high`` may be infinite.  Between the bounds taken it is known to have a root.
    """
    reach = np.abs(q).max(axis=1) + np.abs(target) + np.abs(low).max(axis=1) + 1
    reach = reach + np.where(np.isfinite(high), np.abs(high), 0).sum(axis=1)
    below, above = -reach * (1 + q.shape[1]), reach * (1 + q.shape[1])
    for _ in range(80):
        middle = 0.5 * (below + above)
        over = np.clip(q - middle[:, None], low, high).sum(axis=1) > rising * middle + target
        below, above = np.where(over, middle, below), np.where(over, above, middle)
    found: Array = 0.5 * (below + above)
    return found
