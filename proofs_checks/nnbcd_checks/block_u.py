"""Judges of U_i (n, d_i): with a kinked activation entry by entry, with a linear one quadratic."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nnbcd_checks.arrays import Array, reduce_sum
from nnbcd_checks.fused import MoveU
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.jumps import jumps
from nnbcd_checks.kinked import Scalars, Scan
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.solves import with_prox


def judge_u(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """U_i with a kinked activation; the figures summed over the entries.

    The decrease is of two squares, each difference factored:
    ``(v - s_old)^2 - (v - s)^2 = (s - s_old) (2 (v - s) + (s - s_old))``, and so for u and w.
    """
    mixed, name = bench.mixed, f"U{i}"
    weigh = bench.problem.layer(i).penalties
    scalars = Scalars(weigh.gamma, weigh.rho, weigh.alpha, mixed.pieces[i])
    scan = Scan(scalars)
    move = mixed.replace_u(i, new[name], scan.visit)
    bench.witness(name, mixed.gradient(name), weigh.alpha, move.step)
    jump, jump_tolerance, kink_gap = jumps(bench, i, scalars, move.step, scan.suspects)
    own_bound, gap_bound = _own_tolerance(bench, i, scalars)
    decrease = weigh.gamma * (move.shaped_inner + move.shaped_square / 2)
    decrease += weigh.rho * (move.step_inner + move.step_square / 2)
    error = _decrease_error(bench, i, move)
    top = weigh.gamma * scalars.pieces.lipschitz**2 + weigh.rho + weigh.alpha
    lost = bench.underflow(move.step.size, top)  # of the residuals, and of the values compared
    own_energy = bench.unit * own_bound + lost / math.sqrt(weigh.rho + weigh.alpha)
    allowed = 0.5 * own_energy * own_energy + jump_tolerance + lost
    return Judged(
        block=name,
        step=math.sqrt(move.step_square),
        decrease=decrease,
        constant=constant,
        decrease_tolerance=allowed + error,
        excess=scan.own + jump,
        excess_tolerance=allowed,
        residual=math.sqrt(scan.squares),
        residual_tolerance=math.hypot(bench.unit * gap_bound + lost, kink_gap),
        audit_error=error,
    )


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


def _decrease_error(bench: Bench, i: int, move: MoveU) -> float:
    """The auditor's own rounding in the factored differences of the two squares."""
    weigh, size = bench.problem.layer(i).penalties, bench.sizes
    step, shaped = math.sqrt(move.step_square), math.sqrt(move.shaped_square)
    misfit, linear = math.sqrt(move.misfit_square), math.sqrt(move.linear_square)
    error, many = size.prediction(bench.problem, i)[1], growth(move.step.size)
    first = weigh.gamma * shaped * (many * (misfit + shaped) + 2 * size(f"U{i}"))
    second = weigh.rho * step * (many * (linear + step) + 2 * error)
    return AUDIT_UNIT * (first + second)


def judge_u_linear(
    bench: Bench, i: int, new: Mapping[str, Array], constant: float | None
) -> Judged:
    """U_i where s is linear: ``gamma (U - V) + rho (U - P) + a D = 0``, Hessian a number."""
    mixed, name = bench.mixed, f"U{i}"
    weigh, slope = bench.problem.layer(i).penalties, bench.mixed.pieces[i].left
    prox = 0.0 if i == bench.problem.depth else weigh.alpha
    move = mixed.replace_u(i, new[name])
    residual_square, inner = reduce_sum(with_prox(bench, name, prox, move.step), move.step)
    curvature = weigh.gamma * slope**2 + weigh.rho
    top = curvature + prox
    size, (prediction, error) = bench.sizes, bench.sizes.prediction(bench.problem, i)
    bound = 2 * weigh.rho * error + 6 * (
        weigh.gamma * size(f"V{i}") + weigh.rho * prediction + (top + prox) * size(name)
    )
    found = Quadratic(
        prox=prox,
        step_square=move.step_square,
        curved=curvature * move.step_square,
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * top),
        exact=lambda: residual_square / (2 * top),
        slack=Slack(0.0, ((bound, top),), top),
        size=move.step.size,
    )
    return judge_quadratic(bench, name, constant, found)
