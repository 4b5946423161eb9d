"""Low rank: the truncated singular value decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape, affordable, check_range
from nnbcd.compressions.sets import MatrixSet


@dataclass(frozen=True)
class LowRank(MatrixSet):
    """``Z`` is a matrix of rank at most ``rank``; ``C(Z) = Z``."""

    kind: ClassVar[str] = "low_rank"
    kept_meaning: ClassVar[str] = "the entries of the two factors"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "rank")
    rank: int

    def validate(self, shape: Shape) -> None:
        """``rank`` must lie in 1..min(outputs, inputs)."""
        check_range(self.kind, "rank", self.rank, shape, min(shape))

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The entries of the two factors."""
        self.validate(shape)
        return self.rank * sum(shape)

    def project(self, m: Tensor) -> Tensor:
        """The truncated singular value decomposition (Eckart-Young), unique up to ties."""
        if self.rank >= min(m.shape):
            return m.clone()
        left, right = _factors(m, self.rank)
        return left @ right

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """``left`` (outputs, rank) and ``right`` (rank, inputs)."""
        left, right = _factors(z[0], self.rank)
        return {"left": left, "right": right.contiguous()}

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """Their product."""
        return stored["left"] @ stored["right"]

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> LowRank:
        """The largest rank whose factors ``keep`` pays for."""
        return cls(affordable(cls.kind, shape, keep, unit=sum(shape), largest=min(shape)))


def _factors(m: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    u, s, vh = torch.linalg.svd(m, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:rank]
