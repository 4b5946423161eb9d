"""Tensor-train matrices: a train whose modes pair outputs with inputs (Novikov et al. 2015)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.compressions import train
from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape, budget
from nnbcd.compressions.factored import Factored, balanced_factors
from nnbcd.errors import InputError


@dataclass(frozen=True)
class TensorTrainMatrix(Factored):
    """``Z`` = cores (r_{j-1}, o_j, c_j, r_j): the train, with modes ``o_j c_j``, of permuted ``W``.

    Entry ((a_1..a_q), (b_1..b_q)) of ``C(Z)`` is the product of the matrices
    ``G_j[:, a_j, b_j, :]``; indices are row-major.
    """

    kind: ClassVar[str] = "tt_matrix"
    kept_meaning: ClassVar[str] = "the entries of the train's cores"
    options: ClassVar[tuple[str, ...]] = ("row_modes", "column_modes", "direct")
    row_modes: tuple[int, ...]
    column_modes: tuple[int, ...]
    ranks: tuple[int, ...]

    @property
    def modes(self) -> tuple[int, ...]:
        """``o_j c_j``."""
        return _paired(self.row_modes, self.column_modes)

    def validate(self, shape: Shape) -> None:
        """Modes must multiply to each side; ranks must be reachable."""
        _check_sides(self.row_modes, self.column_modes, shape)
        train.check_ranks(self.kind, self.modes, self.ranks)

    def factor_shapes(self) -> list[tuple[int, ...]]:
        """(r_{j-1}, o_j, c_j, r_j)."""
        sides = (self.row_modes, self.column_modes)
        return list(zip((1, *self.ranks), *sides, (*self.ranks, 1), strict=True))

    def axes(self) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
        """A mode of outputs and one of inputs each, and the bonds beside them."""
        q = len(self.row_modes)
        return [(2 * q + j, j, q + j, 2 * q + j + 1) for j in range(q)], tuple(range(2 * q))

    def start(self, w: Tensor) -> Factors:
        """The truncated TT-SVD of the permuted ``w``."""
        cores = train.tt_svd(self._permuted(w), self.modes, self.ranks)
        return self._unfolded(cores)

    @classmethod
    def product(cls, z: Factors, shape: Shape) -> Tensor:
        """The contracted cores, permuted back to a matrix."""
        paired = [side for core in z for side in core.shape[1:3]]
        tensor = train.contract(_folded(z)).reshape(paired)
        return tensor.permute(*range(0, 2 * len(z), 2), *range(1, 2 * len(z), 2)).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """The pass of :func:`train.update` on the permuted ``w``: norms know no order."""
        cores = train.update(_folded(z_old), self._permuted(w), tau=tau, alpha_z=alpha_z)
        return self._unfolded(cores)

    def _permuted(self, w: Tensor) -> Tensor:
        q = len(self.row_modes)
        pairs = [axis for j in range(q) for axis in (j, q + j)]
        return w.reshape(*self.row_modes, *self.column_modes).permute(pairs).reshape(-1)

    def _unfolded(self, cores: Factors) -> Factors:
        shapes = self.factor_shapes()
        return tuple(core.reshape(one) for core, one in zip(cores, shapes, strict=True))

    @classmethod
    def from_budget(
        cls,
        shape: Shape,
        /,
        *,
        keep: float,
        dtype: str = "float64",
        row_modes: tuple[int, ...] | None = None,
        column_modes: tuple[int, ...] | None = None,
    ) -> TensorTrainMatrix:
        """The largest ranks that store at most ``keep`` of the entries."""
        rows, columns = _sides(shape, row_modes, column_modes)
        modes = _paired(rows, columns)
        ranks = train.ranks_from_budget(cls.kind, modes, budget(shape, keep))
        return cls(rows, columns, ranks)

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> TensorTrainMatrix:
        """Every rank the smaller of ``rank`` and the largest useful one."""
        rows, columns = _sides(shape, own.get("row_modes"), own.get("column_modes"))
        return cls(rows, columns, train.capped_ranks(_paired(rows, columns), own["rank"]))


def _paired(rows: tuple[int, ...], columns: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(o * c for o, c in zip(rows, columns, strict=True))


def _folded(z: Factors) -> Factors:
    return tuple(core.reshape(core.shape[0], -1, core.shape[-1]) for core in z)


def _sides(
    shape: Shape, rows: tuple[int, ...] | None, columns: tuple[int, ...] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The modes given, or each side's balanced factors, the larger beside the smaller."""
    rows = rows or balanced_factors(shape[0])
    columns = columns or tuple(reversed(balanced_factors(shape[1])))
    _check_sides(rows, columns, shape)
    return rows, columns


def _check_sides(rows: tuple[int, ...], columns: tuple[int, ...], shape: Shape) -> None:
    right = (math.prod(rows), math.prod(columns)) == shape and min(*rows, *columns) >= 1
    if not right or len(rows) != len(columns) or len(rows) < 2:
        raise InputError(
            f"tt_matrix modes: given row_modes {list(rows)} and column_modes {list(columns)} for "
            f"a {shape[0]}x{shape[1]} layer; allowed: as many of each, at least two, with "
            f"products {shape[0]} and {shape[1]}"
        )
