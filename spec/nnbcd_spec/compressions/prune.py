"""Exact pruning: at most ``s`` nonzero entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.matrix import GroupSparse, groups_of
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.sparse import Cell
from nnbcd_spec.symbols import alpha_z, d, p


@dataclass(frozen=True)
class Prune(GroupSparse):
    """``Z`` is a matrix with at most ``nonzeros`` nonzero entries, and ``C(Z) = Z``."""

    kind: ClassVar[str] = "prune"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={"nonzeros": Whole(1, d * p)},
        ties=("first",),
    )
    nonzeros: int

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """Single entries."""
        return (Cell(groups_of(np.arange(np.prod(shape))), self.nonzeros),)
