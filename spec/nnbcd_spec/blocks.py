"""The block updates, each an exact minimiser of its share of the objective.

Every function gathers the terms of ``objective`` that depend on its block, adds the proximal term
and minimises; none contains an update formula.  Operands may be whatever :mod:`nnbcd_spec.exact`
takes, and results are NumPy object arrays of ``Fraction`` (``mpf`` from ``tt_svd``).  n samples
are rows; W is (outputs, inputs).  All raise ValueError for shapes that do not fit, ``gamma`` or
``rho`` <= 0, or a negative ``alpha``, ``alpha_z``, ``tau`` or ``mu``.

Sources: arXiv 2303.06815, Algorithm 1 and its subproblems; Zeng et al., ICML 2019.
"""

from __future__ import annotations

from typing import Any

from nnbcd_spec.activations import Activation
from nnbcd_spec.bound import update_b, update_direct_z, update_supported_w
from nnbcd_spec.compressions import Compression, Factors
from nnbcd_spec.entrywise import minimise_entrywise
from nnbcd_spec.exact import (
    Array,
    exact,
    fractions,
    nonnegative,
    positive,
    require_shape,
)
from nnbcd_spec.losses import Loss
from nnbcd_spec.objective import STANDARD, Objective
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.values import (
    layer_operands,
    u_problem,
    v_out_operands,
    v_out_problem,
    z_operands,
)

__all__ = [
    "update_b",
    "update_direct_z",
    "update_supported_w",
    "update_u",
    "update_u_out",
    "update_v",
    "update_v_out",
    "update_w",
    "update_z",
]


def update_v_out(
    u: Any, v_old: Any, y: Any, *, loss: Loss, gamma: Any, alpha: Any,
    objective: Objective = STANDARD, sample_weights: Any | None = None,
) -> Array:  # fmt: skip
    """V_N: minimise ``loss(V, y) + gamma/2 ||V - u||^2 + alpha/2 ||V - v_old||^2``; unique.

    ``u`` is U_N, as the last activation is the identity; all (n, d_N).  ``sample_weights`` (n,)
    weigh the loss of each sample, 1 unless given.  Rational for piecewise-quadratic losses,
    ``mpf`` for the smooth ones.  Raises ValueError for a ``y`` that the loss does not allow.
    """
    u, v_old, y, weights, gamma, alpha = v_out_operands(
        u, v_old, y, loss, gamma, alpha, sample_weights
    )

    def problem(v: Array, stand_in: Any) -> Any:
        return v_out_problem(v, stand_in, u, v_old, y, gamma, alpha, objective)

    return fractions(loss.minimise(problem, y, v_old, weights))


def update_u_out(
    v: Any, pre: Any, *, gamma: Any, rho: Any, objective: Objective = STANDARD
) -> Array:
    """U_N: minimise ``gamma/2 ||v - U||^2 + rho/2 ||U - pre||^2``; unique.

    ``v`` and ``pre`` are (n, d_N); the last activation is the identity.
    """
    gamma, rho = positive(gamma=gamma, rho=rho)
    v, pre = exact(v, "v"), exact(pre, "pre")
    require_shape("pre", pre, v.shape)

    def problem(u: Array) -> Any:
        return objective.share("u", u=u, s_u=u, v=v, pre=pre, gamma=gamma, rho=rho)

    return fractions(*minimise(problem, v))


def update_v(
    s_u: Any, u_next: Any, w_next: Any, b_next: Any, *, gamma: Any, rho: Any,
    objective: Objective = STANDARD,
) -> Array:  # fmt: skip
    """V_i, i < N: minimise ``gamma/2 ||V - s_u||^2 + rho/2 ||u_next - V w_next^T - b_next||^2``.

    ``gamma`` is layer i's, ``rho`` layer i+1's; ``s_u`` (n, d_i), ``u_next`` (n, d_{i+1}),
    ``w_next`` (d_{i+1}, d_i), ``b_next`` (d_{i+1},).  Unique.
    """
    gamma, rho = positive(gamma=gamma, rho=rho)
    s_u, u_next = exact(s_u, "s_u"), exact(u_next, "u_next")
    w_next, b_next = exact(w_next, "w_next"), exact(b_next, "b_next", ndim=1)
    require_shape("w_next", w_next, (u_next.shape[1], s_u.shape[1]))
    require_shape("u_next", u_next, (s_u.shape[0], w_next.shape[0]))
    require_shape("b_next", b_next, (w_next.shape[0],))

    def problem(v: Array) -> Any:
        own = objective.share("v", v=v, y=None, s_u=s_u, gamma=gamma)
        return own + objective.share(
            "v_prev", v_prev=v, u=u_next, w=w_next, b=b_next, rho=rho
        )  # fmt: skip

    return fractions(*minimise(problem, s_u))


def update_u(
    v: Any, pre: Any, u_old: Any, *, activation: Activation, gamma: Any, rho: Any, alpha: Any,
    objective: Objective = STANDARD,
) -> Array:  # fmt: skip
    """U_i: minimise ``gamma/2 ||v - s(U)||^2 + rho/2 ||U - pre||^2 + alpha/2 ||U - u_old||^2``.

    All (n, d_i).  A global minimiser for any continuous piecewise-affine ``activation``; where
    several tie, entry by entry the one nearest to ``u_old``, then the lowest.
    """
    gamma, rho = positive(gamma=gamma, rho=rho)
    (alpha,) = nonnegative(alpha=alpha)
    v, pre, u_old = exact(v, "v"), exact(pre, "pre"), exact(u_old, "u_old")
    require_shape("pre", pre, v.shape)
    require_shape("u_old", u_old, v.shape)

    def problem(u: Array, s_u: Array) -> Any:
        return u_problem(u, s_u, v, pre, u_old, gamma, rho, alpha, objective)

    return fractions(minimise_entrywise(problem, activation, u_old))


def update_w(
    w_old: Any, b_old: Any, u: Any, v_prev: Any, target: Any | None, *, rho: Any, tau: Any,
    alpha: Any, mu: Any, objective: Objective = STANDARD,
) -> tuple[Array, Array]:  # fmt: skip
    """(W, b) jointly: minimise ``rho/2 ||u - v_prev W^T - b||^2 + tau/2 ||W - target||^2
    + mu/2 (||W||^2 + ||b||^2) + alpha/2 (||W - w_old||^2 + ||b - b_old||^2)``.

    ``target`` is C(Z), or ``None`` where the layer has no compression and no tau term.  ``u``
    (n, d), ``v_prev`` (n, p), W and ``target`` (d, p), b (d,).  Unique where ``alpha > 0``;
    where the system is singular, the minimiser nearest to ``(w_old, b_old)``, exactly.
    """
    (rho,) = positive(rho=rho)
    tau, alpha, mu = nonnegative(tau=tau, alpha=alpha, mu=mu)
    w_old, b_old, u, v_prev = layer_operands(w_old, b_old, u, v_prev)
    target = None if target is None else exact(target, "target")
    if target is not None:
        require_shape("target", target, w_old.shape)

    def problem(w: Array, b: Array) -> Any:
        share = objective.share(
            "w", "b", w=w, b=b, u=u, v_prev=v_prev, target=target, rho=rho, tau=tau, mu=mu
        )
        return share + objective.step(w, w_old, alpha) + objective.step(b, b_old, alpha)

    w, b = minimise(problem, w_old, b_old)
    return fractions(w), fractions(b)


def update_z(
    z_old: Any, w: Any, *, compression: Compression, tau: Any, alpha_z: Any,
    objective: Objective = STANDARD,
) -> Factors:  # fmt: skip
    """Z: minimise ``tau/2 ||w - C(Z)||^2 + alpha_z/2 ||Z - z_old||^2`` over the feasible Z.

    Z is a tuple of factors: ``(matrix,)``, ``(codes, scale)`` for ``grid``, the cores or factors
    of ``tt``, ``tt_matrix``, ``cp`` and ``tucker``; an array given for ``z_old`` stands for the
    tuple of it alone.  Sets of matrices: a global minimiser, at ties the first groups.  Factors:
    one ascending pass of exact minimisers, nearest to the old where not unique.  ``grid``: codes,
    then scale.  ``shared_prune``: ``z_old``, ``w``, ``tau`` and ``alpha_z`` are tuples, an entry
    a layer.  ``tt_svd``: no minimiser.  Raises ValueError for ``none``.
    """
    z, w, tau, alpha_z = z_operands(z_old, w, compression, tau, alpha_z)
    new = compression.update(z, w, tau=tau, alpha_z=alpha_z, objective=objective)
    return tuple(fractions(factor) for factor in new)
