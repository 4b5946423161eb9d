"""U_i's scalar problem where s is smooth and bounded: the global minimum by branch and bound.

With m the minimiser of the part of F without s, and s increasing, a global minimiser x lies
between m and ``m + sqrt(gamma/beta) (v - s(m))``: away from v both parts of F grow, and
``beta/2 (x - m)^2 <= gamma/2 (v - s(m))^2`` since F(x) <= F(m).  Where F is strongly convex on an
interval that holds this box and u, what u leaves is ``F'(u)^2 / (2 kappa)`` at most.  Else the box
is cut into intervals, each with its lower bound of F, until no bound is below the best value
found by more than rounding.  u is always an end of an interval, and the point from which that
interval is bounded, so that its own well costs it no more than its own derivative does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations.scaled_tanh import ScaledTanh
from nnbcd_checks.arrays import Array
from nnbcd_checks.fused import Part
from nnbcd_checks.judged import Bench
from nnbcd_checks.scalars import (
    Entries,
    Excess,
    Scalars,
    entries_at,
    quadratic_floor,
    value_tolerance,
)

CONVEX = 0.25
"""Of beta: the curvature from which on an interval counts as strongly convex."""
DEEPEST = 64
"""Halvings after which an interval that is still open is charged with its lower bound."""


class BentScan:
    """Visits the entries of a new U in chunks, and sums up what they leave."""

    def __init__(self, scalars: Scalars, activation: ScaledTanh) -> None:
        self.scalars, self.activation = scalars, activation
        self.own = self.squares = 0.0
        self._found: list[NDArray[np.intp]] = []

    @property
    def floor(self) -> float:
        """A lower bound of the curvature of F around the entries summed up in ``own``."""
        return CONVEX * self.scalars.beta

    @property
    def suspects(self) -> NDArray[np.intp]:
        """Flat indices of the entries whose problem is not known to be convex where it matters."""
        return np.concatenate([np.empty(0, np.intp), *self._found])

    def visit(self, part: Part) -> None:
        """Excess of the convex entries, squared derivatives, suspects."""
        scalars = self.scalars
        smooth = scalars.alpha * part.step - scalars.rho * part.linear
        derivative = smooth - scalars.gamma * part.slope * part.misfit
        self.squares += float(np.dot(derivative, derivative))
        entries = Entries(scalars, part.u, part.shaped, part.misfit, smooth, part.u, part.u)
        low, high = box(entries, self.activation)
        bend = self.activation.bend(low, high, entries.v)
        curvature = scalars.beta + scalars.gamma * bend
        convex = curvature >= self.floor
        safe = np.where(convex, curvature, 1.0)
        self.own += float(np.sum(np.where(convex, derivative**2 / (2 * safe), 0.0)))
        self._found.append(np.flatnonzero(~convex) + part.low)

    def settle(self, bench: Bench, i: int, step: Array) -> Excess:
        """What the suspects leave; their own wells' part is added to ``own``."""
        at = self.suspects
        if at.size == 0:
            return Excess(0.0, 0.0, 0.0)
        entries = entries_at(bench, i, self.scalars, step, at)
        bounds = (self.scalars.beta, self._top(float(np.abs(entries.misfit).max())))
        rounding = value_tolerance(bench, i, entries, at, np.zeros(at.size), bounds)
        own, under, reach = search(entries, self.activation, self.floor, rounding / 16)
        self.own += float(own.sum())
        keep = under > 0
        if not keep.any():
            return Excess(0.0, 0.0, 0.0)
        kept = entries.take(keep)
        tolerance = value_tolerance(bench, i, kept, at[keep], reach[keep], bounds)
        return Excess(float(under[keep].sum()), float(tolerance.sum()), 0.0)

    def _top(self, misfit: float) -> float:
        """A bound of F'': ``|s''| <= |s'| / width``."""
        steep = self.activation.lipschitz
        bend = steep**2 + steep / self.activation.width * misfit
        return self.scalars.gamma * bend + self.scalars.beta


def box(entries: Entries, activation: ScaledTanh) -> tuple[Array, Array]:
    """An interval that holds u and every global minimiser."""
    scalars = entries.scalars
    m = entries.u - entries.smooth / scalars.beta
    apart = entries.v - activation.value(m)
    end = m + math.sqrt(scalars.gamma / scalars.beta) * apart
    return np.minimum(np.minimum(m, end), entries.u), np.maximum(np.maximum(m, end), entries.u)


@dataclass(frozen=True)
class Nodes:
    """Intervals [low, high] (m,) of the entries ``at``."""

    at: NDArray[np.intp]
    low: Array
    high: Array

    def halves(self, open_: NDArray[np.bool_]) -> Nodes:
        """Both halves of the open ones."""
        at, low, high = self.at[open_], self.low[open_], self.high[open_]
        middle = 0.5 * (low + high)
        return Nodes(
            np.concatenate([at, at]),
            np.concatenate([low, middle]),
            np.concatenate([middle, high]),
        )


def search(
    entries: Entries, activation: ScaledTanh, floor: float, close: Array
) -> tuple[Array, Array, Array]:
    """Per entry: what u leaves in its own convex well, by how much F may be lower elsewhere
    (within ``close``, per entry), and how far away."""
    count = entries.u.size
    own, lowest, reach, best = (np.zeros(count) for _ in range(4))
    low, high = box(entries, activation)
    everyone = np.arange(count)
    nodes = Nodes(
        np.concatenate([everyone, everyone]),
        np.concatenate([low, entries.u]),
        np.concatenate([entries.u, high]),
    )
    for depth in range(DEEPEST + 1):
        if nodes.at.size == 0:
            break
        here = entries.take(nodes.at)
        beside = (nodes.low == here.u) | (nodes.high == here.u)
        x = np.where(beside, here.u, 0.5 * (nodes.low + nodes.high))
        rise, bound, curvature = bounds_from(here, activation, nodes, x)
        np.minimum.at(best, nodes.at, rise)
        well = beside & (curvature >= floor)
        np.maximum.at(own, nodes.at[well], -bound[well])
        done = well | (bound >= best[nodes.at] - close[nodes.at]) | (depth == DEEPEST)
        ended = done & ~well & (bound < 0)
        np.minimum.at(lowest, nodes.at[ended], bound[ended])
        far = np.maximum(np.abs(nodes.low - here.u), np.abs(nodes.high - here.u))
        np.maximum.at(reach, nodes.at[ended], far[ended])
        nodes = nodes.halves(~done)
    return own, -lowest, reach


def bounds_from(
    entries: Entries, activation: ScaledTanh, nodes: Nodes, x: Array
) -> tuple[Array, Array, Array]:
    """``F(x) - F(u)``, a lower bound of F - F(u) on the interval, and one of F'' there."""
    shaped = activation.value(x)
    shaped = np.where(x == entries.u, entries.shaped, shaped)
    rise = entries.rise(x, shaped)
    derivative = entries.derivative(x, shaped, activation.slope_at(shaped))
    bend = activation.bend(nodes.low, nodes.high, entries.v)
    curvature = entries.scalars.beta + entries.scalars.gamma * bend
    drop, _ = quadratic_floor(derivative, curvature, nodes.low - x, nodes.high - x)
    return rise, rise + drop, curvature
