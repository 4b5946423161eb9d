"""Judges of tensor-train cores: core by core a quadratic block; by TT-SVD no minimiser at all."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import Array, Term, norm, reduce_sum, square, weighted_sum
from nnbcd_checks.judged import Bench, Constants, Judged, Quadratic, judge_quadratic
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.tt import left_products, middle, right_products


def judge_tt(bench: Bench, i: int, new: Mapping[str, Array], constants: Constants) -> list[Judged]:
    """The cores of layer i in ascending order, each with the others at their newest values."""
    count = len(bench.problem.layer(i).compression.modes)
    return [_judge_core(bench, i, j, new, constants) for j in range(1, count + 1)]


def _judge_core(
    bench: Bench, i: int, j: int, new: Mapping[str, Array], constants: Constants
) -> Judged:
    """Core G_j: ``-tau A^T (W - C) + alpha_z D = 0`` with C = A G_j linear in it.

    The Hessian is ``tau (L^T L kron I kron R R^T) + alpha_z``; L, R are the other cores' products.
    """
    mixed, name, weigh = bench.mixed, f"Z{i}.{j}", bench.problem.layer(i).penalties
    step = new[name] - mixed.now[name]
    mixed.replace_z(i, {name: new[name]})
    cores = mixed.cores(i)
    left, right = left_products(cores)[j - 1], right_products(cores)[j - 1]
    moved = square(middle(left, step, right, mixed.apart[i].shape))
    terms: list[Term] = [*mixed.gradient(name), (weigh.alpha_z, step)]
    bench.witness(name, terms[:-1], weigh.alpha_z, step)
    residual_square, inner = reduce_sum(terms, step)
    values_l, vectors_l = np.linalg.eigh(left.T @ left)
    values_r, vectors_r = np.linalg.eigh(right @ right.T)
    hessian = weigh.tau * np.outer(np.maximum(values_l, 0), np.maximum(values_r, 0)) + weigh.alpha_z
    around = (left, cores[j - 1], right)
    slack, off = _slack_core(bench, i, around, norm(step), hessian)
    least = residual_square / (2 * slack.top)

    def exact() -> float:
        turned = np.einsum("ra,rms,sb->amb", vectors_l, weighted_sum(terms), vectors_r)
        return 0.5 * float((turned**2 / hessian[:, None, :]).sum())

    found = Quadratic(
        prox=weigh.alpha_z,
        step_square=square(step),
        curved=weigh.tau * moved,
        residual_square=residual_square,
        inner=inner,
        cheap=least if slack.singular else residual_square / (2 * float(hessian.min())),
        exact=exact,
        slack=slack,
        size=step.size,
        curved_error=weigh.tau * off * (math.sqrt(moved) + off),
    )
    return judge_quadratic(bench, name, constants[name], found)


def _slack_core(
    bench: Bench, i: int, around: tuple[Array, Array, Array], step: float, hessian: Array
) -> tuple[Slack, float]:
    """A core solved by eigendecompositions of L^T L and R R^T, backward stable in norm.

    ``hessian``: the eigenvalues of H.  Structured: errors of L, R and C; generic: the solve, and
    the products ``L^T W R^T``.  Also returns how far the auditor's own ``A D`` may be off.
    """
    left, core, right = around
    weigh, size = bench.problem.layer(i).penalties, bench.sizes
    outer, inside, apart = norm(left) * norm(right), norm(core), norm(bench.mixed.apart[i])
    many = growth(sum(bench.problem.layer(i).compression.ranks))
    structured = math.sqrt(weigh.tau) * (many * size(f"G{i}") + size(f"W{i}"))
    structured += math.sqrt(weigh.alpha_z) * inside
    top, floor = float(hessian.max()), float(hessian.min())
    long = growth(left.shape[0]) + growth(right.shape[1])
    solve = (long + growth(core.size)) * top * inside
    product = weigh.tau * outer * (long * size(f"W{i}") + many * apart)
    generic = solve + product + 4 * weigh.alpha_z * (inside + step)
    return Slack(structured, ((generic, floor),), top), AUDIT_UNIT * many * outer * step


def judge_tt_svd(
    bench: Bench, i: int, new: Mapping[str, Array], constants: Constants
) -> list[Judged]:
    """All cores at once, quasi-optimal only: the decrease of ``tau/2 ||W - C||^2`` is judged."""
    mixed, layer = bench.mixed, bench.problem.layer(i)
    before = mixed.apart[i]
    names = [f"Z{i}.{j}" for j in range(1, len(layer.compression.modes) + 1)]
    mixed.replace_z(i, {name: new[name] for name in names})
    change, both = before - mixed.apart[i], before + mixed.apart[i]
    error = growth(before.size) * (norm(change) + bench.sizes(f"G{i}") + bench.sizes(f"W{i}"))
    scale = layer.penalties.tau * error * norm(both)
    return [
        Judged(
            block=f"Z{i}",
            step=None,
            decrease=layer.penalties.tau / 2 * float(np.vdot(change, both)),
            constant=constants[f"Z{i}"],
            decrease_tolerance=bench.unit * scale,
            excess=None,
            excess_tolerance=None,
            residual=None,
            residual_tolerance=0.0,
            audit_error=AUDIT_UNIT * scale,
        )
    ]
