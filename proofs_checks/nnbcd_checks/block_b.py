"""Judge of b_i alone, where W is made of its factors: a quadratic block of one number."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nnbcd_checks.arrays import Array, reduce_sum, square
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.rounding import Slack
from nnbcd_checks.solves import with_prox


def judge_b(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """b_i: ``rho E^T 1 + mu b + alpha D = 0``, the Hessian ``rho n + mu`` times the identity."""
    mixed, weigh, name = bench.mixed, bench.problem.layer(i).penalties, f"b{i}"
    step = new[name] - mixed.now[name]
    before = math.sqrt(mixed.linear_square[i])
    mixed.replace_w(i, mixed.now[f"W{i}"], new[name])
    residual_square, inner = reduce_sum(with_prox(bench, name, weigh.alpha, step), step)
    step_square, curvature = square(step), weigh.rho * bench.problem.samples + weigh.mu
    top = curvature + weigh.alpha
    found = Quadratic(
        prox=weigh.alpha,
        step_square=step_square,
        curved=curvature * step_square,
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * top),
        exact=lambda: residual_square / (2 * top),
        slack=Slack(0.0, ((_bound(bench, i, before, top), top),), top),
        size=step.size,
    )
    return judge_quadratic(bench, f"W{i}", constant, found)


def _bound(bench: Bench, i: int, before: float, top: float) -> float:
    """Roundoffs in the residual of a right b: of its sum over samples, and of storing it.

    The sum may be of the misfits at the old b, or of targets and predictions each.
    """
    size, weigh = bench.sizes, bench.problem.layer(i).penalties
    product, error = size.prediction(bench.problem, i)
    many, root = size.over_samples(bench.problem.samples), math.sqrt(bench.problem.samples)
    sums = weigh.rho * root * (2 * error + many * (before + size(f"U{i}") + product))
    return sums + 4 * (top + weigh.mu + weigh.alpha) * size(f"b{i}")
