"""The objective from its misfits, and how far float64 evaluations of L and its gradient are off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nnbcd_checks.arrays import norm
from nnbcd_checks.judged import Sizes
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.rounding import AUDIT_UNIT, growth, iterate_unit


@dataclass(frozen=True)
class Gaps:
    """Frobenius norms per layer of ``V - s(U)``, ``E = V W^T + b - U`` and ``W - C(Z)``."""

    misfit: Mapping[int, float]
    linear: Mapping[int, float]
    apart: Mapping[int, float]


def gaps_of(mixed: Mixed) -> Gaps:
    """The norms of all misfits of the present state."""
    return Gaps(
        {i: math.sqrt(value) for i, value in mixed.misfit_square.items()},
        {i: math.sqrt(value) for i, value in mixed.linear_square.items()},
        {i: norm(value) for i, value in mixed.apart.items()},
    )


def objective(mixed: Mixed, gaps: Gaps, norms: Mapping[str, float]) -> dict[str, float]:
    """The terms of the objective and their ``total``, from the norms of the present state."""
    problem = mixed.problem
    loss = mixed.targets.value(mixed.v(problem.depth))
    terms = {"loss": loss, "gamma": 0.0, "rho": 0.0, "tau": 0.0, "mu": 0.0}
    for i, layer in enumerate(problem.layers, 1):
        weigh = layer.penalties
        terms["gamma"] += weigh.gamma / 2 * gaps.misfit[i] ** 2
        terms["rho"] += weigh.rho / 2 * gaps.linear[i] ** 2
        if layer.penalised:
            terms["tau"] += weigh.tau / 2 * gaps.apart[i] ** 2
        terms["mu"] += weigh.mu / 2 * (norms[f"W{i}"] ** 2 + norms[f"b{i}"] ** 2)
    terms["total"] = sum(terms.values())
    return terms


def objective_error(mixed: Mixed, gaps: Gaps, norms: Sizes, loss: float) -> float:
    """A bound of ``|computed L - L|``: each squared misfit times the error of its operands.

    For ``c/2 ||r||^2`` with r off by e: ``c (||r|| e + e^2 / 2)``, and ``growth * u`` of the
    term itself for the sum.
    """
    problem, v = mixed.problem, mixed.v(mixed.problem.depth)
    repeats = norms("repeats")
    total = AUDIT_UNIT * (growth(v.size, repeats) * loss + mixed.targets.value_error(v))
    for i, layer in enumerate(problem.layers, 1):
        weigh = layer.penalties
        many = growth(problem.samples * layer.outputs, repeats)
        shaped = 2 * norms.shaped(problem, i)
        total += weigh.gamma * _square_error(gaps.misfit[i], shaped, many)
        error = norms.prediction(problem, i)[1]
        total += weigh.rho * _square_error(gaps.linear[i], error, many)
        if layer.penalised:
            ranks = growth(layer.compression.length)
            error = ranks * norms(f"C{i}") + norms(f"W{i}")
            total += weigh.tau * _square_error(gaps.apart[i], error, many)
        squares = norms(f"W{i}") ** 2 + norms(f"b{i}") ** 2
        total += weigh.mu / 2 * AUDIT_UNIT * many * squares
    return total


def _square_error(size: float, error: float, many: float) -> float:
    off = AUDIT_UNIT * error
    return size * off + off**2 / 2 + AUDIT_UNIT * many * size**2


def gradient_error(mixed: Mixed, gaps: Gaps, sizes: Sizes) -> float:
    """A bound of the rounding in the computed gradient of L at the end of a sweep."""
    problem = mixed.problem
    root = math.sqrt(problem.samples)
    v = mixed.v(problem.depth)
    targets, last = mixed.targets, problem.layer(problem.depth).penalties
    band = targets.band(v, last.gamma + last.alpha, iterate_unit(problem.dtype))
    parts = [4 * targets.magnitude(v, targets.nearest(np.zeros_like(v), v, band), band)]
    for i, layer in enumerate(problem.layers, 1):
        weigh = layer.penalties
        many = growth(problem.samples + layer.outputs, sizes("repeats"))
        steep = max(1.0, layer.activation.lipschitz)
        misfit = 8 * weigh.gamma * steep * (sizes(f"V{i}") + sizes.shaped(problem, i))
        error, linear = sizes.prediction(problem, i)[1], gaps.linear[i]
        values, weight = math.hypot(sizes(f"V{i - 1}"), root), sizes(f"W{i}")
        # rho E in U, rho E^T [V 1] in (W, b), rho E W in the V below.
        through = weigh.rho * (1 + values + weight) * error
        through += weigh.rho * many * (values + weight) * linear
        decay = 4 * weigh.mu * (weight + sizes(f"b{i}"))
        parts.append(misfit + through + decay)
        factors = [sizes(f"Z{i}{suffix}") for suffix in layer.compression.factors]
        outer = 1 + math.prod(max(1.0, factor) for factor in factors)
        entries = growth(layer.inputs * layer.outputs)
        if layer.penalised:
            apart = growth(layer.compression.length) * sizes(f"C{i}") + weight
            parts.append(weigh.tau * outer * entries * apart)
        if layer.compression.makes_w:
            slope = weigh.rho * values * (error + (many + entries) * linear)
            parts.append(outer * (slope + (4 + entries) * weigh.mu * weight))
    return AUDIT_UNIT * math.hypot(*parts)
