"""W on a fixed support: an exact constraint on W itself instead of a penalty towards a Z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.blockless import Blockless
from nnbcd_checks.compression import Held, Refused


@dataclass(frozen=True)
class Support(Blockless):
    """Z of zeros and ones, the same in every state; W is 0 where Z is."""

    kind: ClassVar[str] = "support"
    keeper: ClassVar[str] = "W"
    nonzeros: int

    def check(self) -> None:
        """There are that many entries."""
        size = self.matrix[0] * self.matrix[1]
        if self.nonzeros > size:
            raise Refused("nonzeros", self.nonzeros, f"1 to {size}, the size of W")

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Z itself."""
        return {"": self.matrix}

    @property
    def binds_w(self) -> bool:
        """W is 0 off the support."""
        return True

    def confine(self, tensors: Sequence[Array], matrix: Array) -> Array:
        """What lies on the support."""
        found: Array = np.where(tensors[0] != 0, matrix, 0.0)
        return found

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """How many entries of Z are neither 0 nor 1, too many, too few, or not those of the start;
        and how many nonzero entries W has where Z is 0.
        """
        (z,), weight, (first,) = layers[0].tensors, layers[0].weight, layers[0].first
        odd = np.count_nonzero((z != 0) & (z != 1))
        miscounted = abs(np.count_nonzero(z) - self.nonzeros)
        changed = np.count_nonzero(z != first)
        stray = np.count_nonzero(weight[z == 0])
        return float(odd + miscounted + changed + stray)
