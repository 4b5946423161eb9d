"""Where the other side of the kink undercuts an entry of U: by how much, and what is rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array
from nnbcd_checks.judged import Bench
from nnbcd_checks.kinked import Scalars
from nnbcd_checks.rounding import growth


def jumps(
    bench: Bench, i: int, scalars: Scalars, step: Array, at: NDArray[np.intp]
) -> tuple[float, float, float]:
    """By how much the other side's minimum undercuts the entries ``at``, and what is rounding.

    The third figure bounds the gradient left at entries exactly on the kink: where the values
    of the kink and of a point beside it are equal to rounding, either is a right answer, and an
    excess e allows a derivative of ``sqrt(2 q e)``.

    With ``c = -F'(0)`` on a side, that side gains ``c^2/(2q)`` over F(0) if c points into it; u
    on its own side with derivative r has gained ``u (q u / 2 - r)``.
    """
    if at.size == 0:
        return 0.0, 0.0, 0.0
    u, d, misfit, linear = (
        np.ravel(array)[at]
        for array in (bench.mixed.now[f"U{i}"], step, bench.mixed.misfit[i], bench.mixed.linear[i])
    )
    pieces, gamma, beta = scalars.pieces, scalars.gamma, scalars.rho + scalars.alpha
    left, right = scalars.curvatures
    smooth = scalars.alpha * d - scalars.rho * linear
    v = misfit + pieces.value(u)
    force = beta * u - smooth
    into_left = np.maximum(-(force + gamma * pieces.left * v), 0.0)
    into_right = np.maximum(force + gamma * pieces.right * v, 0.0)
    gain_left, gain_right = into_left**2 / (2 * left), into_right**2 / (2 * right)
    other = np.where(u > 0, gain_left, gain_right)
    best = np.where(u == 0, np.maximum(gain_left, gain_right), other)
    residual = smooth - gamma * misfit * np.where(u > 0, pieces.right, pieces.left)
    held = u * (np.where(u > 0, right, left) * u / 2 - residual)
    under = best - held
    keep = under > 0
    if not keep.any():
        return 0.0, 0.0, 0.0
    w = linear + u
    reach = np.abs(u) + into_left / left + into_right / right
    entry = _Entry(u[keep], v[keep], w[keep], (u - d)[keep], reach[keep])
    tolerance = _jump_tolerance(bench, i, scalars, entry, at[keep])
    at_kink = float(tolerance[entry.u == 0].sum())
    gap = math.sqrt(2 * max(scalars.curvatures) * at_kink)
    return float(under[keep].sum()), float(tolerance.sum()), gap


@dataclass(frozen=True)
class _Entry:
    """Entries (m,) of a scalar problem: u, v, w, the old u, and how far apart candidates are."""

    u: Array
    v: Array
    w: Array
    old: Array
    reach: Array


def _jump_tolerance(
    bench: Bench, i: int, scalars: Scalars, entry: _Entry, at: NDArray[np.intp]
) -> Array:
    """How far two candidates' values, each computed in the working precision, can be off.

    A relative error of a few roundoffs in the values compared and in the data v, w, u0, and the
    error of the computed pre-activation w, which shifts the values of the two sides apart.
    """
    unit = bench.unit
    rows, columns = np.divmod(at, bench.problem.layer(i).outputs)
    weight, bias = bench.mixed.now[f"W{i}"], bench.mixed.now[f"b{i}"]
    product = np.linalg.norm(bench.mixed.v(i - 1)[rows], axis=1)
    product = product * np.linalg.norm(weight[columns], axis=1)
    shift = growth(weight.shape[1]) * product + 4 * (np.abs(bias[columns]) + np.abs(entry.w))
    gamma, rho, alpha = scalars.gamma, scalars.rho, scalars.alpha
    data = 8 * (gamma * np.abs(entry.v) + (rho + alpha) * (np.abs(entry.w) + np.abs(entry.old)))
    error = unit * (data + rho * shift)
    least = min(scalars.curvatures)
    values = gamma * entry.v**2 + rho * entry.w**2 + alpha * entry.old**2
    values = values + max(scalars.curvatures) * entry.u**2
    found: Array = 8 * unit * values + 2 * error * entry.reach + error**2 / least
    return found
