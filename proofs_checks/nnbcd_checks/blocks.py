"""Judges of the quadratic blocks: V_N, V_i, U with a linear activation, and (W, b) jointly.

Each puts the new value into the mixed state and evaluates the identities of `judged`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import (
    Array,
    Term,
    norm,
    reduce_sum,
    square,
    square_of_difference,
    weighted_sum,
)
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.losses import LOSSES
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth


def _with_prox(bench: Bench, name: str, prox: float, step: Array) -> list[Term]:
    """The residual's terms: the gradient at the mixed state, and the prox term if there is one."""
    terms = bench.mixed.gradient(name)
    bench.witness(name, terms, prox, step)
    return [*terms, (prox, step)] if prox else terms


def judge_v(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """V_i (n, d_i): ``gamma (V - s(U)) + (loss gradient or rho E W of the layer above) = -a D``."""
    mixed, name = bench.mixed, f"V{i}"
    step = new[name] - mixed.now[name]
    last = i == bench.problem.depth
    before = None if last else mixed.linear[i + 1]
    mixed.replace_v(i, new[name])
    weigh = bench.problem.layer(i).penalties
    prox = weigh.alpha if last else 0.0
    terms = _with_prox(bench, name, prox, step)
    residual_square, inner = reduce_sum(terms, step)
    step_square = square(step)
    if before is None:
        curvature = weigh.gamma + LOSSES[bench.problem.loss].curvature
        curved, error, slack = curvature * step_square, 0.0, _slack_v_out(bench, curvature + prox)
    else:
        rho = bench.problem.layer(i + 1).penalties.rho
        moved = square_of_difference(mixed.linear[i + 1], before)
        off = AUDIT_UNIT * 2 * bench.sizes.prediction(bench.problem, i + 1)[1]
        curved = weigh.gamma * step_square + rho * moved
        error = rho * off * (math.sqrt(moved) + off)
        slack = _slack_v(bench, i)
    least = weigh.gamma + (LOSSES[bench.problem.loss].curvature + prox if last else 0.0)
    found = Quadratic(
        prox=prox,
        step_square=step_square,
        curved=curved,
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * least),
        exact=lambda: _excess_v(bench, i, terms) if not last else residual_square / (2 * least),
        slack=slack,
        size=step.size,
        curved_error=error,
    )
    return judge_quadratic(bench, name, constant, found)


def _slack_v_out(bench: Bench, curvature: float) -> Slack:
    """V_N: (1 + gamma + alpha) V = Y + gamma s(U) + alpha V_old, a few roundings each."""
    size, i = bench.sizes, bench.problem.depth
    weigh = bench.problem.layer(i).penalties
    bound = size("Y") + weigh.gamma * size(f"U{i}") + (weigh.alpha + curvature) * size(f"V{i}")
    return Slack(0.0, ((6 * bound, curvature),), curvature)


def _slack_v(bench: Bench, i: int) -> Slack:
    """V_i: data of the layer above, storage, and a Cholesky solve with gamma I + rho W^T W.

    The backward error of the solve, with that of forming the matrix, is entrywise at most
    ``growth * u * sqrt(h_ii h_jj)``; its entries taken as independent, the product with V is at
    most ``growth * u * sqrt(trace H) * max_j sqrt(h_jj) * ||V||``.
    """
    size, above = bench.sizes, bench.problem.layer(i + 1)
    gamma, rho = bench.problem.layer(i).penalties.gamma, above.penalties.rho
    values, weight = size(f"V{i}"), size(f"W{i + 1}")
    data = bench.sizes.prediction(bench.problem, i + 1)[1]
    structured = math.sqrt(rho) * (data + values * weight) + 4 * math.sqrt(gamma) * values
    top = gamma + rho * weight**2
    many = growth(above.outputs)
    target = size(f"U{i + 1}") + math.sqrt(bench.problem.samples) * size(f"b{i + 1}")
    widest = gamma + rho * size(f"column W{i + 1}") ** 2
    trace = gamma * above.inputs + rho * weight**2
    solve = (many + growth(above.inputs)) * math.sqrt(trace * widest) * values
    right = 4 * gamma * size(f"U{i}") + rho * many * weight * target
    return Slack(structured, ((solve + right, gamma),), top)


def _excess_v(bench: Bench, i: int, terms: list[Term]) -> float:
    """``1/2 tr(R H^{-1} R^T)`` with H = gamma I + rho W^T W, d_i by d_i."""
    weight = bench.mixed.now[f"W{i + 1}"]
    hessian = bench.problem.layer(i + 1).penalties.rho * (weight.T @ weight)
    hessian[np.diag_indices_from(hessian)] += bench.problem.layer(i).penalties.gamma
    return _half_inverse_norm(hessian, weighted_sum(terms))


def _half_inverse_norm(hessian: Array, rows: Array) -> float:
    """``1/2 tr(R H^{-1} R^T)`` for R (m, p); infinite where H is numerically singular."""
    try:
        solved = np.linalg.solve(hessian, rows.T)
    except np.linalg.LinAlgError:
        return math.inf
    return 0.5 * float(np.vdot(rows.T.copy(), solved))


def judge_u_linear(
    bench: Bench, i: int, new: Mapping[str, Array], constant: float | None
) -> Judged:
    """U_i where s is linear: ``gamma (U - V) + rho (U - P) + a D = 0``, Hessian a number."""
    mixed, name = bench.mixed, f"U{i}"
    weigh, slope = bench.problem.layer(i).penalties, bench.mixed.pieces[i].left
    prox = 0.0 if i == bench.problem.depth else weigh.alpha
    step = new[name] - mixed.now[name]
    mixed.replace_u(i, new[name], step)
    terms = _with_prox(bench, name, prox, step)
    residual_square, inner = reduce_sum(terms, step)
    step_square = square(step)
    curvature = weigh.gamma * slope**2 + weigh.rho
    top = curvature + prox
    size, (prediction, error) = bench.sizes, bench.sizes.prediction(bench.problem, i)
    bound = 2 * weigh.rho * error + 6 * (
        weigh.gamma * size(f"V{i}") + weigh.rho * prediction + (top + prox) * size(name)
    )
    found = Quadratic(
        prox=prox,
        step_square=step_square,
        curved=curvature * step_square,
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * top),
        exact=lambda: residual_square / (2 * top),
        slack=Slack(0.0, ((bound, top),), top),
        size=step.size,
    )
    return judge_quadratic(bench, name, constant, found)


def judge_w(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """(W_i, b_i) jointly: ``rho E^T [V 1] + [tau (W - C) + mu W, mu b] + alpha D = 0``."""
    mixed, weigh = bench.mixed, bench.problem.layer(i).penalties
    names = (f"W{i}", f"b{i}")
    steps = tuple(new[name] - mixed.now[name] for name in names)
    before = mixed.linear[i]
    mixed.replace_w(i, new[names[0]], new[names[1]])
    terms = [
        _with_prox(bench, name, weigh.alpha, step) for name, step in zip(names, steps, strict=True)
    ]
    (square_w, inner_w), (square_b, inner_b) = (
        reduce_sum(term, step) for term, step in zip(terms, steps, strict=True)
    )
    step_w, step_b = square(steps[0]), square(steps[1])
    moved = square_of_difference(mixed.linear[i], before)
    off = AUDIT_UNIT * 2 * bench.sizes.prediction(bench.problem, i)[1]
    floors = (weigh.tau + weigh.mu + weigh.alpha, weigh.mu + weigh.alpha)
    cheap = math.inf
    if floors[1] > 0:
        cheap = square_w / (2 * floors[0]) + square_b / (2 * floors[1])
    curved = weigh.rho * moved + (weigh.tau + weigh.mu) * step_w + weigh.mu * step_b
    found = Quadratic(
        prox=weigh.alpha,
        step_square=step_w + step_b,
        curved=curved,
        residual_square=square_w + square_b,
        inner=inner_w + inner_b,
        cheap=cheap,
        exact=lambda: _excess_w(bench, i, [weighted_sum(term) for term in terms], floors),
        slack=_slack_w(bench, i, (math.sqrt(step_w), math.sqrt(step_b)), norm(before), floors),
        size=steps[0].size,
        curved_error=weigh.rho * off * (math.sqrt(moved) + off),
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
    solve = (growth(samples) + growth(layer.inputs)) * math.sqrt(widest) * moved
    misfit = before + (size(f"U{i}") + product if bench.double else 0.0)
    gradient = weigh.rho * growth(samples) * misfit
    compressed = 0.0
    if layer.compressed:
        compressed = growth(sum(layer.compression.ranks)) * size(f"C{i}")
    own_w = weigh.tau * (4 * weight + compressed) + 4 * weigh.mu * weight
    own_w += 4 * weigh.alpha * (steps[0] + (weight if bench.double else 0.0))
    own_b = 4 * weigh.mu * bias + 4 * weigh.alpha * (steps[1] + (bias if bench.double else 0.0))
    generic = (
        (solve * math.sqrt(trace_w) + gradient * values + own_w, floors[0]),
        (solve * math.sqrt(corner) + gradient * root + own_b, floors[1]),
    )
    return Slack(structured, generic, trace_w + corner)


def _excess_w(bench: Bench, i: int, residuals: list[Array], floors: tuple[float, float]) -> float:
    """``1/2 tr(R H^{-1} R^T)``, H = rho [V 1]^T [V 1] + diag(floors), (d_{i-1} + 1) squared."""
    values = bench.mixed.v(i - 1)
    width, rho = values.shape[1], bench.problem.layer(i).penalties.rho
    hessian = np.empty((width + 1, width + 1))
    hessian[:width, :width] = rho * (values.T @ values)
    hessian[:width, width] = hessian[width, :width] = rho * values.sum(axis=0)
    hessian[width, width] = rho * values.shape[0]
    hessian[np.arange(width), np.arange(width)] += floors[0]
    hessian[width, width] += floors[1]
    return _half_inverse_norm(hessian, np.column_stack(residuals))
