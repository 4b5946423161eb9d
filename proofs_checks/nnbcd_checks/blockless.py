"""Layers without a block Z: nothing pulls W towards a Z, and no Z is updated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.compression import Compression, State
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
