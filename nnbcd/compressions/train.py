"""Tensor trains of a row-major reshaped matrix: contraction, budget, TT-SVD.

A matrix (d, p) is reshaped to modes ``m_1 x ... x m_q`` with product ``d p``; a train has cores
``G_j`` of shape (r_{j-1}, m_j, r_j), ``r_0 = r_q = 1`` (Oseledets 2011).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.errors import InputError


def contract(cores: Factors) -> Tensor:
    """The train's entries as a vector of length ``m_1 ... m_q``."""
    left = cores[0].reshape(-1, cores[0].shape[-1])
    for core in cores[1:]:
        left = (left @ core.reshape(core.shape[0], -1)).reshape(-1, core.shape[-1])
    return left.reshape(-1)


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


def validate(modes: Sequence[int], ranks: Sequence[int], shape: tuple[int, int]) -> None:
    """Raise ``InputError`` naming what does not fit."""
    if len(modes) < 2 or min(modes) < 1 or math.prod(modes) != shape[0] * shape[1]:
        raise InputError(
            f"tensor train modes: given {list(modes)} for a {shape[0]}x{shape[1]} layer; "
            f"allowed: at least two positive whole numbers with product {shape[0] * shape[1]}"
        )
    if len(ranks) != len(modes) - 1 or min(ranks) < 1:
        raise InputError(
            f"tensor train ranks: given {list(ranks)} for modes {list(modes)}; "
            f"allowed: {len(modes) - 1} whole numbers from 1 to {list(largest_ranks(modes))}"
        )
    for cut, rank in enumerate(ranks):
        if rank > rank_limit(modes, ranks, cut):
            raise InputError(
                f"tensor train ranks: given {list(ranks)} for modes {list(modes)}; rank "
                f"{cut + 1} is {rank}, allowed: 1 to {rank_limit(modes, ranks, cut)} beside "
                "its neighbours"
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


def default_modes(shape: tuple[int, int]) -> tuple[int, ...]:
    """Each side of the matrix split into its two most balanced factors; factors of 1 dropped."""
    modes = tuple(m for side in shape for m in balanced_factors(side) if m > 1)
    return modes if len(modes) >= 2 else shape


def balanced_factors(side: int) -> tuple[int, int]:
    """``(a, b)`` with ``a b = side``, ``a >= b`` and ``a - b`` least."""
    b = next(k for k in range(math.isqrt(side), 0, -1) if side % k == 0)
    return side // b, b


def ranks_from_budget(modes: Sequence[int], budget: int) -> tuple[int, ...]:
    """The largest uniform rank cap, then raised cut by cut, whose train stores <= ``budget``."""
    top = largest_ranks(modes)
    ranks = [1] * len(top)
    if size(modes, ranks) > budget:
        raise InputError(
            f"tensor train budget: given {budget} numbers; modes {list(modes)} need at least "
            f"{size(modes, ranks)}"
        )
    for cap in range(2, max(top) + 1):
        raised = [min(cap, t) for t in top]
        if size(modes, raised) > budget:
            break
        ranks = raised
    for j in range(len(ranks)):
        while ranks[j] < rank_limit(modes, ranks, j) and size(modes, _raised(ranks, j)) <= budget:
            ranks = _raised(ranks, j)
    return tuple(ranks)


def _raised(ranks: Sequence[int], j: int) -> list[int]:
    return [r + (i == j) for i, r in enumerate(ranks)]
