"""Judges of Z, one registry line per compression: ``prune``, ``tt``, ``tt_svd``, ``none``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nnbcd_checks.arrays import Array, Term, norm, reduce_sum, square, weighted_sum
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.kinks import sparse_normal_gap
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.tt import left_products, middle, right_products

Constants = Mapping[str, float | None]


@dataclass(frozen=True)
class Kind:
    """How a compression is judged; ``exact``: Z minimises, so that theory gives a constant."""

    judge: Callable[[Bench, int, Mapping[str, Array], Constants], list[Judged]]
    exact: bool = True


def excess_nonzeros(z: Array, allowed: int) -> int:
    """By how many entries Z exceeds its sparsity; 0 where it is feasible."""
    return max(0, int(np.count_nonzero(z)) - allowed)


def judge_prune(
    bench: Bench, i: int, new: Mapping[str, Array], constants: Constants
) -> list[Judged]:
    """Z (d, p), at most s nonzeros: its value against that of the exact projection.

    ``F(Z) = tau/2 ||W - Z||^2 + alpha_z/2 ||Z - Z_old||^2 = h/2 ||Z - M||^2 + const`` with
    h = tau + alpha_z, and F'(Z) = h (Z - M) defines M.  Over the sparse set the least possible
    ``||Z - M||^2`` is the sum of all but the s largest M^2, so with T the s-th largest |M|

        ||Z - M||^2 - min = sum_S (Z - M)^2 + sum_{off S, |M| > T} (M^2 - T^2)
                            + sum_{S, |M| < T} (T^2 - M^2) + (s - |S|) T^2,

    S the support of Z: every summand is >= 0 and nothing cancels.
    """
    mixed, name, layer = bench.mixed, f"Z{i}", bench.problem.layer(i)
    weigh = layer.penalties
    old, apart_before = mixed.now[name], mixed.apart[i]
    step = new[name] - old
    mixed.replace_z(i, {name: new[name]})
    z, w, stiff = mixed.now[name], mixed.now[f"W{i}"], weigh.tau + weigh.alpha_z
    pull = (weigh.tau * mixed.apart[i] - weigh.alpha_z * step) / stiff  # M - Z
    off = 8 * bench.unit * (weigh.tau * np.abs(w) + weigh.alpha_z * np.abs(old)) / stiff
    kept, sparsity = z != 0, int(layer.compression.nonzeros or 0)
    excess, allowed = _projection_excess(z + pull, kept, off, sparsity)
    excess, allowed = excess + square(pull[kept]), allowed + square(off[kept])
    excess, allowed = stiff / 2 * excess, stiff / 2 * allowed
    bench.witness(name, mixed.gradient(name), weigh.alpha_z, step)
    both = mixed.apart[i] + apart_before
    step_norm = norm(step)
    error = AUDIT_UNIT * growth(step.size) * weigh.tau * step_norm * norm(both)
    return [
        Judged(
            block=name,
            step=step_norm,
            decrease=weigh.tau / 2 * float(np.vdot(step, both)),
            constant=constants[name],
            decrease_tolerance=allowed + error,
            excess=excess,
            excess_tolerance=allowed,
            residual=sparse_normal_gap(stiff * pull, kept, sparsity),
            residual_tolerance=stiff * norm(off),
            audit_error=error,
        )
    ]


def _projection_excess(
    target: Array, kept: np.ndarray, off: Array, sparsity: int
) -> tuple[float, float]:
    """The part of the excess that the choice of support makes, and what is rounding in it."""
    size = np.abs(target)
    threshold = float(np.partition(size, size.size - sparsity, axis=None)[-sparsity])
    wrong = np.where(kept, size < threshold, size > threshold)
    # An error of the M's compared moves each square, and the threshold's, by that much.
    free = max(0, sparsity - int(np.count_nonzero(kept)))
    excess = float(np.abs(size[wrong] ** 2 - threshold**2).sum()) + free * threshold**2
    worst = float(off[wrong].max(initial=0.0))
    allowed = float((2 * (size[wrong] + threshold) * (off[wrong] + worst)).sum())
    if free:
        allowed += free * float(off.max()) ** 2
    return excess, allowed


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


def _judge_none(
    bench: Bench, i: int, new: Mapping[str, Array], constants: Constants
) -> list[Judged]:
    del bench, i, new, constants
    return []


COMPRESSIONS: Mapping[str, Kind] = {
    "none": Kind(_judge_none),
    "prune": Kind(judge_prune),
    "tt": Kind(judge_tt),
    "tt_svd": Kind(judge_tt_svd, exact=False),
}
