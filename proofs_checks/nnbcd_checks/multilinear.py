"""CP and Tucker: C as a tensor of modes m_1 .. m_q that is linear in each of its factors.

The tensor is the row-major reshape of C (Kolda and Bader, SIAM Review 51, 2009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.compression import Refused
from nnbcd_checks.factored import Factored
from nnbcd_checks.trains import check_modes


@dataclass(frozen=True)
class CanonicalPolyadic(Factored):
    """``C = sum_t A_1[:, t] outer ... outer A_q[:, t]``."""

    kind: ClassVar[str] = "cp"
    modes: tuple[int, ...]
    rank: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """(m_j, r)."""
        return tuple((m, self.rank) for m in self.modes)

    @property
    def length(self) -> int:
        """The terms, and the factors of each."""
        return self.rank + len(self.modes)

    @property
    def terms(self) -> int:
        """The rank."""
        return self.rank

    def check(self) -> None:
        """``modes`` make up W."""
        check_modes(self.matrix, self.modes)

    def value(self, tensors: Sequence[Array]) -> Array:
        """The sum of the outer products."""
        return self.part(tensors, 0).apply(tensors[0])

    def part(self, tensors: Sequence[Array], j: int) -> _Columns:
        """``C_(j) = A_j K^T`` with K the columnwise outer products of the other factors."""
        others = reduce(_columnwise, [*tensors[:j], *tensors[j + 1 :]])
        return _Columns(self.matrix, self.modes, j, others, norm(others))


def _columnwise(left: Array, right: Array) -> Array:
    """The outer products of equal columns, (a, r) and (b, r) to (a b, r)."""
    found: Array = (left[:, None, :] * right[None, :, :]).reshape(-1, left.shape[1])
    return found


@dataclass(frozen=True)
class _Columns:
    """``C_(j) = G K^T``: mode j of C against all others, row-major; K (product of others, r)."""

    matrix: tuple[int, int]
    modes: tuple[int, ...]
    j: int
    others: Array
    outer: float  # of the products that K is made of

    @property
    def lengths(self) -> tuple[int, ...]:
        """Over all other modes."""
        return (self.others.shape[0],)

    def apply(self, factor: Array) -> Array:
        """``G K^T``, mode j put back in its place."""
        rest = [*self.modes[: self.j], *self.modes[self.j + 1 :]]
        unfolded = (factor @ self.others.T).reshape(self.modes[self.j], *rest)
        return np.moveaxis(unfolded, 0, self.j).reshape(self.matrix)

    def adjoint(self, matrix: Array) -> Array:
        """``matrix_(j) K``."""
        unfolded = np.moveaxis(matrix.reshape(self.modes), self.j, 0)
        found: Array = unfolded.reshape(self.modes[self.j], -1) @ self.others
        return found

    def grams(self) -> tuple[Array | None, ...]:
        """The identity along mode j, and ``K^T K``."""
        return None, self.others.T @ self.others


@dataclass(frozen=True)
class Tucker(Factored):
    """A core (r_1, .., r_q) times a matrix (m_j, r_j) in every mode."""

    kind: ClassVar[str] = "tucker"
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The core, then the matrices."""
        return self.ranks, *zip(self.modes, self.ranks, strict=True)

    @property
    def length(self) -> int:
        """The sum of the ranks: each mode adds a sum of that length."""
        return sum(self.ranks)

    @property
    def terms(self) -> int:
        """The entries of the core."""
        return math.prod(self.ranks)

    def check(self) -> None:
        """``modes`` make up W, and every rank is at most its mode."""
        check_modes(self.matrix, self.modes)
        if len(self.ranks) != len(self.modes):
            raise Refused("ranks", self.ranks, f"{len(self.modes)} ranks")
        for j, (mode, rank) in enumerate(zip(self.modes, self.ranks, strict=True)):
            if rank > mode:
                raise Refused(f"ranks[{j}]", rank, f"1 to {mode}")

    def value(self, tensors: Sequence[Array]) -> Array:
        """The core times every matrix."""
        return _in_modes(tensors[0], tensors[1:]).reshape(self.matrix)

    def part(self, tensors: Sequence[Array], j: int) -> _Core | _Columns:
        """Of the core, or of a matrix: ``C_(j) = A_j K^T``, K the core times the others."""
        core, matrices = tensors[0], list(tensors[1:])
        if j == 0:
            return _Core(self.matrix, self.modes, tuple(matrices))
        outer = norm(core) * math.prod(norm(a) for k, a in enumerate(matrices) if k != j - 1)
        matrices[j - 1] = np.eye(self.ranks[j - 1])
        spread = np.moveaxis(_in_modes(core, matrices), j - 1, -1)
        others = spread.reshape(-1, self.ranks[j - 1])
        return _Columns(self.matrix, self.modes, j - 1, others, outer)


def _in_modes(core: Array, matrices: Sequence[Array]) -> Array:
    """``core`` times ``matrices[k]`` (m_k, r_k) along axis k, for every k."""
    for axis, matrix in enumerate(matrices):
        core = np.moveaxis(np.tensordot(core, matrix, axes=(axis, 1)), -1, axis)
    return core


@dataclass(frozen=True)
class _Core:
    """``A(G)``: G times a matrix in every mode."""

    matrix: tuple[int, int]
    modes: tuple[int, ...]
    matrices: tuple[Array, ...]

    @property
    def outer(self) -> float:
        """The product of the matrices' norms: the Frobenius norm of their Kronecker product."""
        return math.prod(norm(matrix) for matrix in self.matrices)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Over every mode."""
        return self.modes

    def apply(self, factor: Array) -> Array:
        """The core times every matrix."""
        return _in_modes(factor, self.matrices).reshape(self.matrix)

    def adjoint(self, matrix: Array) -> Array:
        """The reshaped matrix times every transpose."""
        return _in_modes(matrix.reshape(self.modes), [a.T for a in self.matrices])

    def grams(self) -> tuple[Array | None, ...]:
        """``A_k^T A_k`` along every axis."""
        return tuple(a.T @ a for a in self.matrices)
