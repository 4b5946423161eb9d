"""The proximal step shared by all continuous piecewise-affine activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nnbcd.scalar import Piece, piecewise_prox
from nnbcd.tensor_ops import TORCH

CHUNK = 1 << 15
"""Elements per chunk on a CPU: a dozen temporaries of this size fit a second-level cache."""


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

    def closed_form(v: Tensor, pre: Tensor, u_old: Tensor) -> Tensor:
        m = pre if alpha == 0 else (rho * pre + alpha * u_old) / beta
        u = piecewise_prox(v, m, u_old, gamma=gamma, beta=beta, pieces=pieces, ops=TORCH)
        assert isinstance(u, Tensor)  # the scalar forms are untyped by design
        return u

    if v.is_cuda:
        return closed_form(v, pre, u_old)
    return _in_chunks(closed_form, v, pre, u_old)


def _in_chunks(form: Callable[..., Tensor], *operands: Tensor) -> Tensor:
    """Evaluate an elementwise form piece by piece, so that its temporaries stay in cache."""
    flat = [operand.reshape(-1) for operand in operands]
    out = torch.empty_like(flat[0])
    for start in range(0, len(out), CHUNK):
        part = slice(start, start + CHUNK)
        out[part] = form(*(operand[part] for operand in flat))
    return out.reshape(operands[0].shape)
