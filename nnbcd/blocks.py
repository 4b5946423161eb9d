"""The block updates: each returns the minimiser of the objective over one block.

The same names and signatures stand in ``nnbcd_spec.blocks``, where they are derived.  Samples are
rows; ``pre = V_{i-1} W_i^T + b_i``.  Equations: arXiv 2303.06815, Section 3; Zeng et al. 2019.
All operands of one call share dtype and device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from nnbcd.activations import Activation
from nnbcd.compressions import Compression, Factors
from nnbcd.compressions.direct import descend
from nnbcd.compressions.factored import Factored
from nnbcd.linalg import solve_right
from nnbcd.losses import Loss
from nnbcd.masked import solve_masked


def update_v_out(
    u: Tensor,
    v_old: Tensor,
    y: Tensor,
    *,
    loss: Loss,
    gamma: float,
    alpha: float,
    weights: Tensor | None = None,
) -> Tensor:
    """V_N (n, d): minimise ``loss(v, y) + gamma/2 ||v-u||^2 + alpha/2 ||v-v_old||^2``; unique.

    ``weights`` (n,) are the samples' weights S in the loss, 1 where ``None``.
    """
    return loss.prox(u, v_old, y, gamma=gamma, alpha=alpha, weights=weights)


def update_u_out(v: Tensor, pre: Tensor, *, gamma: float, rho: float) -> Tensor:
    """U_N (n, d): minimise ``gamma/2 ||v - u||^2 + rho/2 ||u - pre||^2``; unique."""
    return (gamma * v + rho * pre) / (gamma + rho)


def update_v(
    s_u: Tensor, u_next: Tensor, w_next: Tensor, b_next: Tensor, *, gamma: float, rho: float
) -> Tensor:
    """V_i (n, d), i < N: minimise ``gamma/2 ||v - s_u||^2 + rho/2 ||u_next - v w_next^T - b||^2``.

    ``gamma`` is layer i's, ``rho`` layer i+1's.  Unique.  Direct form, by Cholesky.
    """
    h = rho * (w_next.mT @ w_next)
    h.diagonal().add_(gamma)
    rhs = torch.addmm(gamma * s_u, u_next - b_next, w_next, alpha=rho)
    return solve_right(h, rhs, floor=gamma)


def update_u(
    v: Tensor,
    pre: Tensor,
    u_old: Tensor,
    *,
    activation: Activation,
    gamma: float,
    rho: float,
    alpha: float,
) -> Tensor:
    """U_i (n, d), i < N: the proximal step of the activation ``s``.

    Minimises ``gamma/2 ||v - s(u)||^2 + rho/2 ||u - pre||^2 + alpha/2 ||u - u_old||^2``.
    Elementwise and globally exact.  Of two tied minimisers the one nearest to ``u_old``.
    """
    return activation.prox(v, pre, u_old, gamma=gamma, rho=rho, alpha=alpha)


def update_w(
    w_old: Tensor,
    b_old: Tensor,
    u: Tensor,
    v_prev: Tensor,
    target: Tensor | None,
    *,
    rho: float,
    tau: float,
    alpha: float,
    mu: float,
    pre: Tensor | None = None,
    gram: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """(W, b) jointly: minimise over w (d, p) and b (d,)

    ``rho/2 ||u - v_prev w^T - b||^2 + tau/2 ||w - target||^2 + mu/2 (||w||^2 + ||b||^2)
    + alpha/2 (||w - w_old||^2 + ||b - b_old||^2)``; no ``tau`` term where ``target`` is ``None``.

    Unique unless ``alpha = tau = mu = 0`` and the columns of ``[v_prev, 1]`` are dependent; then
    the minimum-norm increment.  Increment form: ``-gradient(w_old, b_old) (H + alpha I)^{-1}``,
    far more accurate in float32 than the direct form.  ``pre`` is the product
    ``v_prev w_old^T + b_old`` and ``gram`` that of :func:`augmented_gram`, where already at hand.
    """
    if pre is None:
        pre = torch.addmm(b_old, v_prev, w_old.mT)
    tau = 0.0 if target is None else tau
    residual = pre - u
    gradient = torch.cat([rho * (residual.mT @ v_prev), rho * residual.sum(0)[:, None]], dim=1)
    gradient[:, :-1] += mu * w_old if target is None else tau * (w_old - target) + mu * w_old
    gradient[:, -1] += mu * b_old
    h = rho * (augmented_gram(v_prev) if gram is None else gram)
    h.diagonal().add_(mu + alpha)
    h.diagonal()[:-1].add_(tau)
    step = solve_right(h, gradient, floor=mu + alpha)
    return w_old - step[:, :-1], b_old - step[:, -1]


def augmented_gram(v: Tensor) -> Tensor:
    """``[v, 1]^T [v, 1]`` (p+1, p+1) without forming ``[v, 1]``."""
    n, p = v.shape
    gram = v.new_empty(p + 1, p + 1)
    gram[:p, :p] = v.mT @ v
    gram[:p, p] = gram[p, :p] = v.sum(0)
    gram[p, p] = n
    return gram


def update_z(
    z_old: Factors, w: Tensor, *, compression: Compression, tau: float, alpha_z: float
) -> Factors:
    """Z_i: decrease ``tau/2 ||w - C(z)||^2 + alpha_z/2 ||z - z_old||^2`` over feasible ``z``.

    Exact projection for sets of matrices; one pass of exact minimisations for factors; for codes
    on a grid their step, then the scale's.
    """
    return compression.update(z_old, w, tau=tau, alpha_z=alpha_z)


def shared_update_z(
    z_old: Sequence[Factors],
    w: Sequence[Tensor],
    *,
    compression: Compression,
    tau: Sequence[float],
    alpha_z: Sequence[float],
) -> tuple[Factors, ...]:
    """The Z block that several layers own: :func:`update_z` of all at once, entries one a layer."""
    return compression.update_together(z_old, w, tau=tau, alpha_z=alpha_z)


def update_supported_w(
    w_old: Tensor,
    b_old: Tensor,
    u: Tensor,
    v_prev: Tensor,
    support: Tensor,
    *,
    rho: float,
    alpha: float,
    mu: float,
    pre: Tensor | None = None,
    gram: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """(W, b) jointly: :func:`update_w` without a target, over W that are 0 where ``support`` is.

    ``w_old`` (d, p) is 0 there too.  Each row's minimiser on its own support, unique unless
    ``alpha = mu = 0`` and the columns of ``[v_prev, 1]`` that it keeps are dependent; then the
    minimum-norm increment.  ``pre`` and ``gram`` as there.
    """
    if pre is None:
        pre = torch.addmm(b_old, v_prev, w_old.mT)
    residual = pre - u
    gradient = torch.cat(
        [
            rho * (residual.mT @ v_prev) + mu * w_old,
            (rho * residual.sum(0) + mu * b_old)[:, None],
        ],
        dim=1,
    )
    h = rho * (augmented_gram(v_prev) if gram is None else gram)
    h.diagonal().add_(mu + alpha)
    keep = torch.cat([support != 0, torch.ones_like(b_old, dtype=torch.bool)[:, None]], dim=1)
    step = solve_masked(h, gradient, keep, floor=mu + alpha)
    return w_old - step[:, :-1], b_old - step[:, -1]


def update_b(
    b_old: Tensor,
    u: Tensor,
    v_prev: Tensor,
    w: Tensor,
    *,
    rho: float,
    alpha: float,
    mu: float,
    pre: Tensor | None = None,
) -> Tensor:
    """b (d,) of a direct layer, ``w = C(Z)``: minimise, over b,

    ``rho/2 ||u - v_prev w^T - b||^2 + mu/2 ||b||^2 + alpha/2 ||b - b_old||^2``; unique.
    """
    if pre is None:
        pre = torch.addmm(b_old, v_prev, w.mT)
    gradient = rho * (pre - u).sum(0) + mu * b_old
    return b_old - gradient / (rho * len(u) + mu + alpha)


def update_direct_z(
    z_old: Factors,
    u: Tensor,
    v_prev: Tensor,
    b: Tensor,
    *,
    compression: Compression,
    rho: float,
    alpha_z: float,
    mu: float,
    pre: Tensor | None = None,
    gram: Tensor | None = None,
) -> Factors:
    """Z of a direct layer: its factors in ascending order, each minimising, C = C(Z),

    ``rho/2 ||u - v_prev C^T - b||^2 + mu/2 ||C||^2 + alpha_z/2 ||factor - old||^2``, the others at
    their newest.  ``pre`` is the product at ``z_old``, ``gram`` :func:`augmented_gram`'s.
    """
    shape = (u.shape[1], v_prev.shape[1])
    c = compression.expand(z_old, shape)
    if pre is None:
        pre = torch.addmm(b, v_prev, c.mT)
    gradient = rho * ((pre - u).mT @ v_prev) + mu * c
    curvature = rho * (v_prev.mT @ v_prev if gram is None else gram[:-1, :-1])
    curvature.diagonal().add_(mu)
    return descend(cast("Factored", compression), z_old, gradient, curvature, alpha_z=alpha_z)
