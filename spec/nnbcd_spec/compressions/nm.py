"""N of every M."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import sympy as sp

from nnbcd_spec.compressions.matrix import GroupSparse
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.sparse import Cell
from nnbcd_spec.symbols import alpha_z, p


@dataclass(frozen=True)
class NM(GroupSparse):
    """In each group of ``m`` consecutive entries of a row at most ``n`` are nonzero."""

    kind: ClassVar[str] = "nm"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={"n": Whole(1, sp.Symbol("m")), "m": Whole(divides=p)},
        ties=("first",),
    )
    n: int
    m: int

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """A cell for every group of m, of single entries."""
        starts = range(0, int(np.prod(shape)), self.m)
        return tuple(
            Cell(tuple((i,) for i in range(start, start + self.m)), self.n) for start in starts
        )
