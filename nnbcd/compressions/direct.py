"""Factors that are the weights: each in turn set to its minimiser of a quadratic of ``C(Z)``."""

from __future__ import annotations

import torch
from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.linalg import solve_right


def descend(
    member: Compression, z_old: Factors, gradient: Tensor, curvature: Tensor, *, alpha_z: float
) -> Factors:
    """One ascending pass over the factors of ``C`` (d, p), which is linear in each.

    The quadratic is ``<gradient, D> + 1/2 <D, D curvature>`` of the increment ``D`` of C, with
    ``gradient`` (d, p) at ``z_old`` and ``curvature`` (p, p).  Each factor's increment solves its
    normal equations with ``alpha_z`` added, the others at their newest; the minimum-norm one where
    these are singular.
    """
    d, p = gradient.shape
    z = list(z_old)
    for j, factor in enumerate(z_old):
        columns = _columns(member, tuple(z), j, (d, p))
        pulled = (columns @ curvature).reshape(len(columns), -1)
        flat = columns.reshape(len(columns), -1)
        h = pulled @ flat.mT
        h = (h + h.mT) / 2  # symmetric but for rounding
        h.diagonal().add_(alpha_z)
        step = solve_right(h, (flat @ gradient.reshape(-1))[None], floor=alpha_z)[0]
        z[j] = factor - step.reshape(factor.shape)
        gradient = gradient - (step @ pulled).reshape(d, p)
    return tuple(z)


def _columns(member: Compression, z: Factors, j: int, shape: tuple[int, int]) -> Tensor:
    """What each entry of factor ``j`` adds to ``C``: (entries, d, p)."""
    units = torch.eye(z[j].numel(), dtype=z[j].dtype, device=z[j].device)

    def expand(unit: Tensor) -> Tensor:
        return member.expand((*z[:j], unit.reshape(z[j].shape), *z[j + 1 :]), shape)

    found: Tensor = torch.func.vmap(expand)(units)
    return found
