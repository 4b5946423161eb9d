"""Symmetric positive definite solves without an explicit inverse."""

from __future__ import annotations

import torch
from torch import Tensor


def solve_right(h: Tensor, rhs: Tensor, *, floor: float) -> Tensor:
    """``rhs @ h^{-1}`` for symmetric ``h`` (p, p) and ``rhs`` (m, p).

    ``floor`` is a lower bound that theory gives for the eigenvalues of ``h`` (a proximal weight,
    say).  By Cholesky; where rounding has made ``h`` numerically indefinite, by its
    eigenvectors with eigenvalues raised to ``floor``.  With ``floor = 0`` and singular ``h`` the
    minimum-norm solution of ``x h = rhs`` is returned.  Reads one flag back from the device.
    """
    factor, info = torch.linalg.cholesky_ex(h)
    if floor > 0 and not bool(info):
        solved: Tensor = torch.cholesky_solve(rhs.mT, factor)
        return solved.mT
    return _by_eigenvectors(h, rhs, floor=floor)


def _by_eigenvectors(h: Tensor, rhs: Tensor, *, floor: float) -> Tensor:
    values, vectors = torch.linalg.eigh(h)
    noise = h.shape[0] * torch.finfo(h.dtype).eps * values[-1].abs()
    if floor > 0:
        inverse = 1 / values.clamp(min=floor)
    else:
        # Without a floor, eigenvalues within rounding of 0 are 0: nothing moves along them.
        inverse = torch.where(values > noise, 1 / values, torch.zeros_like(values))
    solved: Tensor = ((rhs @ vectors) * inverse) @ vectors.mT
    return solved
