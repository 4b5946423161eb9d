"""Judge of (W_i, b_i) jointly: a quadratic block, the same in every row of W."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import Array, reduce_sum, square, weighted_sum
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.solves import half_inverse_norm, with_prox


def judge_w(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """(W_i, b_i) jointly: ``rho E^T [V 1] + [tau (W - C) + mu W, mu b] + alpha D = 0``."""
    mixed, weigh = bench.mixed, bench.problem.layer(i).penalties
    names = (f"W{i}", f"b{i}")
    steps = tuple(new[name] - mixed.now[name] for name in names)
    linear = mixed.replace_w(i, new[names[0]], new[names[1]])
    terms = [
        with_prox(bench, name, weigh.alpha, step) for name, step in zip(names, steps, strict=True)
    ]
    (square_w, inner_w), (square_b, inner_b) = (
        reduce_sum(term, step) for term, step in zip(terms, steps, strict=True)
    )
    step_w, step_b = square(steps[0]), square(steps[1])
    off = AUDIT_UNIT * 2 * bench.sizes.prediction(bench.problem, i)[1]
    norms = (math.sqrt(step_w), math.sqrt(step_b))
    floors = (weigh.tau + weigh.mu + weigh.alpha, weigh.mu + weigh.alpha)
    cheap = math.inf
    if floors[1] > 0:
        cheap = square_w / (2 * floors[0]) + square_b / (2 * floors[1])
    curved = weigh.rho * linear.moved + (weigh.tau + weigh.mu) * step_w + weigh.mu * step_b
    found = Quadratic(
        prox=weigh.alpha,
        step_square=step_w + step_b,
        curved=curved,
        residual_square=square_w + square_b,
        inner=inner_w + inner_b,
        cheap=cheap,
        exact=lambda: _excess_w(bench, i, [weighted_sum(term) for term in terms], floors),
        slack=_slack_w(bench, i, norms, math.sqrt(linear.before), floors),
        size=steps[0].size,
        curved_error=weigh.rho * off * (math.sqrt(linear.moved) + off),
    )
    return judge_quadratic(bench, names[0], constant, found)


def _slack_w(
    bench: Bench, i: int, steps: tuple[float, float], before: float, floors: tuple[float, float]
) -> Slack:
    """(W, b) as an increment from the gradient at the old value, solved by Cholesky.

    Structured: errors of the pre-activations and of storing W.  Generic: the product
    ``E^T V``, the Gram matrix and its factor times the increment.  In float64 the factor times
    W itself is allowed too, so that a direct solve passes; in float32 it can raise L visibly.
    """
    size, layer = bench.sizes, bench.problem.layer(i)
    weigh, samples = layer.penalties, bench.problem.samples
    weight, bias, root = size(f"W{i}"), size(f"b{i}"), math.sqrt(samples)
    product, error = size.prediction(bench.problem, i)
    structured = math.sqrt(weigh.rho) * (2 * error + product)
    structured += math.sqrt(floors[0]) * weight + math.sqrt(floors[1]) * bias
    # Entrywise |Delta H| <= growth u sqrt(h_jj h_kk), entries independent: see `_slack_v`.
    values, column = size(f"V{i - 1}"), size(f"column V{i - 1}")
    trace_w = weigh.rho * values**2 + layer.inputs * floors[0]
    corner = weigh.rho * samples + floors[1]
    widest = max(weigh.rho * column**2 + floors[0], corner)
    moved = math.hypot(*steps) + (math.hypot(weight, bias) if bench.double else 0.0)
    many = size.over_samples(samples)
    solve = (many + growth(layer.inputs)) * math.sqrt(widest) * moved
    misfit = before + (size(f"U{i}") + product if bench.double else 0.0)
    gradient = weigh.rho * many * misfit
    compressed = 0.0
    if layer.penalised:
        compressed = growth(layer.compression.length) * size(f"C{i}")
    own_w = weigh.tau * (4 * weight + compressed) + 4 * weigh.mu * weight
    own_w += 4 * weigh.alpha * (steps[0] + (weight if bench.double else 0.0))
    own_b = 4 * weigh.mu * bias + 4 * weigh.alpha * (steps[1] + (bias if bench.double else 0.0))
    generic = (
        (solve * math.sqrt(trace_w) + gradient * values + own_w, floors[0]),
        (solve * math.sqrt(corner) + gradient * root + own_b, floors[1]),
    )
    return Slack(structured, generic, trace_w + corner)


def _excess_w(bench: Bench, i: int, residuals: list[Array], floors: tuple[float, float]) -> float:
    """``1/2 tr(R H^{-1} R^T)``, H = rho [V 1]^T [V 1] + diag(floors), (d_{i-1} + 1) squared.

    Where W is confined to a support each row has its own part of H.
    """
    values = bench.mixed.v(i - 1)
    width, rho = values.shape[1], bench.problem.layer(i).penalties.rho
    hessian = np.empty((width + 1, width + 1))
    hessian[:width, :width] = rho * (values.T @ values)
    hessian[:width, width] = hessian[width, :width] = rho * values.sum(axis=0)
    hessian[width, width] = rho * values.shape[0]
    hessian[np.arange(width), np.arange(width)] += floors[0]
    hessian[width, width] += floors[1]
    rows = np.column_stack(residuals)
    compression, whole = bench.problem.layer(i).compression, np.ones(residuals[0].shape)
    free = compression.confine(bench.mixed.tensors(i), whole) > 0
    if free.all():
        return half_inverse_norm(hessian, rows)
    free = np.column_stack([free, np.ones(len(free), bool)])
    return math.fsum(
        half_inverse_norm(hessian[np.ix_(own, own)], row[None, own])
        for row, own in zip(rows, free, strict=True)
    )
