"""Tucker form: a small core times one matrix a mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape, budget
from nnbcd.compressions.factored import (
    Factored,
    check_modes,
    default_modes,
    increment,
    largest_ranks,
    mode_product,
)
from nnbcd.errors import InputError


@dataclass(frozen=True)
class Tucker(Factored):
    """``Z`` = core (r_1..r_q), then A_j (m_j, r_j): ``C`` is the core times ``A_j`` in mode j."""

    kind: ClassVar[str] = "tucker"
    kept_meaning: ClassVar[str] = "the entries of core and factor matrices"
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def validate(self, shape: Shape) -> None:
        """Modes must multiply to the matrix's size; ranks lie in 1..mode."""
        check_modes(self.kind, self.modes, shape)
        fits = len(self.ranks) == len(self.modes) and all(
            1 <= r <= m for r, m in zip(self.ranks, self.modes, strict=True)
        )
        if not fits:
            raise InputError(
                f"tucker ranks: given {list(self.ranks)} for modes {list(self.modes)}; "
                "allowed: one a mode, from 1 to the mode"
            )

    def factor_shapes(self) -> list[tuple[int, ...]]:
        """The core's, then (m_j, r_j)."""
        return [self.ranks, *zip(self.modes, self.ranks, strict=True)]

    def axes(self) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
        """The core's, then a mode and the core's axis each."""
        q = len(self.modes)
        return [tuple(range(q, 2 * q)), *((j, q + j) for j in range(q))], tuple(range(q))

    def start(self, w: Tensor) -> Factors:
        """The truncated higher-order SVD (De Lathauwer et al. 2000), modes in ascending order."""
        core, matrices = w.reshape(self.modes), []
        for j, r in enumerate(self.ranks):
            matrices.append(leading_vectors(core, j, r))
            core = mode_product(core, matrices[j].mT, j)
        return (core.contiguous(), *matrices)

    @classmethod
    def product(cls, z: Factors, shape: Shape) -> Tensor:
        """The core times every matrix, as a matrix."""
        return _times(z[0], z[1:]).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """The core, then each matrix: every one its exact proximal least-squares minimiser.

        The core's curvature is the Kronecker product of the Gram matrices ``A_k^T A_k``.  With
        ``B`` the core times all other matrices, unfolded, ``A_j``'s is ``B B^T``, of which only
        Gram matrices and the core are needed.
        """
        tensor, (core, *matrices) = w.reshape(self.modes), z_old
        grams = [a.mT @ a for a in matrices]
        turned = [a.mT for a in matrices]
        residual = tensor - _times(core, matrices)
        descent = tau * _times(residual, turned)
        core = core + increment(descent, grams, tau=tau, alpha_z=alpha_z)
        for j, a in enumerate(matrices):
            residual = tensor - _times(core, matrices)
            unfolded = _unfold(core, j)
            descent = tau * (_unfold(_times(residual, turned, but=j), j) @ unfolded.mT)
            gram = _unfold(_times(core, grams, but=j), j) @ unfolded.mT
            gram = (gram + gram.mT) / 2  # symmetric but for rounding
            new = a + increment(descent, (None, gram), tau=tau, alpha_z=alpha_z)
            matrices[j], turned[j], grams[j] = new, new.mT, new.mT @ new
        return (core, *matrices)

    @classmethod
    def from_budget(
        cls,
        shape: Shape,
        /,
        *,
        keep: float,
        dtype: str = "float64",
        modes: tuple[int, ...] | None = None,
    ) -> Tucker:
        """The largest ranks that store at most ``keep`` of the entries."""
        modes = modes or default_modes(shape)
        check_modes(cls.kind, modes, shape)
        ranks = largest_ranks(
            cls.kind,
            modes,
            lambda ranks, j: min(modes[j], math.prod(ranks) // ranks[j]),
            lambda ranks: math.prod(ranks) + sum(map(math.prod, zip(modes, ranks, strict=True))),
            budget(shape, keep),
        )
        return cls(modes, ranks)

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> Tucker:
        """Every rank the smaller of ``rank`` and its mode."""
        modes = own.get("modes") or default_modes(shape)
        return cls(modes, tuple(min(own["rank"], m) for m in modes))


def leading_vectors(tensor: Tensor, axis: int, count: int) -> Tensor:
    """(m, count) orthonormal: the leading left singular vectors of the unfolding along ``axis``.

    From its Gram matrix, which has all ``m`` of them however short the other axes are.
    """
    unfolded = _unfold(tensor, axis)
    vectors: Tensor = torch.linalg.eigh(unfolded @ unfolded.mT).eigenvectors
    return vectors[:, -count:].flip(1).contiguous()


def _times(core: Tensor, matrices: Sequence[Tensor], *, but: int | None = None) -> Tensor:
    """``core`` times a matrix in every mode, or in every mode but one."""
    for j, a in enumerate(matrices):
        if j != but:
            core = mode_product(core, a, j)
    return core


def _unfold(tensor: Tensor, axis: int) -> Tensor:
    return tensor.movedim(axis, 0).reshape(tensor.shape[axis], -1)
