"""Losses: a sum over samples of something convex in V_N.  One registry line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nnbcd_checks.arrays import Array, square_of_difference


@dataclass(frozen=True)
class Loss:
    """A quadratic loss: ``value(v, y)``, ``gradient(v, y)`` in v, Hessian ``curvature * I``."""

    value: Callable[[Array, Array], float]
    gradient: Callable[[Array, Array], Array]
    curvature: float


LOSSES: Mapping[str, Loss] = {
    "squared": Loss(
        value=lambda v, y: 0.5 * square_of_difference(v, y),
        gradient=lambda v, y: v - y,
        curvature=1.0,
    ),
}
