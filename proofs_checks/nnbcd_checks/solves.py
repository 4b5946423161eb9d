"""What the judges of quadratic blocks share."""

from __future__ import annotations

import math

import numpy as np

from nnbcd_checks.arrays import Array, Term
from nnbcd_checks.judged import Bench


def with_prox(bench: Bench, name: str, prox: float, step: Array) -> list[Term]:
    """The residual's terms: the gradient at the mixed state, and the prox term if there is one."""
    terms = bench.mixed.gradient(name)
    bench.witness(name, terms, prox, step)
    return [*terms, (prox, step)] if prox else terms


def half_inverse_norm(hessian: Array, rows: Array) -> float:
    """``1/2 tr(R H^{-1} R^T)`` for R (m, p); infinite where H is numerically singular."""
    try:
        solved = np.linalg.solve(hessian, rows.T)
    except np.linalg.LinAlgError:
        return math.inf
    return 0.5 * float(np.vdot(rows.T.copy(), solved))
