"""Judge of V_i (n, d_i) between two layers: a quadratic block, the same in every row."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import Array, Term, reduce_sum, weighted_sum
from nnbcd_checks.fused import subtract
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.solves import half_inverse_norm, with_prox


def judge_v(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """V_i, i < N: ``gamma (V - s(U)) + rho E W = 0`` with E, W of the layer above; no prox.

    The Hessian is ``gamma I + rho W^T W`` on each row, and ``D W^T`` is what D does to E.
    """
    gamma, rho = (
        bench.problem.layer(i).penalties.gamma,
        bench.problem.layer(i + 1).penalties.rho,
    )
    name = f"V{i}"
    step, step_square = subtract(new[name], bench.mixed.now[name])
    linear = bench.mixed.replace_v(i, new[name])
    moved = 0.0 if linear is None else linear.moved
    terms = with_prox(bench, name, 0.0, step)
    residual_square, inner = reduce_sum(terms, step)
    off = AUDIT_UNIT * 2 * bench.sizes.prediction(bench.problem, i + 1)[1]
    found = Quadratic(
        prox=0.0,
        step_square=step_square,
        curved=gamma * step_square + rho * moved,
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * gamma),
        exact=lambda: _excess_v(bench, i, terms),
        slack=_slack_v(bench, i),
        size=step.size,
        curved_error=rho * off * (math.sqrt(moved) + off),
    )
    return judge_quadratic(bench, name, constant, found)


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
    return half_inverse_norm(hessian, weighted_sum(terms))
