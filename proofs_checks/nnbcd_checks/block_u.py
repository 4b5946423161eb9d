"""Judge of U_i where the activation has a kink: two convex quadratics meeting at u = 0.

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
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations import Pieces
from nnbcd_checks.arrays import CHUNK, Array, norm, square
from nnbcd_checks.judged import Bench, Judged
from nnbcd_checks.kinks import subdifferential_gap
from nnbcd_checks.rounding import AUDIT_UNIT, growth


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


def judge_u(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """U_i (n, d_i) with a kinked activation; the figures summed over the entries."""
    mixed, name = bench.mixed, f"U{i}"
    weigh = bench.problem.layer(i).penalties
    scalars = Scalars(weigh.gamma, weigh.rho, weigh.alpha, mixed.pieces[i])
    step, shaped_before = new[name] - mixed.now[name], mixed.shaped[i]
    mixed.replace_u(i, new[name], step)
    bench.witness(name, mixed.gradient(name), weigh.alpha, step)
    misfit, linear = mixed.misfit[i], mixed.linear[i]
    own, gaps, suspects = _scan(scalars, new[name], step, misfit, linear)
    jump, jump_tolerance, kink_gap = _jumps(bench, i, scalars, step, suspects)
    own_bound, gap_bound = _own_tolerance(bench, i, scalars)
    shaped_step = mixed.shaped[i] - shaped_before
    step_square, shaped_square = square(step), square(shaped_step)
    decrease = weigh.gamma * (float(np.vdot(shaped_step, misfit)) + shaped_square / 2)
    decrease += weigh.rho * (float(np.vdot(step, linear)) + step_square / 2)
    error = _decrease_error(bench, i, math.sqrt(step_square), math.sqrt(shaped_square))
    allowed = 0.5 * (bench.unit * own_bound) ** 2 + jump_tolerance
    return Judged(
        block=name,
        step=math.sqrt(step_square),
        decrease=decrease,
        constant=constant,
        decrease_tolerance=allowed + error,
        excess=own + jump,
        excess_tolerance=allowed,
        residual=math.sqrt(gaps),
        residual_tolerance=math.hypot(bench.unit * gap_bound, kink_gap),
        audit_error=error,
    )


def _scan(
    scalars: Scalars, u: Array, step: Array, misfit: Array, linear: Array
) -> tuple[float, float, NDArray[np.intp]]:
    """Own-side excess (at most), squared distance to stationarity, and entries to look at.

    With r = F'(u), k the slope at u, q the curvature and v - s(u) = misfit, the derivative at
    the kink on u's own side is ``r - q u``, and on the other side it differs by
    ``gamma (k_right - k_left) v``.  So the other side can go downhill from the kink only where
    ``gamma (k_right - k_left) misfit + |r| > (gamma k_left k_right + beta) |u|``.
    """
    flat = [np.ravel(array) for array in (u, step, misfit, linear)]
    buffers = np.empty((3, min(u.size, CHUNK)))
    total = own = 0.0
    suspects = []
    for low in range(0, u.size, CHUNK):
        part = [array[low : low + CHUNK] for array in flat]
        excess, squares, over = _scan_chunk(scalars, buffers[:, : part[0].size], *part)
        own, total = own + excess, total + squares
        suspects.append(over + low)
    return own, total, np.concatenate(suspects)


def _scan_chunk(
    scalars: Scalars, buffers: Array, u: Array, step: Array, misfit: Array, linear: Array
) -> tuple[float, float, NDArray[np.intp]]:
    """`_scan` on entries (m,)."""
    pieces, pull, smooth = scalars.pieces, buffers[0], buffers[1]
    np.multiply(linear, -scalars.rho, out=smooth)
    np.multiply(step, scalars.alpha, out=pull)
    np.add(smooth, pull, out=smooth)
    np.multiply(misfit, scalars.gamma, out=pull)
    slope = pieces.slope(u)
    gap = subdifferential_gap(smooth, u, pull, slope, pieces, out=buffers[2])
    squares = float(np.dot(gap, gap))
    np.abs(u, out=smooth)
    smooth *= scalars.gamma * pieces.left * pieces.right + scalars.rho + scalars.alpha
    pull *= pieces.right - pieces.left
    np.subtract(smooth, pull, out=smooth)
    over = np.flatnonzero(smooth < math.sqrt(squares))
    kinked = np.flatnonzero(u == 0)
    off = kinked[gap[kinked] != 0] if kinked.size else kinked
    kept = squares
    if off.size:
        over, kept = np.union1d(over, off), squares - float(np.square(gap[off]).sum())
        gap[off] = 0.0
    np.multiply(gap, slope, out=slope)
    return _own_excess(scalars, max(kept, 0.0), float(np.dot(slope, slope))), squares, over


def _own_excess(scalars: Scalars, squares: float, sloped: float) -> float:
    """``sum r^2 / (2 q)``, q by side, from ``sum r^2`` and ``sum (k r)^2``."""
    pieces, (left, right) = scalars.pieces, scalars.curvatures
    upper = (sloped - pieces.left**2 * squares) / (pieces.right**2 - pieces.left**2)
    upper = min(max(upper, 0.0), squares)
    return upper / (2 * right) + (squares - upper) / (2 * left)


def _jumps(
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
    best = np.where(
        u > 0, gain_left, np.where(u < 0, gain_right, np.maximum(gain_left, gain_right))
    )
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


def _own_tolerance(bench: Bench, i: int, scalars: Scalars) -> tuple[float, float]:
    """Roundoffs a computed minimiser of one side may leave: in the H^{-1} norm, and plainly.

    ``gamma k x / sqrt(gamma k^2 + beta) <= sqrt(gamma) x`` and
    ``beta x / sqrt(q) <= sqrt(beta) x``, entry by entry.
    """
    size, beta = bench.sizes, scalars.rho + scalars.alpha
    prediction, error = size.prediction(bench.problem, i)
    steep = scalars.pieces.lipschitz
    values = 8 * (size(f"V{i}") + steep * size(f"U{i}"))
    others = 8 * (2 * size(f"U{i}") + prediction)
    energy = math.sqrt(scalars.gamma) * values + math.sqrt(beta) * others
    energy += 2 * math.sqrt(scalars.rho) * error
    plain = scalars.gamma * steep * values + beta * others + 2 * scalars.rho * error
    return energy, plain


def _decrease_error(bench: Bench, i: int, step: float, shaped: float) -> float:
    """The auditor's own rounding in the factored differences of the two squares."""
    weigh, size = bench.problem.layer(i).penalties, bench.sizes
    misfit, linear = norm(bench.mixed.misfit[i]), norm(bench.mixed.linear[i])
    error = size.prediction(bench.problem, i)[1]
    many = growth(bench.mixed.misfit[i].size)
    first = weigh.gamma * shaped * (many * (misfit + shaped) + 2 * size(f"U{i}"))
    second = weigh.rho * step * (many * (linear + step) + 2 * error)
    return AUDIT_UNIT * (first + second)
