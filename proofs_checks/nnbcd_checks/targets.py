"""What V_N is fitted to: the loss with its data, and the subgradients of it that a right V_N has.

For ``F(V) = sum_j S_j l(v_j) + G(V)`` with G smooth and (gamma + alpha)-strongly convex, any rows
p_j with gaps e_j at v_j (see `losses.protocol`), and R = grad G + S p,

    F(X) >= F(V) - sum_j S_j e_j + <R, X - V> + c_j/2 ||x_j - v_j||^2,
    F(V) - min F <= sum_j (||R_j||^2 / (2 c_j) + S_j e_j),      c_j = gamma + alpha + S_j modulus,

so that the excess is bounded by any choice of p.  Where a kink holds v the computed v is within
rounding of it: subgradients of every kink within a band of roundoffs are allowed, and what they
cost, S_j e_j, is of the size of that band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.losses import Loss

BAND = 16.0
"""Unit roundoffs of the magnitudes at a kink within which a computed minimiser sits on it."""


@dataclass(frozen=True)
class Targets:
    """Y (n, d) and the sample weights S (n,) of the loss."""

    loss: Loss
    y: Array
    weights: Array

    def value(self, v: Array) -> float:
        """``sum_j S_j l(v_j, y_j)``."""
        return float(self.weights @ self.loss.values(v, self.y))

    def value_error(self, v: Array) -> float:
        """Roundoffs in ``value`` beyond a relative error."""
        return float(self.weights @ self.loss.rounding(v))

    def band(self, v: Array, stiff: float, unit: float) -> Array:
        """How far from a kink of row j a computed minimiser may be that belongs on it (n,).

        v is computed from a point as far away as the step of a subgradient, ``S p / stiff``.
        """
        step = self.weights * self.loss.reach(v.shape[1]) / stiff
        found: Array = BAND * unit * (1 + np.abs(v).max(axis=1) + step)
        return found

    def nearest(self, smooth: Array, v: Array, band: Array) -> Array:
        """The p (n, d) that leaves the least ``smooth + S p``, smooth (n, d) the gradient of G."""
        return self.loss.nearest(-smooth / self.weights[:, None], v, self.y, band)

    def residual(self, smooth: Array, p: Array) -> Array:
        """``smooth + S p`` (n, d)."""
        return smooth + self.weights[:, None] * p

    def magnitude(self, v: Array, p: Array, band: Array) -> float:
        """The norm of what enters a computed ``S p``, in which its roundoffs are counted.

        At a kink p is found from shares as large as any there may be, whatever it comes to.
        """
        rows, kinks = self.weights[:, None], self.loss.kinks(v, self.y, band)
        shares = np.where(kinks > 0, self.loss.reach(v.shape[1]), 0.0)
        size = np.maximum(np.abs(p), shares[:, None])
        sway = self.loss.sway(np.abs(v) + np.abs(self.y))
        return float(np.linalg.norm(rows * size) + np.linalg.norm(rows * sway))
