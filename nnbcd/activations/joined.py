"""The two quadratic terms of the U problem joined into one, and evaluation within the cache."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nnbcd.scalar import weighted_mean

CHUNK = 1 << 15
"""Elements per chunk on a CPU: a dozen temporaries of this size fit a second-level cache."""

Form = Callable[[Tensor, Tensor, Tensor, float], Tensor]
"""``(v, m, u_old, beta)`` to the minimiser of ``gamma/2 (v-s(u))^2 + beta/2 (u-m)^2``."""


def joined(
    form: Form, v: Tensor, pre: Tensor, u_old: Tensor, *, rho: float, alpha: float
) -> Tensor:
    """``form`` at ``beta = rho + alpha`` and ``m`` the weighted mean of ``pre`` and ``u_old``."""
    beta = rho + alpha

    def at_mean(v: Tensor, pre: Tensor, u_old: Tensor) -> Tensor:
        return form(v, weighted_mean(pre, u_old, weight=rho, prox=alpha), u_old, beta)

    if v.is_cuda:
        return at_mean(v, pre, u_old)
    return _in_chunks(at_mean, v, pre, u_old)


def _in_chunks(form: Callable[..., Tensor], *operands: Tensor) -> Tensor:
    """Evaluate an elementwise form piece by piece, so that its temporaries stay in cache."""
    flat = [operand.reshape(-1) for operand in operands]
    out = torch.empty_like(flat[0])
    for start in range(0, len(out), CHUNK):
        part = slice(start, start + CHUNK)
        out[part] = form(*(operand[part] for operand in flat))
    return out.reshape(operands[0].shape)
