"""Exact values of the block problems that may have several minimisers: U's and Z's.

A float computation may land on the other of two nearly tied minimisers.  These functions let a
test accept it: the values must agree where the points do not.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nnbcd_spec.activations import Activation
from nnbcd_spec.activations.base import Candidate
from nnbcd_spec.compressions import Compression, Factors
from nnbcd_spec.compressions.base import block_objective
from nnbcd_spec.entrywise import entry_parts, outgoing, tied
from nnbcd_spec.exact import (
    Array,
    exact,
    fractions,
    nonnegative,
    positive,
    require_shape,
    to_fraction,
)
from nnbcd_spec.objective import STANDARD, Objective


def u_candidates(
    v: Any, pre: Any, u_old: Any, *, activation: Activation, gamma: Any, rho: Any, alpha: Any,
    objective: Objective = STANDARD,
) -> tuple[Candidate, ...]:  # fmt: skip
    """For one entry (scalars) of U_i: the points that may minimise, with their exact values.

    From left to right, without repetition; those of least value are the minimisers that
    :func:`update_u` chooses from.  Points and values are ``Fraction``; where the activation is
    transcendental a point is ``mpf``, and its value holds within ``slack``.
    """
    return tuple(
        Candidate(to_fraction(c.point) if not c.slack else outgoing(c), to_fraction(c.value),
                  to_fraction(c.slack))
        for c in _entry_candidates(v, pre, u_old, activation, gamma, rho, alpha, objective)
    )  # fmt: skip


def u_minimisers(
    v: Any, pre: Any, u_old: Any, *, activation: Activation, gamma: Any, rho: Any, alpha: Any,
    objective: Objective = STANDARD,
) -> tuple[Any, ...]:  # fmt: skip
    """All global minimisers for one entry (scalars) of U_i, ascending; ``Fraction`` or ``mpf``."""
    found = _entry_candidates(v, pre, u_old, activation, gamma, rho, alpha, objective)
    points = np.array([None, *map(outgoing, tied(found))], dtype=object)[1:]
    return tuple(fractions(points))


def _entry_candidates(
    v: Any, pre: Any, u_old: Any, activation: Activation, gamma: Any, rho: Any, alpha: Any,
    objective: Objective,
) -> tuple[Candidate, ...]:  # fmt: skip
    gamma, rho = positive(gamma=gamma, rho=rho)
    (alpha,) = nonnegative(alpha=alpha)
    v, pre, u_old = exact([[v]], "v"), exact([[pre]], "pre"), exact([[u_old]], "u_old")

    def problem(u: Array, s_u: Array) -> Any:
        return u_problem(u, s_u, v, pre, u_old, gamma, rho, alpha, objective)

    (part,) = entry_parts(problem, (1, 1))
    return activation.candidates(part)


def u_value(
    u: Any, v: Any, pre: Any, u_old: Any, *, activation: Activation, gamma: Any, rho: Any,
    alpha: Any, objective: Objective = STANDARD,
) -> Fraction:  # fmt: skip
    """The exact value that :func:`update_u` minimises, at any ``u``; all (n, d_i)."""
    gamma, rho = positive(gamma=gamma, rho=rho)
    (alpha,) = nonnegative(alpha=alpha)
    u, v, pre, u_old = exact(u, "u"), exact(v, "v"), exact(pre, "pre"), exact(u_old, "u_old")
    value = u_problem(u, activation(u), v, pre, u_old, gamma, rho, alpha, objective)
    return to_fraction(value)


def z_value(
    z: Any, z_old: Any, w: Any, *, compression: Compression, tau: Any, alpha_z: Any,
    objective: Objective = STANDARD,
) -> Fraction:  # fmt: skip
    """The exact value that :func:`update_z` minimises, at any ``z``, feasible or not."""
    old, w, tau, alpha_z = z_operands(z_old, w, compression, tau, alpha_z)
    new, *_ = z_operands(z, w, compression, tau, alpha_z)
    value = block_objective(
        new, old, w, compression=compression, tau=tau, alpha_z=alpha_z, objective=objective
    )
    return to_fraction(value)


def u_problem(
    u: Array, s_u: Array, v: Array, pre: Array, u_old: Array, gamma: Any, rho: Any, alpha: Any,
    objective: Objective,
) -> Any:  # fmt: skip
    """The terms in U, plus the proximal term, as a function of U and ``s_u`` = s(U)."""
    share = objective.share("u", u=u, s_u=s_u, v=v, pre=pre, gamma=gamma, rho=rho)
    return share + objective.step(u, u_old, alpha)


def z_operands(
    z: Any, w: Any, compression: Compression, tau: Any, alpha_z: Any
) -> tuple[Factors, Array, Any, Any]:
    """The operands of Z's problem over ``QQ``; ValueError for what does not fit."""
    (tau,), (alpha_z,) = positive(tau=tau), nonnegative(alpha_z=alpha_z)
    w = exact(w, "w")
    compression.validate(w.shape)
    shapes = compression.shapes(w.shape)
    factors = z if isinstance(z, tuple) else (z,)
    if len(factors) != len(shapes):
        raise ValueError(f"z: given {len(factors)} factors; allowed: {len(shapes)}")
    z = tuple(exact(f, "z", ndim=len(s)) for f, s in zip(factors, shapes, strict=True))
    for factor, shape in zip(z, shapes, strict=True):
        require_shape("z", factor, shape)
    return z, w, tau, alpha_z
