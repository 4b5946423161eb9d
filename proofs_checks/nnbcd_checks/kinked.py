"""U_i's scalar problem where the activation has a kink: two convex quadratics meeting at u = 0.

Entrywise the block problem is

    F(u) = gamma/2 (v - s(u))^2 + rho/2 (u - w)^2 + alpha/2 (u - u0)^2.

On the side with slope k it is a quadratic with second derivative ``q = gamma k^2 + rho + alpha``.
Its minimum over that closed side lies below F(0) by exactly ``[outward Newton decrement at 0]``:
if the one-sided derivative F'(0) points downhill into the side, by ``F'(0)^2 / (2 q)``, else by 0.
So ``F(0) - min F`` is the larger of two Newton decrements at the kink: a global lower bound on F
from the definition, by derivatives at the kink only.  How far u itself ends above the minimum of
its own side is ``F'(u)^2 / (2 q)`` at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations import Pieces
from nnbcd_checks.arrays import CHUNK, Array, empty
from nnbcd_checks.kinks import subdifferential_gap


@dataclass(frozen=True)
class Scalars:
    """The weights of one layer's scalar problem: ``beta = rho + alpha``."""

    gamma: float
    rho: float
    alpha: float
    pieces: Pieces

    @property
    def curvatures(self) -> tuple[float, float]:
        """The second derivatives left and right of the kink."""
        beta = self.rho + self.alpha
        return (
            self.gamma * self.pieces.left**2 + beta,
            self.gamma * self.pieces.right**2 + beta,
        )


class Scan:
    """Visits the entries of a new U in chunks, and sums up what they leave.

    With r = F'(u), k the slope at u, q the curvature and v - s(u) = misfit, the derivative at
    the kink on u's own side is ``r - q u``, and on the other side it differs by
    ``gamma (k_right - k_left) v``.  So the other side can go downhill from the kink only where
    ``gamma (k_right - k_left) misfit + |r| > (gamma k_left k_right + beta) |u|``: the suspects.
    """

    def __init__(self, scalars: Scalars) -> None:
        self.scalars = scalars
        self.own = self.squares = 0.0
        self._found: list[NDArray[np.intp]] = []
        self._buffers = empty(3, CHUNK)

    @property
    def suspects(self) -> NDArray[np.intp]:
        """Flat indices of the entries whose other side must be looked at."""
        return np.concatenate([np.empty(0, np.intp), *self._found])

    def visit(
        self, low: int, u: Array, slope: Array, step: Array, misfit: Array, linear: Array
    ) -> None:
        """Entries (m,) from flat index ``low``: own-side excess, squared distance, suspects."""
        scalars, pieces = self.scalars, self.scalars.pieces
        pull, smooth, out = self._buffers[:, : u.size]
        np.multiply(linear, -scalars.rho, out=smooth)
        np.multiply(step, scalars.alpha, out=pull)
        np.add(smooth, pull, out=smooth)
        np.multiply(misfit, scalars.gamma, out=pull)
        kinked = np.flatnonzero(u == 0)
        gap = subdifferential_gap(smooth, pull, slope, kinked, pieces, out=out)
        squares = kept = float(np.dot(gap, gap))
        np.abs(u, out=smooth)
        smooth *= scalars.gamma * pieces.left * pieces.right + scalars.rho + scalars.alpha
        pull *= pieces.right - pieces.left
        np.subtract(smooth, pull, out=smooth)
        over = np.flatnonzero(smooth < math.sqrt(squares))
        off = kinked[gap[kinked] != 0]
        if off.size:
            over, kept = np.union1d(over, off), squares - float(np.square(gap[off]).sum())
            gap[off] = 0.0
        np.multiply(gap, slope, out=gap)
        self.squares += squares
        self.own += _own_excess(scalars, max(kept, 0.0), float(np.dot(gap, gap)))
        self._found.append(over + low)


def _own_excess(scalars: Scalars, squares: float, sloped: float) -> float:
    """``sum r^2 / (2 q)``, q by side, from ``sum r^2`` and ``sum (k r)^2``."""
    pieces, (left, right) = scalars.pieces, scalars.curvatures
    upper = (sloped - pieces.left**2 * squares) / (pieces.right**2 - pieces.left**2)
    upper = min(max(upper, 0.0), squares)
    return upper / (2 * right) + (squares - upper) / (2 * left)
