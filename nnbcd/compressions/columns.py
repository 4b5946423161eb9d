"""Whole columns: at most ``count`` inputs keep any weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.compressions.budget import Shape, affordable, check_range
from nnbcd.compressions.sets import Mask, square_sums, top


@dataclass(frozen=True)
class Columns(Mask):
    """``Z`` is a matrix with at most ``count`` nonzero columns; ``C(Z) = Z``."""

    kind: ClassVar[str] = "columns"
    kept_meaning: ClassVar[str] = "the values of nonzero columns, without their indices"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "count")
    count: int

    def validate(self, shape: Shape) -> None:
        """``count`` must lie in 1..inputs."""
        check_range(self.kind, "count", self.count, shape, shape[1])

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The entries of the columns kept."""
        self.validate(shape)
        return self.count * shape[0]

    def indices(self, shape: Shape) -> int:
        """One a column."""
        return self.count

    def mask(self, m: Tensor) -> Tensor:
        """The columns of largest norm, ties by lowest index."""
        return top(square_sums(m, 0), self.count).expand_as(m)

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> Columns:
        """As many columns as ``keep`` pays for."""
        return cls(affordable(cls.kind, shape, keep, unit=shape[0], largest=shape[1]))
