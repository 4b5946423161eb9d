"""Many symmetric systems that are principal parts of one matrix, solved in batches."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from nnbcd.linalg import by_eigenvectors

LIMIT = 2**24
"""Numbers that a batch of matrices may hold: 128 MiB in float64."""
GROWTH = 1.25
"""The widest system of a batch is at most so many times as wide as its narrowest."""


def solve_masked(h: Tensor, rhs: Tensor, keep: Tensor, *, floor: float) -> Tensor:
    """x (m, q), 0 off ``keep`` (m, q), with ``h[S, S] x_r[S] = rhs_r[S]``, S where row r keeps.

    ``h`` (q, q) is symmetric with eigenvalues of at least ``floor``.  By Cholesky, rows of like
    width together, padded; by eigenvectors where that fails, and the minimum-norm solution where
    ``floor`` is 0 (as :func:`nnbcd.linalg.solve_right`).  Reads the widths from the device.
    """
    solved = torch.zeros_like(rhs)
    widths = keep.sum(1)
    rows = widths.argsort(stable=True)
    for start, stop, width in _batches(widths[rows].tolist()):
        own = rows[start:stop]
        places = keep[own].to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :width]
        inside = keep[own].gather(1, places)
        parts = _parts(h, places, inside)
        right = rhs[own].gather(1, places).masked_fill_(~inside, 0)
        found = _solve_batch(parts, right, floor=floor).masked_fill_(~inside, 0)
        solved[own] = torch.zeros_like(rhs[own]).scatter_(1, places, found)
    return solved


def _batches(widths: list[int]) -> Iterator[tuple[int, int, int]]:
    """``(start, stop, width)`` of consecutive ascending widths that fit in one batch."""
    start = 0
    while start < len(widths):
        stop = start + 1
        while (
            stop < len(widths)
            and widths[stop] <= GROWTH * widths[start] + 4
            and (stop + 1 - start) * widths[stop] ** 2 <= LIMIT
        ):
            stop += 1
        yield start, stop, widths[stop - 1]
        start = stop


def _parts(h: Tensor, places: Tensor, inside: Tensor) -> Tensor:
    """The principal parts (m, k, k); padding is diagonal, of the mean of what is inside."""
    parts = h[places[:, :, None], places[:, None, :]]
    parts.masked_fill_(~inside[:, :, None], 0).masked_fill_(~inside[:, None, :], 0)
    diagonal = parts.diagonal(dim1=1, dim2=2)
    mean = diagonal.sum(1, keepdim=True) / inside.sum(1, keepdim=True).clamp(min=1)
    diagonal.copy_(torch.where(inside, diagonal, mean))
    return parts


def _solve_batch(parts: Tensor, right: Tensor, *, floor: float) -> Tensor:
    """Each ``parts_r^{-1} right_r``."""
    factors, info = torch.linalg.cholesky_ex(parts)
    failed = (info != 0) | (floor <= 0)
    if not bool(failed.any()):
        solved: Tensor = torch.cholesky_solve(right[:, :, None], factors)[:, :, 0]
        return solved
    solved = torch.empty_like(right)
    good = ~failed
    solved[good] = torch.cholesky_solve(right[good][:, :, None], factors[good])[:, :, 0]
    rows = right[failed][:, None, :]
    solved[failed] = by_eigenvectors(parts[failed], rows, floor=floor)[:, 0]
    return solved
