"""Judges of U_i (n, d_i): with a linear activation quadratic, else entry by entry."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nnbcd_checks.activations import PiecewiseAffine
from nnbcd_checks.arrays import Array, reduce_sum
from nnbcd_checks.bent import BentScan
from nnbcd_checks.fused import MoveU
from nnbcd_checks.judged import Bench, Judged, Quadratic, judge_quadratic
from nnbcd_checks.kinked import KinkedScan
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth
from nnbcd_checks.scalars import Scalars
from nnbcd_checks.solves import with_prox


def judge_u(bench: Bench, i: int, new: Mapping[str, Array], constant: float | None) -> Judged:
    """U_i with an activation that is not linear; the figures summed over the entries.

    The decrease is of two squares, each difference factored:
    ``(v - s_old)^2 - (v - s)^2 = (s - s_old) (2 (v - s) + (s - s_old))``, and so for u and w.
    """
    mixed, name = bench.mixed, f"U{i}"
    weigh, activation = bench.problem.layer(i).penalties, bench.problem.layer(i).activation
    scalars = Scalars(weigh.gamma, weigh.rho, weigh.alpha)
    scan: KinkedScan | BentScan
    if isinstance(activation, PiecewiseAffine):
        scan = KinkedScan(scalars, activation, bench.problem.dtype)
    else:
        scan = BentScan(scalars, activation)
    move = mixed.replace_u(i, new[name], scan.visit)
    bench.witness(name, mixed.gradient(name), weigh.alpha, move.step)
    elsewhere = scan.settle(bench, i, move.step)
    bound = _own_tolerance(bench, i, scalars)
    decrease = weigh.gamma * (move.shaped_inner + move.shaped_square / 2)
    decrease += weigh.rho * (move.step_inner + move.step_square / 2)
    error = _decrease_error(bench, i, move)
    top = weigh.gamma * activation.lipschitz**2 + scalars.beta
    lost = bench.underflow(move.step.size, top)  # of the residuals, and of the values compared
    plain = bench.unit * bound + lost
    energy = bench.unit * _own_energy(bench, i, scalars, scan.floor, bound)
    energy += lost / math.sqrt(scalars.beta)
    allowed = 0.5 * energy * energy + elsewhere.tolerance + lost
    return Judged(
        block=name,
        step=math.sqrt(move.step_square),
        decrease=decrease,
        constant=constant,
        decrease_tolerance=allowed + error,
        excess=scan.own + elsewhere.value,
        excess_tolerance=allowed,
        residual=math.sqrt(scan.squares),
        residual_tolerance=math.hypot(plain, elsewhere.gap),
        audit_error=error,
    )


def _roundoffs(bench: Bench, i: int) -> tuple[float, float, float]:
    """Of ``v - s(u)``, of u, u0 and w, and of the computed pre-activation w."""
    size = bench.sizes
    prediction, error = size.prediction(bench.problem, i)
    values = 8 * (size(f"V{i}") + size.shaped(bench.problem, i))
    return values, 8 * (2 * size(f"U{i}") + prediction), 2 * error


def _own_tolerance(bench: Bench, i: int, scalars: Scalars) -> float:
    """Roundoffs in the derivative that a computed minimiser of F may leave.

    That s' is taken at a rounded u is among them: ``|u s''(u)| <= max |s'|`` for a scaled tanh.
    """
    values, others, error = _roundoffs(bench, i)
    steep = bench.problem.layer(i).activation.lipschitz
    return scalars.gamma * steep * values + scalars.beta * others + scalars.rho * error


def _own_energy(bench: Bench, i: int, scalars: Scalars, floor: float, bound: float) -> float:
    """The same in the norm of the inverse curvature.

    On affine pieces ``gamma k x / sqrt(gamma k^2 + beta) <= sqrt(gamma) x`` and
    ``beta x / sqrt(q) <= sqrt(beta) x``, entry by entry; else by the ``floor`` of the curvature.
    """
    if floor < scalars.beta:
        return bound / math.sqrt(floor)
    values, others, error = _roundoffs(bench, i)
    energy = math.sqrt(scalars.gamma) * values + math.sqrt(scalars.beta) * others
    return energy + math.sqrt(scalars.rho) * error


def _decrease_error(bench: Bench, i: int, move: MoveU) -> float:
    """The auditor's own rounding in the factored differences of the two squares."""
    weigh, size = bench.problem.layer(i).penalties, bench.sizes
    step, shaped = math.sqrt(move.step_square), math.sqrt(move.shaped_square)
    misfit, linear = math.sqrt(move.misfit_square), math.sqrt(move.linear_square)
    error = size.prediction(bench.problem, i)[1]
    many = growth(move.step.size, size("repeats"))
    rounded = 2 * size.shaped(bench.problem, i)
    first = weigh.gamma * shaped * (many * (misfit + shaped) + rounded)
    second = weigh.rho * step * (many * (linear + step) + 2 * error)
    return AUDIT_UNIT * (first + second)


def judge_u_linear(
    bench: Bench, i: int, new: Mapping[str, Array], constant: float | None
) -> Judged:
    """U_i where s is linear: ``gamma (U - V) + rho (U - P) + a D = 0``, Hessian a number."""
    mixed, name = bench.mixed, f"U{i}"
    weigh, slope = bench.problem.layer(i).penalties, bench.problem.layer(i).activation.lipschitz
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
