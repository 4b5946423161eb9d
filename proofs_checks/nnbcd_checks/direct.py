"""Judge of one factor of a layer whose W is made of its factors: ``W = C = A(G)``.

With the other factors fixed, the objective in G is, up to a constant,

    f(G) = rho/2 ||V A(G)^T + 1 b^T - U||^2 + mu/2 ||A(G)||^2,
    grad f = A^T (rho E^T V + mu C),    Hessian = A^T (. (rho V^T V + mu I)) A,

by the chain rule; ``V A(D)^T`` is what a step D does to E.  Unlike that of a penalty towards C
the Hessian is no Kronecker product, so it is only ever applied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nnbcd_checks.arrays import Array, Term, norm, reduce_sum, square, weighted_sum
from nnbcd_checks.judged import Bench, Constants, Judged, Quadratic, judge_quadratic
from nnbcd_checks.linear_part import LinearPart, Spectrum
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth, positive

MOST_STEPS = 300
ENOUGH = 1e-3


def judge_direct(
    part_of: Callable[[Sequence[Array], int], LinearPart],
    bench: Bench,
    i: int,
    j: int,
    new: Mapping[str, Array],
    constants: Constants,
) -> Judged:
    """The figures of factor j (from 0) of layer i; ``part_of(tensors, j)``: its map A."""
    mixed, name, weigh = bench.mixed, f"Z{i}.{j + 1}", bench.problem.layer(i).penalties
    step, before = new[name] - mixed.now[name], math.sqrt(mixed.linear_square[i])
    linear = mixed.replace_factor(i, name, new[name])
    part, norms = part_of(mixed.tensors(i), j), (norm(new[name]), norm(step))
    change = part.apply(step)
    terms: list[Term] = [*mixed.gradient(name), (weigh.alpha_z, step)]
    bench.witness(name, terms[:-1], weigh.alpha_z, step)
    residual_square, inner = reduce_sum(terms, step)
    slack, (off_e, off_c) = _slack(bench, i, part, step.shape, norms, before)
    least, moved = residual_square / (2 * slack.top), math.sqrt(linear.moved)
    floor = slack.generic[0][1]
    found = Quadratic(
        prox=weigh.alpha_z,
        step_square=square(step),
        curved=weigh.rho * linear.moved + weigh.mu * square(change),
        residual_square=residual_square,
        inner=inner,
        cheap=residual_square / (2 * floor) if floor > 0 else least,
        exact=lambda: half_inverse_by_steps(_hessian(bench, i, part), weighted_sum(terms), floor),
        slack=slack,
        size=step.size,
        curved_error=weigh.rho * off_e * (moved + off_e)
        + weigh.mu * off_c * (norm(change) + off_c),
    )
    return judge_quadratic(bench, name, constants[name], found)


def _slack(
    bench: Bench,
    i: int,
    part: LinearPart,
    shape: tuple[int, ...],
    norms: tuple[float, float],
    before: float,
) -> tuple[Slack, tuple[float, float]]:
    """A factor from normal equations, formed and solved in a way backward stable in norm.

    ``shape``: of the factor; ``norms``: of it and of its step; ``before``: ||E|| before it.
    Structured: errors of the predictions, of C and of storing the factor.  Generic: the solve
    with H as formed (see `block_v`: ``growth u sqrt(trace H) sqrt(max h_jj)``) and the gradient
    pulled back to the factor.  Also how far the auditor's own change of E and of C may be off.
    """
    size, layer, (inside, step) = bench.sizes, bench.problem.layer(i), norms
    weigh, values, length = layer.penalties, size(f"V{i - 1}"), layer.compression.length
    spectrum, entries = np.broadcast_to(Spectrum.of(part.grams()).values, shape), math.prod(shape)
    steep = weigh.rho * size(f"spectral V{i - 1}") ** 2 + weigh.mu
    top = positive(weigh.alpha_z + steep * float(spectrum.max()))
    floor = weigh.alpha_z + weigh.mu * float(spectrum.min())
    product, error = size.prediction(bench.problem, i)
    structured = math.sqrt(weigh.rho) * (2 * error + product)
    structured += math.sqrt(weigh.mu) * size(f"W{i}") + math.sqrt(weigh.alpha_z) * inside
    trace = entries * weigh.alpha_z
    trace += (weigh.rho * values**2 + weigh.mu) * float(spectrum.sum())
    long = growth(length) + sum(growth(each) for each in part.lengths)
    many = size.over_samples(bench.problem.samples) + growth(layer.inputs) + long
    solve = (many + growth(entries)) * math.sqrt(trace * top) * inside
    misfit = before + size(f"U{i}") + product
    pulled = weigh.rho * many * misfit * values + weigh.mu * long * size(f"W{i}")
    generic = solve + part.outer * pulled + 4 * weigh.alpha_z * (inside + step)
    off_c = AUDIT_UNIT * growth(length) * part.outer * step
    return Slack(structured, ((generic, floor),), top), (AUDIT_UNIT * 2 * error, off_c)


def _hessian(bench: Bench, i: int, part: LinearPart) -> Callable[[Array], Array]:
    """``G -> A^T (A(G) (rho V^T V + mu I)) + alpha_z G``."""
    weigh, v = bench.problem.layer(i).penalties, bench.mixed.v(i - 1)
    gram = weigh.rho * (v.T @ v) + weigh.mu * np.eye(v.shape[1])
    return lambda factor: part.adjoint(part.apply(factor) @ gram) + weigh.alpha_z * factor


def half_inverse_by_steps(
    hessian: Callable[[Array], Array], residual: Array, floor: float
) -> float:
    """``1/2 <R, H^{-1} R>`` by conjugate gradients, never above it.

    The values along the iteration rise to it: each is ``<R, x> - 1/2 <x, H x>``, which is at most
    its maximum over all x.  It stops where what is left, at most ``||r||^2 / (2 floor)``, no
    longer counts.  (Hestenes and Stiefel, 1952.)
    """
    r = direction = residual
    square_r, value = square(r), 0.0
    for _ in range(MOST_STEPS):
        turned = hessian(direction)
        curved = float(np.vdot(direction, turned))
        if not curved > 0:
            break
        length = square_r / curved
        r = r - length * turned
        value, last, square_r = value + length * square_r / 2, square_r, square(r)
        if square_r <= 2 * floor * ENOUGH * value:
            break
        direction = r + (square_r / last) * direction
    return value
