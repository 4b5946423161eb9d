"""Exact top-s pruning: at most ``s`` nonzero entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.compressions.budget import Shape, affordable, check_range
from nnbcd.compressions.sets import Mask, top


@dataclass(frozen=True)
class Prune(Mask):
    """``Z`` is a matrix with at most ``nonzeros`` nonzero entries; ``C(Z) = Z``."""

    kind: ClassVar[str] = "prune"
    kept_meaning: ClassVar[str] = "the values of nonzero weights, without their indices"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "nonzeros")
    nonzeros: int

    def validate(self, shape: Shape) -> None:
        """``nonzeros`` must lie in 1..size."""
        check_range(self.kind, "nonzeros", self.nonzeros, shape, shape[0] * shape[1])

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The values kept."""
        self.validate(shape)
        return self.nonzeros

    def indices(self, shape: Shape) -> int:
        """One an entry."""
        return self.nonzeros

    def mask(self, m: Tensor) -> Tensor:
        """The entries of largest magnitude, ties by lowest row-major index."""
        return top(m.abs().reshape(-1), self.nonzeros).reshape(m.shape)

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> Prune:
        """``s`` = the whole number at or below ``keep`` times the size."""
        return cls(affordable(cls.kind, shape, keep, unit=1, largest=shape[0] * shape[1]))


def project_top(m: Tensor, s: int) -> Tensor:
    """Keep exactly the ``s`` entries of largest magnitude, ties by lowest row-major index."""
    return Prune(s).project(m)
