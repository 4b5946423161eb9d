"""Tensor train by core-wise proximal least squares: the certifiable way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from torch import Tensor

from nnbcd.compressions import train
from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape, budget
from nnbcd.compressions.factored import Factored, check_modes, default_modes


@dataclass(frozen=True)
class TensorTrain(Factored):
    """``Z`` = the cores of a train of the row-major reshape of ``W``, with fixed ranks."""

    kind: ClassVar[str] = "tt"
    kept_meaning: ClassVar[str] = "the entries of the train's cores"
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def validate(self, shape: Shape) -> None:
        """Modes must multiply to the matrix's size; ranks must be reachable."""
        check_modes(self.kind, self.modes, shape)
        train.check_ranks(self.kind, self.modes, self.ranks)

    def factor_shapes(self) -> list[tuple[int, ...]]:
        """(r_{j-1}, m_j, r_j)."""
        return list(zip((1, *self.ranks), self.modes, (*self.ranks, 1), strict=True))

    def axes(self) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
        """A mode each, and the bonds beside it."""
        q = len(self.modes)
        return [(q + j, j, q + j + 1) for j in range(q)], tuple(range(q))

    def start(self, w: Tensor) -> Factors:
        """The truncated TT-SVD of ``w``: a feasible start, from which ``update`` descends."""
        return train.tt_svd(w, self.modes, self.ranks)

    @classmethod
    def product(cls, z: Factors, shape: Shape) -> Tensor:
        """The contracted cores as a matrix."""
        return train.contract(z).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """One ascending pass; each core becomes its exact proximal least-squares minimiser."""
        return train.update(z_old, w, tau=tau, alpha_z=alpha_z)

    @classmethod
    def from_budget(
        cls,
        shape: Shape,
        /,
        *,
        keep: float,
        dtype: str = "float64",
        modes: tuple[int, ...] | None = None,
    ) -> Self:
        """The largest ranks that store at most ``keep`` of the entries."""
        modes = modes or default_modes(shape)
        check_modes(cls.kind, modes, shape)
        return cls(modes, train.ranks_from_budget(cls.kind, modes, budget(shape, keep)))

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> Self:
        """Every rank the smaller of ``rank`` and the largest useful one."""
        modes = own.get("modes") or default_modes(shape)
        check_modes(cls.kind, modes, shape)
        return cls(modes, train.capped_ranks(modes, own["rank"]))
