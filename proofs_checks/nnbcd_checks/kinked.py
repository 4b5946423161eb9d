"""U_i's scalar problem where s is piecewise affine: convex quadratics meeting at the kinks.

On the piece with slope k, F is a quadratic with second derivative ``q = gamma k^2 + beta``.  Its
minimum over that closed piece follows from F and its one-sided derivatives at a kink of the
piece: the Newton decrement there, cut off at the other end.  The least over the pieces is the
global minimum, from the definition.  How far u ends above the minimum of its own piece is
``F'(u)^2 / (2 q)`` at most.

Going right from u, F can fall below its least on u's own piece only where a derivative right of
a kink is negative, and going left only where one left of a kink is positive: on every piece F'
increases.  The entries with such a kink are the suspects, looked at one piece after another.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations.piecewise import Kink, PiecewiseAffine
from nnbcd_checks.arrays import CHUNK, Array, empty
from nnbcd_checks.fused import Part
from nnbcd_checks.judged import Bench
from nnbcd_checks.kinks import near_kink, subdifferential_gap
from nnbcd_checks.rounding import kink_band
from nnbcd_checks.scalars import (
    Entries,
    Excess,
    Scalars,
    entries_at,
    quadratic_floor,
    value_tolerance,
)


class KinkedScan:
    """Visits the entries of a new U in chunks, and sums up what they leave."""

    def __init__(self, scalars: Scalars, activation: PiecewiseAffine, dtype: str) -> None:
        self.scalars, self.activation, self.band = scalars, activation, kink_band(dtype)
        self.own = self.squares = 0.0
        self._found: list[NDArray[np.intp]] = []
        self._buffers, self._force = empty(4, CHUNK), empty(CHUNK)

    @property
    def floor(self) -> float:
        """A lower bound of the curvature of F around the entries summed up in ``own``."""
        return curvatures(self.scalars, self.activation)[0]

    @property
    def suspects(self) -> NDArray[np.intp]:
        """Flat indices of the entries whose other pieces must be looked at."""
        return np.concatenate([np.empty(0, np.intp), *self._found])

    def visit(self, part: Part) -> None:
        """Own-piece excess, squared distance to the subdifferential, suspects."""
        scalars, activation, u = self.scalars, self.activation, part.u
        pull, smooth, gap, spare = self._buffers[:, : u.size]
        np.multiply(part.linear, -scalars.rho, out=smooth)
        np.multiply(part.step, scalars.alpha, out=pull)
        np.add(smooth, pull, out=smooth)
        np.multiply(part.misfit, scalars.gamma, out=pull)
        on = near_kink(u, activation, self.band)
        subdifferential_gap(smooth, pull, part.slope, on, activation, out=gap)
        self.squares += float(np.dot(gap, gap))
        over = self._downhill(part, smooth, pull, spare)
        for at in on:
            off = at[gap[at] != 0]
            if off.size:  # on a kink there is no own piece
                over, gap[off] = np.union1d(over, off), 0.0
        np.multiply(part.slope, part.slope, out=spare)
        spare *= 2 * scalars.gamma
        spare += 2 * scalars.beta
        np.divide(gap, spare, out=spare)
        self.own += float(np.dot(gap, spare))
        self._found.append(over + part.low)

    def _downhill(self, part: Part, smooth: Array, pull: Array, spare: Array) -> NDArray[np.intp]:
        """Entries from which some kink is followed, going on, by a descent."""
        found: list[NDArray[np.intp]] = []
        for kink in self.activation.kinks:
            # F' at the kink is smooth + beta (t - u) - gamma k (a + s(u) - s(t)).
            there = self._at_kink(part, kink, smooth, spare)
            force = np.multiply(part.shaped, self.scalars.gamma, out=self._force[: part.u.size])
            force += pull
            if kink.value:
                force -= self.scalars.gamma * kink.value
            left = (part.u >= kink.at) & (there > _times(kink.left, force))
            right = (part.u <= kink.at) & (there < _times(kink.right, force))
            found.append(np.flatnonzero(left | right))
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _at_kink(self, part: Part, kink: Kink, smooth: Array, out: Array) -> Array:
        np.subtract(kink.at, part.u, out=out)
        out *= self.scalars.beta
        return np.add(smooth, out, out=out)

    def settle(self, bench: Bench, i: int, step: Array) -> Excess:
        """By how much other pieces undercut the suspects, and what of it is rounding.

        ``gap`` bounds the derivative left at entries exactly on a kink: where the values of the
        kink and of a point beside it are equal to rounding, either is a right answer, and an
        excess e allows a derivative of ``sqrt(2 q e)``.
        """
        at = self.suspects
        if at.size == 0:
            return Excess(0.0, 0.0, 0.0)
        entries = entries_at(bench, i, self.scalars, step, at)
        on = near_kink(entries.u, self.activation, self.band)
        own = self.activation.piece(entries.u)
        own[np.concatenate(on)] = -1
        under, reach = undercut(entries, self.activation, own)
        keep = under > 0
        if not keep.any():
            return Excess(0.0, 0.0, 0.0)
        bounds = curvatures(self.scalars, self.activation)
        kept = entries.take(keep)
        tolerance = value_tolerance(bench, i, kept, at[keep], reach[keep], bounds)
        at_kink = float(tolerance[own[keep] < 0].sum())
        gap = math.sqrt(2 * bounds[1] * at_kink)
        return Excess(float(under[keep].sum()), float(tolerance.sum()), gap)


def _times(slope: float, force: Array) -> Array | float:
    """``slope * force`` without a pass where it needs none."""
    if slope == 0.0:
        return 0.0
    return force if slope == 1.0 else slope * force


def curvatures(scalars: Scalars, activation: PiecewiseAffine) -> tuple[float, float]:
    """The least and the largest second derivative of F on a piece."""
    squares = [slope**2 for slope in activation.slopes]
    return (
        scalars.gamma * min(squares) + scalars.beta,
        scalars.gamma * max(squares) + scalars.beta,
    )


def undercut(
    entries: Entries, activation: PiecewiseAffine, own: NDArray[np.intp]
) -> tuple[Array, Array]:
    """``F(u)`` less the least value on pieces other than ``own`` (or 0), and how far that is."""
    lowest, reach = np.zeros_like(entries.u), np.zeros_like(entries.u)
    ends = (-math.inf, *activation.breaks, math.inf)
    scalars, kinks = entries.scalars, activation.kinks
    for j, slope in enumerate(activation.slopes):
        anchor = kinks[max(j - 1, 0)]
        derivative = entries.derivative(anchor.at, anchor.value, slope)
        curvature = scalars.gamma * slope**2 + scalars.beta
        low, high = ends[j] - anchor.at, ends[j + 1] - anchor.at
        drop, place = quadratic_floor(derivative, curvature, low, high)
        value = entries.rise(anchor.at, anchor.value) + drop
        better = (own != j) & (value < lowest)
        lowest = np.where(better, value, lowest)
        reach = np.where(own != j, np.maximum(reach, np.abs(anchor.at + place - entries.u)), reach)
    return -lowest, reach
