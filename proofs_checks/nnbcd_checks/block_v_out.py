"""Judge of V_N (n, d_N), next to the loss: convex, with the mathematics of `targets`.

With D the step, p the subgradients chosen and R the residual, prox included,

    f(V_old) - f(V) = (alpha + gamma/2) ||D||^2 - <R, D> + sum_j S_j B_j,
    B_j = l(v_old) - l(v) - <p, v_old - v>,

for any V and p: no two values of the objective are subtracted, and of the loss only what B_j is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import Array, weighted_sum
from nnbcd_checks.fused import subtract
from nnbcd_checks.judged import Bench, Judged
from nnbcd_checks.rounding import AUDIT_UNIT, growth
from nnbcd_checks.solves import with_prox


def judge_v_out(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """The figures of V_N."""
    name, targets = f"V{i}", bench.mixed.targets
    weigh, old, v = bench.problem.layer(i).penalties, bench.mixed.now[name], new[name]
    step, step_square = subtract(v, old)
    bench.mixed.replace_v(i, v)
    smooth = weighted_sum(with_prox(bench, name, weigh.alpha, step))
    stiff = weigh.gamma + weigh.alpha
    band = targets.band(v, stiff, bench.unit)
    p = targets.nearest(smooth, v, band)
    residual = targets.residual(smooth, p)
    squares, weights = np.square(residual).sum(axis=1), targets.weights
    apart, off = targets.loss.bregman(old, v, targets.y, p)
    inner = float(np.vdot(residual, step))
    curvature = stiff + weights * targets.loss.modulus
    gaps = float(weights @ targets.loss.gap(v, targets.y, p))
    kinks = float((weights * band) @ targets.loss.kinks(v, targets.y, band))
    bound = _bound(bench, i, v, p, band)
    lost = bench.underflow(step.size, float(curvature.max()))
    plain, length = bench.unit * bound + lost, math.sqrt(step_square)
    many = growth(step.size, bench.sizes("repeats"))
    moved = (weigh.alpha + weigh.gamma) * step_square + math.sqrt(squares.sum()) * length
    loss = many * float(weights @ np.abs(apart)) + float(weights @ off)
    own = AUDIT_UNIT * (many * moved + loss)
    return Judged(
        block=name,
        step=length,
        decrease=(weigh.alpha + weigh.gamma / 2) * step_square - inner + float(weights @ apart),
        constant=constant,
        decrease_tolerance=plain * length + kinks + own,
        excess=float((squares / (2 * curvature)).sum()) + gaps,
        excess_tolerance=plain**2 / (2 * float(curvature.min())) + kinks,
        residual=math.sqrt(squares.sum()),
        residual_tolerance=plain,
        audit_error=own + AUDIT_UNIT * bound * length,
    )


def _bound(bench: Bench, i: int, v: Array, p: Array, band: Array) -> float:
    """The residual a right V_N may leave, in unit roundoffs: a few roundings of every operand.

    A subgradient may take as many as a row is wide, whose roundings add up in one entry.
    """
    size, weigh = bench.sizes, bench.problem.layer(i).penalties
    loss = growth(v.shape[1]) / growth(1) * bench.mixed.targets.magnitude(v, p, band)
    fit = weigh.gamma * size(f"U{i}") + (weigh.gamma + 2 * weigh.alpha) * size(f"V{i}")
    return 6 * (loss + fit)
