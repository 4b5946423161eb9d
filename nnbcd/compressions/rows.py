"""Whole rows: at most ``count`` outputs keep any weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.compressions.budget import Shape, affordable, check_range
from nnbcd.compressions.sets import Mask, square_sums, top


@dataclass(frozen=True)
class Rows(Mask):
    """``Z`` is a matrix with at most ``count`` nonzero rows; ``C(Z) = Z``."""

    kind: ClassVar[str] = "rows"
    kept_meaning: ClassVar[str] = "the values of nonzero rows, without their indices"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "count")
    count: int

    def validate(self, shape: Shape) -> None:
        """``count`` must lie in 1..outputs."""
        check_range(self.kind, "count", self.count, shape, shape[0])

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The entries of the rows kept."""
        self.validate(shape)
        return self.count * shape[1]

    def indices(self, shape: Shape) -> int:
        """One a row."""
        return self.count

    def mask(self, m: Tensor) -> Tensor:
        """The rows of largest norm, ties by lowest index."""
        return top(square_sums(m, 1), self.count)[:, None].expand_as(m)

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> Rows:
        """As many rows as ``keep`` pays for."""
        return cls(affordable(cls.kind, shape, keep, unit=shape[1], largest=shape[0]))
