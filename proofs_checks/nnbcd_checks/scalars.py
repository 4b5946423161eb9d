"""U_i's scalar problem, entry by entry, and lower bounds of it relative to its value at u.

Entrywise the block problem is

    F(x) = gamma/2 (v - s(x))^2 + rho/2 (x - w)^2 + alpha/2 (x - u0)^2.

With ``a = v - s(u)``, ``e = rho (u - w) + alpha (u - u0)``, beta = rho + alpha, c = s(u) - s(x),

    F(x) - F(u) = (x - u) (e + beta (x - u)/2) + gamma c (a + c/2),
    F'(x)       = e + beta (x - u) - gamma s'(x) (a + c),

so that nothing cancels where x is near u.  On an interval where F'' >= kappa, F is at least
``F(x) + F'(x) y + kappa/2 y^2`` at x + y, whatever the sign of kappa.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array
from nnbcd_checks.judged import Bench
from nnbcd_checks.rounding import growth


@dataclass(frozen=True)
class Scalars:
    """The weights of one layer's scalar problem."""

    gamma: float
    rho: float
    alpha: float

    @property
    def beta(self) -> float:
        """The curvature of F without the term in s."""
        return self.rho + self.alpha


@dataclass(frozen=True)
class Entries:
    """Entries (m,) of the scalar problem: u, s(u), the misfit a, the slope e, old u and w."""

    scalars: Scalars
    u: Array
    shaped: Array
    misfit: Array
    smooth: Array
    old: Array
    w: Array

    def take(self, at: NDArray[Any]) -> Entries:
        """Those at the indices, or under the mask, ``at``."""
        arrays = (self.u, self.shaped, self.misfit, self.smooth, self.old, self.w)
        return Entries(self.scalars, *(array[at] for array in arrays))

    @property
    def v(self) -> Array:
        """The entries of V."""
        return self.misfit + self.shaped

    def rise(self, x: Array | float, shaped: Array | float) -> Array:
        """``F(x) - F(u)``, with s(x) given."""
        d, c = x - self.u, self.shaped - shaped
        found: Array = d * (self.smooth + self.scalars.beta * d / 2)
        found += self.scalars.gamma * c * (self.misfit + c / 2)
        return found

    def derivative(self, x: Array | float, shaped: Array | float, slope: Array | float) -> Array:
        """``F'(x)``, with s(x) and s'(x) given."""
        pull = self.scalars.gamma * slope * (self.misfit + self.shaped - shaped)
        found: Array = self.smooth + self.scalars.beta * (x - self.u) - pull
        return found


@dataclass(frozen=True)
class Excess:
    """By how much entries end above what lies elsewhere, what of it is rounding, and how large
    a derivative that rounding may leave."""

    value: float
    tolerance: float
    gap: float


def entries_at(
    bench: Bench, i: int, scalars: Scalars, step: Array, at: NDArray[np.intp]
) -> Entries:
    """The entries ``at`` (flat indices) of U_i right after its update."""
    mixed = bench.mixed
    u, shaped, misfit, linear, d = (
        np.ravel(array)[at]
        for array in (mixed.now[f"U{i}"], mixed.shaped[i], mixed.misfit[i], mixed.linear[i], step)
    )
    smooth = scalars.alpha * d - scalars.rho * linear
    return Entries(scalars, u, shaped, misfit, smooth, u - d, linear + u)


def quadratic_floor(
    derivative: Array, curvature: Array | float, low: Array | float, high: Array | float
) -> tuple[Array, Array]:
    """The least ``derivative y + curvature/2 y^2`` over ``low <= y <= high``, and where it is.

    ``low <= 0 <= high``; an end is infinite only where the curvature is positive.
    """
    curvature = np.asarray(curvature)
    curved = curvature > 0
    inner = np.clip(-derivative / np.where(curved, curvature, 1.0), low, high)
    ends = [y * (derivative + curvature * y / 2) for y in (low, high)]
    place: Array = np.where(curved, inner, np.where(ends[0] <= ends[1], low, high))
    found: Array = place * (derivative + curvature * place / 2)
    return found, place


def value_tolerance(
    bench: Bench,
    i: int,
    entries: Entries,
    at: NDArray[np.intp],
    reach: Array,
    curvatures: tuple[float, float],
) -> Array:
    """How far the values of two candidates, each computed in the working precision, can be off.

    A relative error of a few roundoffs in the values compared and in the data v, w, u0, and the
    error of the computed pre-activation w, which shifts the values of the two apart.  ``reach``:
    how far apart the candidates are; ``curvatures``: the least and the largest of F.
    """
    unit, activation = bench.unit, bench.problem.layer(i).activation
    rows, columns = np.divmod(at, bench.problem.layer(i).outputs)
    compression, tensors = bench.problem.layer(i).compression, bench.mixed.tensors(i)
    weight = compression.weight_size(tensors, bench.mixed.now[f"W{i}"])
    bias = bench.mixed.now[f"b{i}"]
    product = np.linalg.norm(bench.mixed.v(i - 1)[rows], axis=1)
    product = product * np.linalg.norm(weight[columns], axis=1)
    shift = growth(weight.shape[1]) * product + 4 * (np.abs(bias[columns]) + np.abs(entries.w))
    scalars = entries.scalars
    gamma, beta, v = scalars.gamma, scalars.beta, entries.v
    data = gamma * activation.lipschitz * (np.abs(v) + activation.offset)
    data = 8 * (data + beta * (np.abs(entries.w) + np.abs(entries.old)))
    error = unit * (data + scalars.rho * shift)
    values = gamma * v**2 + scalars.rho * entries.w**2 + scalars.alpha * entries.old**2
    values = values + curvatures[1] * entries.u**2 + gamma * activation.offset**2
    found: Array = 8 * unit * values + 2 * error * reach + error**2 / curvatures[0]
    return found
