"""Tensor trains: contraction, TT-SVD, budget, and the pass of exact core updates.

A vector of ``m_1 ... m_q`` entries is a tensor of these modes; a train has cores ``G_j`` of shape
(r_{j-1}, m_j, r_j), ``r_0 = r_q = 1`` (Oseledets 2011).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.factored import increment
from nnbcd.compressions.factored import largest_ranks as largest_within
from nnbcd.errors import InputError


def contract(cores: Factors) -> Tensor:
    """The train's entries as a vector of length ``m_1 ... m_q``."""
    left = cores[0].reshape(-1, cores[0].shape[-1])
    for core in cores[1:]:
        left = (left @ core.reshape(core.shape[0], -1)).reshape(-1, core.shape[-1])
    return left.reshape(-1)


def update(z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
    """One ascending pass over cores (a, m, b) towards the vector ``w``.

    Core ``j`` solves ``(tau L^T L (x) I (x) R R^T + alpha_z I) D = -gradient`` for its increment
    ``D``, with ``L`` (new cores before) and ``R`` (old cores after).  Cores are never
    re-orthogonalised: that would move them at no change of ``C(Z)``, beyond what the decrease
    controls.
    """
    left = w.new_ones(1, 1)
    cores = []
    for core, right in zip(z_old, _right_parts(z_old), strict=True):
        residual = w.reshape(left.shape[0], core.shape[1], -1) - _expand3(left, core, right)
        after = residual @ right.mT
        descent = (tau * (left.mT @ after.reshape(left.shape[0], -1))).reshape(core.shape)
        grams = (left.mT @ left, None, right @ right.mT)
        new = core + increment(descent, grams, tau=tau, alpha_z=alpha_z)
        cores.append(new)
        left = (left @ new.reshape(new.shape[0], -1)).reshape(-1, new.shape[-1])
    return tuple(cores)


def _right_parts(cores: Factors) -> tuple[Tensor, ...]:
    """For each core the product of the cores after it, (r_j, M_after)."""
    right = cores[0].new_ones(1, 1)
    parts = [right]
    for core in reversed(cores[1:]):
        right = (core.reshape(-1, core.shape[-1]) @ right).reshape(core.shape[0], -1)
        parts.append(right)
    return tuple(reversed(parts))


def _expand3(left: Tensor, core: Tensor, right: Tensor) -> Tensor:
    inner = (left @ core.reshape(core.shape[0], -1)).reshape(-1, core.shape[-1])
    return (inner @ right).reshape(left.shape[0], core.shape[1], right.shape[1])


def size(modes: Sequence[int], ranks: Sequence[int]) -> int:
    """Numbers stored by the cores."""
    bounds = (1, *ranks, 1)
    return sum(bounds[j] * m * bounds[j + 1] for j, m in enumerate(modes))


def largest_ranks(modes: Sequence[int]) -> tuple[int, ...]:
    """The rank at each cut beyond which a train gains nothing."""
    cuts = range(1, len(modes))
    return tuple(min(math.prod(modes[:j]), math.prod(modes[j:])) for j in cuts)


def rank_limit(modes: Sequence[int], ranks: Sequence[int], cut: int) -> int:
    """The largest rank at ``cut`` (from 0) that its two neighbouring cores can carry."""
    bounds = (1, *ranks, 1)
    return min(
        largest_ranks(modes)[cut], bounds[cut] * modes[cut], modes[cut + 1] * bounds[cut + 2]
    )


def check_ranks(kind: str, modes: Sequence[int], ranks: Sequence[int]) -> None:
    """Raise ``InputError`` naming the rank that does not fit."""
    if len(ranks) != len(modes) - 1 or min(ranks) < 1:
        raise InputError(
            f"{kind} ranks: given {list(ranks)} for modes {list(modes)}; "
            f"allowed: {len(modes) - 1} whole numbers from 1 to {list(largest_ranks(modes))}"
        )
    for cut, rank in enumerate(ranks):
        if rank > rank_limit(modes, ranks, cut):
            raise InputError(
                f"{kind} ranks: given {list(ranks)} for modes {list(modes)}; rank "
                f"{cut + 1} is {rank}, allowed: 1 to {rank_limit(modes, ranks, cut)} beside "
                "its neighbours"
            )


def capped_ranks(modes: Sequence[int], cap: int) -> tuple[int, ...]:
    """Every rank the smaller of ``cap`` and the largest useful one."""
    return tuple(min(cap, top) for top in largest_ranks(modes))


def ranks_from_budget(kind: str, modes: Sequence[int], budget: int) -> tuple[int, ...]:
    """The largest ranks whose train stores at most ``budget`` numbers."""
    return largest_within(
        kind,
        largest_ranks(modes),
        lambda ranks, cut: rank_limit(modes, ranks, cut),
        lambda ranks: size(modes, ranks),
        budget,
    )


def tt_svd(w: Tensor, modes: Sequence[int], ranks: Sequence[int]) -> Factors:
    """Left-to-right truncated SVDs: quasi-optimal within sqrt(q - 1), not a minimiser."""
    cores, rest, before = [], w.reshape(1, -1), 1
    for m, r in zip(modes[:-1], ranks, strict=True):
        u, s, vh = torch.linalg.svd(rest.reshape(before * m, -1), full_matrices=False)
        cores.append(u[:, :r].reshape(before, m, r).contiguous())
        rest, before = s[:r, None] * vh[:r], r
    cores.append(rest.reshape(before, modes[-1], 1).contiguous())
    return tuple(cores)
