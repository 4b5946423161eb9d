"""Tensor trains: of W's row-major reshape, set core by core or by TT-SVD, and of an operator."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.compression import Refused, State
from nnbcd_checks.factored import Factored
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.rounding import AUDIT_UNIT, growth
from nnbcd_checks.tt import left_products, middle, reconstruct, right_products, transpose_middle


@dataclass(frozen=True)
class Train(Factored):
    """A train of cores (r_{j-1}, ..., r_j) of a tensor whose entries are those of W, in an order.

    Members say how the tensor is laid out: the modes of its cores, and W from it and back.
    """

    @property
    def ranks_all(self) -> tuple[int, ...]:
        """r_0 = 1, r_1, ..., r_q = 1."""
        return 1, *self.inner_ranks, 1

    @property
    @abstractmethod
    def inner_ranks(self) -> tuple[int, ...]:
        """r_1, ..., r_{q-1}."""

    @property
    @abstractmethod
    def core_modes(self) -> tuple[tuple[int, ...], ...]:
        """What stands between the ranks in the shape of each core."""

    def lay_out(self, matrix: Array) -> Array:
        """The entries of a (d, p) matrix in the tensor's row-major order."""
        return matrix

    def restore(self, tensor: Array) -> Array:
        """The (d, p) matrix of a tensor in row-major order, whatever its shape."""
        return tensor.reshape(self.matrix)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the cores."""
        ranks = self.ranks_all
        return tuple((ranks[j], *m, ranks[j + 1]) for j, m in enumerate(self.core_modes))

    @property
    def length(self) -> int:
        """The sum of the ranks: each core adds a sum of that length."""
        return sum(self.inner_ranks)

    @property
    def terms(self) -> int:
        """One for every choice of an index between any two cores."""
        return math.prod(self.inner_ranks)

    def check(self) -> None:
        """There is a rank between any two cores, and each is attainable."""
        modes, ranks = [math.prod(m) for m in self.core_modes], self.inner_ranks
        if len(ranks) != len(modes) - 1:
            raise Refused("ranks", ranks, f"{len(modes) - 1} ranks")
        for j, rank in enumerate(ranks, 1):
            most = min(math.prod(modes[:j]), math.prod(modes[j:]))
            if rank > most:
                raise Refused(f"ranks[{j - 1}]", rank, f"1 to {most}")

    def cubes(self, tensors: Sequence[Array]) -> list[Array]:
        """The cores with the modes between their ranks as one."""
        return [core.reshape(core.shape[0], -1, core.shape[-1]) for core in tensors]

    def value(self, tensors: Sequence[Array]) -> Array:
        """The matrix the cores stand for."""
        return self.restore(reconstruct(self.cubes(tensors), (-1,)))

    def part(self, tensors: Sequence[Array], j: int) -> _Between:
        """``C = L G R``."""
        cores = self.cubes(tensors)
        return _Between(self, j, left_products(cores)[j], right_products(cores)[j])


@dataclass(frozen=True)
class _Between:
    """``A(G) = L . G . R`` with L (a, r) and R (s, b) the products of the other cores."""

    train: Train
    j: int
    left: Array
    right: Array

    @property
    def outer(self) -> float:
        """``||L|| ||R||``."""
        return norm(self.left) * norm(self.right)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Over the rows of L, then over the columns of R."""
        return self.left.shape[0], self.right.shape[1]

    def apply(self, factor: Array) -> Array:
        """``L . G . R``."""
        (cube,) = self.train.cubes([factor])
        return self.train.restore(middle(self.left, cube, self.right, (-1,)))

    def adjoint(self, matrix: Array) -> Array:
        """``L^T . matrix . R^T``."""
        found = transpose_middle(self.left, self.train.lay_out(matrix), self.right)
        return found.reshape(self.train.shapes[self.j])

    def grams(self) -> tuple[Array | None, ...]:
        """``L^T L``, the identity along the modes, ``R R^T``."""
        between = (None,) * len(self.train.core_modes[self.j])
        return self.left.T @ self.left, *between, self.right @ self.right.T


@dataclass(frozen=True)
class TensorTrain(Train):
    """A train of the row-major reshape of W to ``modes``."""

    kind: ClassVar[str] = "tt"
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    @property
    def inner_ranks(self) -> tuple[int, ...]:
        """``ranks``."""
        return self.ranks

    @property
    def core_modes(self) -> tuple[tuple[int, ...], ...]:
        """One mode a core."""
        return tuple((m,) for m in self.modes)

    def check(self) -> None:
        """``modes`` make up W."""
        check_modes(self.matrix, self.modes)
        super().check()


@dataclass(frozen=True)
class TruncatedTrain(TensorTrain):
    """A train set by a truncated TT-SVD of W: quasi-optimal only."""

    kind: ClassVar[str] = "tt_svd"
    no_theorem: ClassVar[str | None] = "a truncated TT-SVD"

    @property
    def rows(self) -> tuple[str, ...]:
        """All cores at once."""
        return ("",)

    def constant(self, alpha_z: float) -> float | None:
        """A truncated TT-SVD minimises nothing, so no theorem covers it."""
        return None

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """The decrease of ``tau/2 ||W - C||^2``, and nothing else."""
        ((i,), mixed) = layers, bench.mixed
        tau, before = bench.problem.layer(i).penalties.tau, mixed.apart[i]
        mixed.replace_z(i, {f"Z{i}{suffix}": new[f"Z{i}{suffix}"] for suffix in self.tensors})
        change, both = before - mixed.apart[i], before + mixed.apart[i]
        error = growth(before.size) * (norm(change) + bench.sizes(f"C{i}") + bench.sizes(f"W{i}"))
        scale = tau * error * norm(both)
        return [
            Judged(
                block=f"Z{i}",
                step=None,
                decrease=tau / 2 * float(np.vdot(change, both)),
                constant=constants[f"Z{i}"],
                decrease_tolerance=bench.unit * scale,
                excess=None,
                excess_tolerance=None,
                residual=None,
                residual_tolerance=0.0,
                audit_error=AUDIT_UNIT * scale,
            )
        ]


@dataclass(frozen=True)
class OperatorTrain(Train):
    """A train whose core j holds mode j of the rows of W and mode j of its columns."""

    kind: ClassVar[str] = "tt_matrix"
    row_modes: tuple[int, ...]
    column_modes: tuple[int, ...]
    ranks: tuple[int, ...]

    @property
    def inner_ranks(self) -> tuple[int, ...]:
        """``ranks``."""
        return self.ranks

    @property
    def core_modes(self) -> tuple[tuple[int, ...], ...]:
        """A row mode and a column mode a core."""
        return tuple(zip(self.row_modes, self.column_modes, strict=True))

    def check(self) -> None:
        """As many row modes as column modes, at least two, that make up the sides of W."""
        rows, columns = self.row_modes, self.column_modes
        for key, modes, side in zip(
            ("row_modes", "column_modes"), (rows, columns), self.matrix, strict=True
        ):
            if math.prod(modes) != side:
                raise Refused(key, modes, f"a product of {side}, a side of W")
        if len(columns) != len(rows):
            raise Refused("column_modes", columns, f"{len(rows)} of them, as of the row modes")
        super().check()

    def lay_out(self, matrix: Array) -> Array:
        """(o_1, .., o_q, c_1, .., c_q) as (o_1, c_1, o_2, c_2, ..)."""
        many = len(self.row_modes)
        order = [axis for j in range(many) for axis in (j, many + j)]
        return matrix.reshape(*self.row_modes, *self.column_modes).transpose(order)

    def restore(self, tensor: Array) -> Array:
        """The inverse of `lay_out`."""
        pairs = tensor.reshape([mode for pair in self.core_modes for mode in pair])
        order = [*range(0, pairs.ndim, 2), *range(1, pairs.ndim, 2)]
        return pairs.transpose(order).reshape(self.matrix)


def check_modes(matrix: tuple[int, int], modes: tuple[int, ...]) -> None:
    """Raise `Refused` unless the modes make up a matrix of that shape."""
    size = matrix[0] * matrix[1]
    if math.prod(modes) != size:
        raise Refused("modes", modes, f"a product of {size}, the size of W")
