"""The blocks of layers whose W is bound to Z without a penalty: a fixed support, or W = C(Z).

As in :mod:`nnbcd_spec.blocks`, whose names these are too: every function gathers the terms of
``objective`` that depend on its block, adds the proximal term and minimises, exactly.  u is
(n, d), v_prev (n, p), W (d, p), b (d,).  All raise ValueError for shapes that do not fit,
``rho`` <= 0, or a negative ``alpha``, ``alpha_z`` or ``mu``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from nnbcd_spec.compressions import Compression, Factors
from nnbcd_spec.compressions.base import direct_objective, require_bond
from nnbcd_spec.compressions.factored import one_pass
from nnbcd_spec.compressions.support import require_mask, spread
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
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.values import factor_operands, layer_operands


def update_supported_w(
    w_old: Any, b_old: Any, u: Any, v_prev: Any, support: Any, *, rho: Any, alpha: Any, mu: Any,
    objective: Objective = STANDARD,
) -> tuple[Array, Array]:  # fmt: skip
    """(W, b) jointly over the W that are 0 where ``support`` is 0: minimise
    ``rho/2 ||u - v_prev W^T - b||^2 + mu/2 (||W||^2 + ||b||^2)
    + alpha/2 (||W - w_old||^2 + ||b - b_old||^2)``.

    ``support`` (d, p) holds 0 and 1.  Unique where ``alpha > 0``; where the system is singular,
    the minimiser nearest to ``(w_old, b_old)``.
    """
    (rho,), (alpha, mu) = positive(rho=rho), nonnegative(alpha=alpha, mu=mu)
    w_old, b_old, u, v_prev = layer_operands(w_old, b_old, u, v_prev)
    support = exact(support, "support")
    require_shape("support", support, w_old.shape)
    require_mask("support", support)

    def problem(entries: Array, b: Array) -> Any:
        w = spread(entries, support)
        share = objective.share(
            "w", "b", w=w, b=b, u=u, v_prev=v_prev, target=None, rho=rho, mu=mu
        )  # fmt: skip
        return share + objective.step(w, w_old, alpha) + objective.step(b, b_old, alpha)

    entries, b = minimise(problem, w_old[support == 1], b_old)
    return fractions(spread(entries, support)), fractions(b)


def update_b(
    b_old: Any, u: Any, v_prev: Any, w: Any, *, rho: Any, alpha: Any, mu: Any,
    objective: Objective = STANDARD,
) -> Array:  # fmt: skip
    """b of a direct layer: minimise ``rho/2 ||u - v_prev w^T - b||^2 + mu/2 ||b||^2
    + alpha/2 ||b - b_old||^2``; unique.  ``w`` is C(Z).
    """
    (rho,), (alpha, mu) = positive(rho=rho), nonnegative(alpha=alpha, mu=mu)
    w, b_old, u, v_prev = layer_operands(w, b_old, u, v_prev)

    def problem(b: Array) -> Any:
        share = objective.share("b", w=w, b=b, u=u, v_prev=v_prev, target=None, rho=rho, mu=mu)
        return share + objective.step(b, b_old, alpha)

    return fractions(*minimise(problem, b_old))


def update_direct_z(
    z_old: Any, u: Any, v_prev: Any, b: Any, *, compression: Compression, rho: Any, alpha_z: Any,
    mu: Any, objective: Objective = STANDARD,
) -> Factors:  # fmt: skip
    """Z of a layer with W = C(Z): one ascending pass over the factors, each the minimiser of
    ``rho/2 ||u - v_prev C^T - b||^2 + mu/2 ||C||^2 + alpha_z/2 ||factor - old||^2``.

    The other factors are at their newest values.  Unique where ``alpha_z > 0``, else the
    minimiser nearest to the old factor.  Raises ValueError unless ``compression`` is direct.
    """
    z, given = _direct(z_old, u, v_prev, b, compression, rho, alpha_z, mu)
    new = one_pass(lambda point: direct_objective(point, z, objective=objective, **given), z)
    return tuple(fractions(factor) for factor in new)


def direct_z_value(
    z: Any, z_old: Any, u: Any, v_prev: Any, b: Any, *, compression: Compression, rho: Any,
    alpha_z: Any, mu: Any, objective: Objective = STANDARD,
) -> Fraction:  # fmt: skip
    """The value that :func:`update_direct_z` minimises, at any ``z``, ``mu/2 ||b||^2`` included."""
    old, given = _direct(z_old, u, v_prev, b, compression, rho, alpha_z, mu)
    new = factor_operands(z, compression, (len(given["b"]), given["v_prev"].shape[1]))
    return to_fraction(direct_objective(new, old, objective=objective, **given))


def _direct(
    z_old: Any, u: Any, v_prev: Any, b: Any, compression: Compression, rho: Any, alpha_z: Any,
    mu: Any,
) -> tuple[Factors, dict[str, Any]]:  # fmt: skip
    """The old factors, and the other operands of the block's problem by name, over ``QQ``."""
    require_bond(compression, "direct")
    (rho,), (alpha_z, mu) = positive(rho=rho), nonnegative(alpha_z=alpha_z, mu=mu)
    u, v_prev, b = exact(u, "u"), exact(v_prev, "v_prev"), exact(b, "b", ndim=1)
    require_shape("b", b, u.shape[1:])
    require_shape("v_prev", v_prev, (u.shape[0], v_prev.shape[1]))
    z = factor_operands(z_old, compression, (u.shape[1], v_prev.shape[1]))
    own = {"compression": compression, "rho": rho, "alpha_z": alpha_z, "mu": mu}
    return z, {"u": u, "v_prev": v_prev, "b": b, **own}
