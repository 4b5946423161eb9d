"""The compressions, by their names in ``problem.json``.  One registry line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array
from nnbcd_checks.compression import Compression, State
from nnbcd_checks.grid import Grid
from nnbcd_checks.group_kinds import Blocks, Columns, OfEveryM, Prune, Rows, SharedPrune
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.low_rank import LowRank
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.multilinear import CanonicalPolyadic, Tucker
from nnbcd_checks.trains import OperatorTrain, TensorTrain, TruncatedTrain


@dataclass(frozen=True)
class Uncompressed(Compression):
    """No Z, no block."""

    kind: ClassVar[str] = "none"

    @property
    def compressed(self) -> bool:
        """It is not."""
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


_MEMBERS: tuple[type[Compression], ...] = (
    Uncompressed,
    Prune,
    OfEveryM,
    Rows,
    Columns,
    Blocks,
    LowRank,
    SharedPrune,
    Grid,
    TensorTrain,
    TruncatedTrain,
    OperatorTrain,
    CanonicalPolyadic,
    Tucker,
)
COMPRESSIONS: Mapping[str, type[Compression]] = {member.kind: member for member in _MEMBERS}
