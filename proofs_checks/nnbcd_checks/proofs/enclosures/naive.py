"""Steps in plain floats by scanning and bisection: what the wrong variants are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from nnbcd_checks.proofs.enclosures.activations import ActivationStep
from nnbcd_checks.proofs.enclosures.losses import LogisticStep
from nnbcd_checks.proofs.enclosures.softmax import CrossEntropyStep

GRID, HALVINGS = 256, 80

Function = Callable[[float], float]


def sigmoid(x: float) -> float:
    """``1 / (1 + e^-x)``."""
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def cancelling(x: float) -> float:
    """``1 - 1 / (1 + e^x)``: the sigmoid without its small values."""
    return 1 - sigmoid(-x)


def _sech2(x: float) -> float:
    e = math.exp(-abs(x))
    return (2 * e / (1 + e * e)) ** 2


def _s(step: ActivationStep, u: float) -> float:
    return math.tanh(u) if step.shape.rate == 1 else sigmoid(u)


def _slope_s(step: ActivationStep, u: float) -> float:
    return step.shape.steepest * _sech2(step.shape.rate * u)


def _mean(step: ActivationStep) -> tuple[float, float]:
    beta = step.rho + step.alpha
    return beta, (step.rho * step.pre + step.alpha * step.u_old) / beta


def _value(step: ActivationStep, u: float) -> float:
    beta, m = _mean(step)
    return step.gamma / 2 * (step.v - _s(step, u)) ** 2 + beta / 2 * (u - m) ** 2


def _slope(step: ActivationStep, u: float) -> float:
    beta, m = _mean(step)
    return beta * (u - m) - step.gamma * (step.v - _s(step, u)) * _slope_s(step, u)


def _minima(step: ActivationStep) -> list[float]:
    """The local minima that a grid finds between the mean and the end of its reach, in order."""
    beta, m = _mean(step)
    gap = step.v - _s(step, m)
    reach = min(math.sqrt(step.gamma / beta), step.gamma / beta * step.shape.steepest) * gap
    side = math.copysign(1, reach)
    points = [m + reach * (i / GRID) ** 3 for i in range(GRID + 1)]
    found = []
    for near, far in itertools.pairwise(points):
        if side * _slope(step, near) <= 0 <= side * _slope(step, far):
            found.append(bisected(lambda u: _slope(step, u), near, far))
    return found or [m]


def bisected(f: Function, a: float, b: float) -> float:
    """A root of f between a and b, where its signs differ."""
    rising = f(b) >= f(a)
    for _ in range(HALVINGS):
        middle = (a + b) / 2
        a, b = (middle, b) if (f(middle) < 0) == rising else (a, middle)
    return a


def lowest(f: Function, a: float, b: float) -> float:
    """The minimiser of a convex f between a and b, by comparing its values."""
    for _ in range(2 * HALVINGS):
        left, right = a + (b - a) / 3, b - (b - a) / 3
        a, b = (a, right) if f(left) <= f(right) else (left, b)
    return a


def u_step(step: ActivationStep) -> float:
    """The least of the local minima: right up to rounding, where the grid is fine enough."""
    return min(_minima(step), key=lambda u: _value(step, u))


def u_first(step: ActivationStep) -> float:
    """The local minimum nearest to the mean."""
    return _minima(step)[0]


def u_last(step: ActivationStep) -> float:
    """The local minimum farthest from the mean."""
    return _minima(step)[-1]


def u_without_slope(step: ActivationStep) -> float:
    """The root of ``beta (u - m) - gamma (v - s(u))``."""
    beta, m = _mean(step)
    end = m + step.gamma / beta * (step.v - _s(step, m))
    return bisected(lambda u: beta * (u - m) - step.gamma * (step.v - _s(step, u)), m, end)


def u_newton(step: ActivationStep, count: int) -> float:
    """Gauss-Newton steps from the mean."""
    beta, u = _mean(step)
    for _ in range(count):
        u -= _slope(step, u) / (beta + step.gamma * _slope_s(step, u) ** 2)
    return u


def u_by_values(step: ActivationStep) -> float:
    """The best local minimum's neighbourhood searched by values, which half of the digits fix."""
    u = u_step(step)
    near = 1e-6 * (abs(u) + 1e-6)
    return lowest(lambda x: _value(step, x), u - near, u + near)


def _anchor(step: LogisticStep) -> tuple[float, float]:
    m = step.gamma + step.alpha
    return m, (step.gamma * step.u + step.alpha * step.v_old) / m


def logistic_step(step: LogisticStep, s: Function = sigmoid) -> float:
    """The root of ``m (v - a) - S y s(-y v)``."""
    m, a = _anchor(step)
    pull = step.weight * step.y
    ends = sorted((a, a + pull / m))
    return bisected(lambda v: m * (v - a) - pull * s(-step.y * v), *ends)


def logistic_newton(step: LogisticStep, count: int) -> float:
    """Newton steps from the explicit step ``a + S y s(-y a) / m``."""
    m, a = _anchor(step)
    v = a + step.weight * step.y * sigmoid(-step.y * a) / m
    for _ in range(count):
        slope = m * (v - a) - step.weight * step.y * sigmoid(-step.y * v)
        v -= slope / (m + step.weight * _sech2(v / 2) / 4)
    return v


def logistic_by_values(step: LogisticStep) -> float:
    """By comparing values, the loss as ``log(1 + e^(-y v))``."""
    m, a = _anchor(step)

    def value(v: float) -> float:
        x = -step.y * v
        loss = math.log(1 + math.exp(x)) if x < 700 else x
        return step.weight * loss + m / 2 * (v - a) ** 2

    return lowest(value, *sorted((a, a + step.weight * step.y / m)))


def row_explicit(step: CrossEntropyStep) -> Sequence[float]:
    """``a - S (softmax(a) - e_c) / m``."""
    m = step.gamma + step.alpha
    a = [(step.gamma * u + step.alpha * old) / m for u, old in zip(step.u, step.v_old, strict=True)]
    powers = [math.exp(x - max(a)) for x in a]
    return [
        x - step.weight * (power / sum(powers) - (k == step.label)) / m
        for k, (x, power) in enumerate(zip(a, powers, strict=True))
    ]
