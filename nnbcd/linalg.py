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
    return by_eigenvectors(h, rhs, floor=floor)


def by_eigenvectors(h: Tensor, rhs: Tensor, *, floor: float) -> Tensor:
    """``rhs h^{-1}`` for symmetric ``h`` (..., p, p) and ``rhs`` (..., m, p), by eigenvectors.

    Eigenvalues are raised to ``floor``; with ``floor = 0`` the minimum-norm solution.
    """
    values, vectors = torch.linalg.eigh(h)
    if floor > 0:
        inverse = 1 / values.clamp(min=floor)
    else:
        # Without a floor, eigenvalues within rounding of 0 are 0: nothing moves along them.
        noise = h.shape[-1] * torch.finfo(h.dtype).eps * values[..., -1:].abs()
        inverse = torch.where(values > noise, 1 / values, torch.zeros_like(values))
    solved: Tensor = ((rhs @ vectors) * inverse[..., None, :]) @ vectors.mT
    return solved
