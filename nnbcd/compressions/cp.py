"""Canonical polyadic form: a sum of outer products, factor by factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape, affordable
from nnbcd.compressions.factored import Factored, check_modes, default_modes, increment
from nnbcd.compressions.tucker import leading_vectors
from nnbcd.errors import InputError

PASSES = 10
"""Alternating passes that better the start, each with a proximal weight of ``SLOWNESS``."""
SLOWNESS = 1e-3


@dataclass(frozen=True)
class CP(Factored):
    """``Z`` = matrices A_j (m_j, r): ``C`` sums the outer products of their ``rank`` columns."""

    kind: ClassVar[str] = "cp"
    kept_meaning: ClassVar[str] = "the entries of the factor matrices"
    modes: tuple[int, ...]
    rank: int

    def validate(self, shape: Shape) -> None:
        """Modes must multiply to the matrix's size; the rank is at least 1."""
        check_modes(self.kind, self.modes, shape)
        if self.rank < 1:
            raise InputError(f"cp rank: given {self.rank}; allowed: a whole number >= 1")

    def factor_shapes(self) -> list[tuple[int, ...]]:
        """(m_j, r)."""
        return [(m, self.rank) for m in self.modes]

    def axes(self) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
        """A mode each, and the term, which all share."""
        q = len(self.modes)
        return [(j, q) for j in range(q)], tuple(range(q))

    def start(self, w: Tensor) -> Factors:
        """Leading singular vectors of each unfolding, bettered by a few alternating passes.

        Columns beyond the number of vectors are filled from a fixed sequence, the same on every
        device.  Done for ``w`` of norm 1; at the end each term is spread evenly over its factors.
        Of ``w = 0`` the first matrix alone is 0: were all, none could ever move.
        """
        norm = torch.linalg.vector_norm(w)
        unit = (w / norm.clamp(min=torch.finfo(w.dtype).tiny)).reshape(self.modes)
        z = tuple(_first_factor(unit, j, self.rank) for j in range(len(self.modes)))
        if not bool(norm > 0):
            return (torch.zeros_like(z[0]), *z[1:])
        for _ in range(PASSES):
            z = _balanced(self.update(z, unit, tau=1.0, alpha_z=SLOWNESS))
        return tuple(a * norm ** (1 / len(z)) for a in z)

    @classmethod
    def product(cls, z: Factors, shape: Shape) -> Tensor:
        """The sum of outer products as a matrix."""
        half = len(z) // 2
        return (khatri_rao(z[:half]) @ khatri_rao(z[half:]).mT).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """One ascending pass; each matrix becomes its exact proximal least-squares minimiser.

        ``A_j`` moves by ``tau E_j K (tau K^T K + alpha_z I)^{-1}``: ``E_j`` the unfolded residual,
        ``K`` the Khatri-Rao product of the others, ``K^T K`` the elementwise product of their
        Gram matrices.
        """
        z = list(z_old)
        grams = [a.mT @ a for a in z]
        for j, a in enumerate(z_old):
            left, right = khatri_rao(z[:j], like=a), khatri_rao(z[j + 1 :], like=a)
            others = [g for k, g in enumerate(grams) if k != j]
            descent = tau * _gathered(w, left, a, right)
            gram = torch.stack(others).prod(0)
            z[j] = a + increment(descent, (None, gram), tau=tau, alpha_z=alpha_z)
            grams[j] = z[j].mT @ z[j]
        return tuple(z)

    @classmethod
    def from_budget(
        cls,
        shape: Shape,
        /,
        *,
        keep: float,
        dtype: str = "float64",
        modes: tuple[int, ...] | None = None,
    ) -> CP:
        """The largest rank whose factors ``keep`` pays for."""
        modes = modes or default_modes(shape)
        check_modes(cls.kind, modes, shape)
        size = math.prod(shape)
        return cls(modes, affordable(cls.kind, shape, keep, unit=sum(modes), largest=size))

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> CP:
        """The rank given, on the default modes where none are."""
        return cls(own.get("modes") or default_modes(shape), own["rank"])


def khatri_rao(z: Sequence[Tensor], *, like: Tensor | None = None) -> Tensor:
    """Columnwise Kronecker product, (m_1 ... m_k, r), row-major; a row of ones for no factor."""
    if not z:
        assert like is not None  # the rank must come from somewhere
        return like.new_ones(1, like.shape[1])
    whole = z[0]
    for a in z[1:]:
        whole = (whole[:, None, :] * a).reshape(-1, a.shape[1])
    return whole


def _gathered(w: Tensor, left: Tensor, a: Tensor, right: Tensor) -> Tensor:
    """The residual ``E = w - C`` times the others, (m, r), the larger of ``left, right`` first."""
    if left.shape[0] >= right.shape[0]:
        inner = khatri_rao((a, right))
        residual = w.reshape(left.shape[0], -1) - left @ inner.mT
        partial = (residual.mT @ left).reshape(a.shape[0], right.shape[0], -1)
        return (partial * right).sum(1)
    inner = khatri_rao((left, a))
    residual = w.reshape(-1, right.shape[0]) - inner @ right.mT
    partial = (residual @ right).reshape(left.shape[0], a.shape[0], -1)
    return (partial * left[:, None, :]).sum(0)


def _first_factor(unit: Tensor, j: int, rank: int) -> Tensor:
    """Leading vectors of unfolding ``j``, and a fixed sequence of numbers where they run out."""
    m = unit.shape[j]
    vectors = leading_vectors(unit, j, min(rank, m))
    generator = torch.Generator().manual_seed(j)
    extra = torch.randn(m, rank - vectors.shape[1], generator=generator, dtype=torch.float64)
    return torch.cat([vectors, extra.to(vectors) / math.sqrt(m)], dim=1)


def _balanced(z: Factors) -> Factors:
    """The same sum, the columns of each term of one norm in all factors."""
    norms = torch.stack([torch.linalg.vector_norm(a, dim=0) for a in z])
    even = norms.prod(0).pow(1 / len(z))
    safe = torch.where(norms > 0, norms, torch.ones_like(norms))
    return tuple(a * (even / n) for a, n in zip(z, safe, strict=True))
