"""Factors that are the weights: each in turn set to its minimiser of a quadratic of ``C(Z)``."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.factored import Factored
from nnbcd.compressions.network import Labels, Operand, contract
from nnbcd.linalg import solve_right


def descend(
    member: Factored, z_old: Factors, gradient: Tensor, curvature: Tensor, *, alpha_z: float
) -> Factors:
    """One ascending pass over the factors of ``C`` (d, p), which is linear in each.

    The quadratic is ``<gradient, D> + 1/2 <D, D curvature>`` of the increment ``D`` of C, with
    ``gradient`` (d, p) at ``z_old`` and ``curvature`` (p, p).  Each factor's increment solves its
    normal equations with ``alpha_z`` added, the others at their newest; the minimum-norm one where
    these are singular.
    """
    d, p = gradient.shape
    z, (axes, modes) = list(z_old), member.axes()
    sizes = {
        k: m for own, f in zip(axes, z, strict=True) for k, m in zip(own, f.shape, strict=True)
    }
    rows = _rows(modes, sizes, d)
    shape = [sizes[k] for k in modes]
    for j, factor in enumerate(z_old):
        others = [(f, own) for k, (f, own) in enumerate(zip(z, axes, strict=True)) if k != j]
        parts = [*others, (gradient.reshape(shape), modes)]
        slope = contract(_with_lone(parts, axes[j], sizes), axes[j])
        if rows is None:
            h = _dense(member, tuple(z), j, (d, p), curvature)
            free: Labels = ()
        else:
            h = _normal(others, axes[j], modes, rows, curvature, sizes)
            free = tuple(k for k in axes[j] if k in modes[:rows])
        step = _solve(h, slope, [axes[j].index(k) for k in free], alpha_z=alpha_z)
        z[j] = factor - step
        moved = member.expand((*z[:j], step, *z[j + 1 :]), (d, p))
        gradient = gradient - moved @ curvature
    return tuple(z)


def _rows(modes: Labels, sizes: dict[int, int], d: int) -> int | None:
    """How many of the first modes make up the d outputs; ``None`` where one straddles."""
    product = 1
    for count, k in enumerate(modes):
        if product == d:
            return count
        product *= sizes[k]
    return len(modes) if product == d else None


def _normal(
    others: Sequence[Operand],
    own: Labels,
    modes: Labels,
    rows: int,
    curvature: Tensor,
    sizes: dict[int, int],
) -> Tensor:
    """The normal matrix over the factor's axes but those of outputs, which never couple."""
    outputs, inputs = set(modes[:rows]), modes[rows:]
    far = {k: k if k in outputs else -1 - k for k in sizes}
    twin = [(f, tuple(far[k] for k in axes)) for f, axes in others]
    side = [sizes[k] for k in inputs]
    middle = (curvature.reshape(side + side), (*inputs, *(far[k] for k in inputs)))
    kept = tuple(k for k in own if k not in outputs)
    both = (*kept, *(far[k] for k in kept))
    whole = contract(_with_lone([*others, *twin, middle], both, sizes), both)
    size = 1
    for k in kept:
        size *= sizes[k]
    return whole.reshape(size, size)


def _with_lone(operands: Sequence[Operand], out: Labels, sizes: dict[int, int]) -> list[Operand]:
    """The operands, and ones along the axes of ``out`` that none has: over such C sums freely."""
    like, present = operands[-1][0], {k for _, own in operands for k in own}
    lone = [k for k in out if k not in present]
    ones: list[Operand] = [(like.new_ones(sizes[max(k, -1 - k)]), (k,)) for k in lone]
    return [*operands, *ones]


def _solve(h: Tensor, slope: Tensor, free: Sequence[int], *, alpha_z: float) -> Tensor:
    """``(h + alpha_z I)^{-1} slope``, alike for all indices of the ``free`` axes."""
    bound = [k for k in range(slope.ndim) if k not in free]
    turned = slope.permute([*free, *bound])
    h = (h + h.mT) / 2  # symmetric but for rounding
    h.diagonal().add_(alpha_z)
    solved = solve_right(h, turned.reshape(-1, len(h)), floor=alpha_z).reshape(turned.shape)
    back = sorted(range(slope.ndim), key=[*free, *bound].__getitem__)
    return solved.permute(back).contiguous()


def _dense(
    member: Factored, z: Factors, j: int, shape: tuple[int, int], curvature: Tensor
) -> Tensor:
    """The normal matrix from what each entry of factor ``j`` adds to C, where modes straddle."""
    units = torch.eye(z[j].numel(), dtype=z[j].dtype, device=z[j].device)

    def expand(unit: Tensor) -> Tensor:
        return member.expand((*z[:j], unit.reshape(z[j].shape), *z[j + 1 :]), shape)

    columns: Tensor = torch.func.vmap(expand)(units)
    pulled = (columns @ curvature).reshape(len(units), -1)
    return pulled @ columns.reshape(len(units), -1).mT
