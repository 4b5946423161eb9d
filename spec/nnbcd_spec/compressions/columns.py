"""Few nonzero columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.matrix import GroupSparse, groups_of
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.sparse import Cell
from nnbcd_spec.symbols import alpha_z, p


@dataclass(frozen=True)
class Columns(GroupSparse):
    """At most ``count`` columns of Z are nonzero."""

    kind: ClassVar[str] = "columns"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={"count": Whole(1, p)},
        ties=("first",),
    )
    count: int

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """The columns."""
        outputs, inputs = shape
        return (Cell(groups_of(np.tile(np.arange(inputs), outputs)), self.count),)
