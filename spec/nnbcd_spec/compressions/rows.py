"""Few nonzero rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.matrix import GroupSparse, groups_of
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.sparse import Cell
from nnbcd_spec.symbols import alpha_z, d


@dataclass(frozen=True)
class Rows(GroupSparse):
    """At most ``count`` rows of Z are nonzero."""

    kind: ClassVar[str] = "rows"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={"count": Whole(1, d)},
        ties=("first",),
    )
    count: int

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """The rows."""
        outputs, inputs = shape
        return (Cell(groups_of(np.repeat(np.arange(outputs), inputs)), self.count),)
