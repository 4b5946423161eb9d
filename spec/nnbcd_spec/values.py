"""Exact values of the block problems at any point, and all the minimisers where there are several.

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
from nnbcd_spec.compressions.base import block_objective, require_bond
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
from nnbcd_spec.losses import Loss, Weighted
from nnbcd_spec.losses.base import sample_weights
from nnbcd_spec.objective import STANDARD, Objective


def v_out_value(
    v: Any, u: Any, v_old: Any, y: Any, *, loss: Loss, gamma: Any, alpha: Any,
    objective: Objective = STANDARD, sample_weights: Any | None = None,
) -> Fraction:  # fmt: skip
    """The exact value that :func:`update_v_out` minimises, at any ``v``; all (n, d_N).

    A loss of exponentials is the rational next to its value, at 70 digits.
    """
    v = exact(v, "v")
    u, v_old, y, weights, gamma, alpha = v_out_operands(
        u, v_old, y, loss, gamma, alpha, sample_weights
    )
    require_shape("v", v, u.shape)
    weighted = Weighted(loss, weights)
    return to_fraction(v_out_problem(v, weighted, u, v_old, y, gamma, alpha, objective))


def v_out_problem(
    v: Array, loss: Any, u: Array, v_old: Array, y: Array, gamma: Any, alpha: Any,
    objective: Objective,
) -> Any:  # fmt: skip
    """The terms in V_N, plus the proximal term, as a function of V_N and the loss."""
    share = objective.share("v", v=v, y=y, s_u=u, loss=loss, gamma=gamma)
    return share + objective.step(v, v_old, alpha)


def v_out_operands(
    u: Any, v_old: Any, y: Any, loss: Loss, gamma: Any, alpha: Any, weights: Any | None
) -> tuple[Array, Array, Array, Array, Any, Any]:
    """The operands of V_N's problem over ``QQ``; ValueError for what does not fit."""
    (gamma,), (alpha,) = positive(gamma=gamma), nonnegative(alpha=alpha)
    u, v_old, y = exact(u, "u"), exact(v_old, "v_old"), exact(y, "y")
    require_shape("v_old", v_old, u.shape)
    require_shape("y", y, u.shape)
    loss.require_targets(y)
    return u, v_old, y, sample_weights(weights, len(u)), gamma, alpha


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
    given: dict[str, Any] = {"compression": compression, "objective": objective}
    if isinstance(w, tuple):
        layers = zip(new, old, w, tau, alpha_z, strict=True)
        parts = (block_objective((z,), (o,), m, tau=t, alpha_z=a, **given)
                 for z, o, m, t, a in layers)  # fmt: skip
        return to_fraction(sum(parts))
    return to_fraction(block_objective(new, old, w, tau=tau, alpha_z=alpha_z, **given))


def z_minimisers(
    z_old: Any, w: Any, *, compression: Compression, tau: Any, alpha_z: Any,
    objective: Objective = STANDARD,
) -> tuple[Factors, ...]:  # fmt: skip
    """All the Z that :func:`update_z` may choose from, its own choice first.

    Sparse sets: all minimisers.  ``grid``: the result for every choice among tied codes.  Others:
    the update alone.  Raises ValueError where there are too many to list.
    """
    z, w, tau, alpha_z = z_operands(z_old, w, compression, tau, alpha_z)
    found = compression.minimisers(z, w, tau=tau, alpha_z=alpha_z, objective=objective)
    return tuple(tuple(fractions(factor) for factor in one) for one in found)


def u_problem(
    u: Array, s_u: Array, v: Array, pre: Array, u_old: Array, gamma: Any, rho: Any, alpha: Any,
    objective: Objective,
) -> Any:  # fmt: skip
    """The terms in U, plus the proximal term, as a function of U and ``s_u`` = s(U)."""
    share = objective.share("u", u=u, s_u=s_u, v=v, pre=pre, gamma=gamma, rho=rho)
    return share + objective.step(u, u_old, alpha)


def z_operands(
    z: Any, w: Any, compression: Compression, tau: Any, alpha_z: Any
) -> tuple[Factors, Any, Any, Any]:
    """The operands of Z's problem over ``QQ``; ValueError for what does not fit.

    Where ``w`` is a tuple the block owns several layers, and the others are tuples too.
    """
    if isinstance(w, tuple) and compression.group_name() is not None:
        layers = [
            z_operands(*each[:2], compression, *each[2:])
            for each in zip(z, w, tau, alpha_z, strict=True)
        ]
        (zs, ws, taus, alphas) = zip(*layers, strict=True)
        return tuple(one for (one,) in zs), ws, taus, alphas
    require_bond(compression, "penalty")
    (tau,), (alpha_z,) = positive(tau=tau), nonnegative(alpha_z=alpha_z)
    w = exact(w, "w")
    return factor_operands(z, compression, w.shape), w, tau, alpha_z


def factor_operands(z: Any, compression: Compression, shape: tuple[int, ...]) -> Factors:
    """The factors of Z over ``QQ`` for a W of this shape; ValueError for what does not fit."""
    compression.validate(shape)
    shapes = compression.shapes(shape)
    factors = z if isinstance(z, tuple) else (z,)
    if len(factors) != len(shapes):
        raise ValueError(f"z: given {len(factors)} factors; allowed: {len(shapes)}")
    z = tuple(exact(f, "z", ndim=len(s)) for f, s in zip(factors, shapes, strict=True))
    for factor, own in zip(z, shapes, strict=True):
        require_shape("z", factor, own)
    return z  # type: ignore[no-any-return]


def layer_operands(w: Any, b: Any, u: Any, v_prev: Any) -> tuple[Array, Array, Array, Array]:
    """W, b, U_i and V_{i-1} over ``QQ``; ValueError for what does not fit."""
    w, b = exact(w, "W"), exact(b, "b", ndim=1)
    u, v_prev = exact(u, "u"), exact(v_prev, "v_prev")
    require_shape("b", b, w.shape[:1])
    require_shape("v_prev", v_prev, (u.shape[0], w.shape[1]))
    require_shape("u", u, (v_prev.shape[0], w.shape[0]))
    return w, b, u, v_prev
