"""Layers without a block Z: nothing pulls W towards a Z, and no Z is updated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.compression import Compression, Held, Refused, State
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.mixed import Mixed


@dataclass(frozen=True)
class Blockless(Compression):
    """No block: no figures, no variables, no distance."""

    @property
    def compressed(self) -> bool:
        """There is no block."""
        return False

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """None."""
        return {}

    @property
    def variables(self) -> tuple[str, ...]:
        """None."""
        return ()

    def value(self, tensors: Sequence[Array]) -> Array:
        """Nothing pulls at W."""
        return np.zeros(self.matrix)

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """No block, no figures."""
        return []

    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """No variable, no distance."""
        return 0.0


@dataclass(frozen=True)
class Uncompressed(Blockless):
    """No Z at all."""

    kind: ClassVar[str] = "none"


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
