"""The proximal step shared by all continuous piecewise-affine activations."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from nnbcd.scalar import Piece, piecewise_prox
from nnbcd.tensor_ops import TORCH


def prox(
    pieces: Sequence[Piece],
    v: Tensor,
    pre: Tensor,
    u_old: Tensor,
    *,
    gamma: float,
    rho: float,
    alpha: float,
) -> Tensor:
    """Join the two quadratic terms at their weighted mean and take the scalar closed form."""
    beta = rho + alpha
    m = pre if alpha == 0 else (rho * pre + alpha * u_old) / beta
    return _as_tensor(piecewise_prox(v, m, u_old, gamma=gamma, beta=beta, pieces=pieces, ops=TORCH))


def _as_tensor(value: object) -> Tensor:
    assert isinstance(value, Tensor)  # the scalar forms are untyped by design
    return value
