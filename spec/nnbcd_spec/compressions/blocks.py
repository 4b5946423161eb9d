"""Few nonzero blocks of a grid of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import sympy as sp

from nnbcd_spec.compressions.matrix import GroupSparse, groups_of
from nnbcd_spec.facts import Facts, Whole, require
from nnbcd_spec.sparse import Cell
from nnbcd_spec.symbols import alpha_z, d, p

HEIGHT, WIDTH = sp.symbols("h w", integer=True, positive=True)


@dataclass(frozen=True)
class Blocks(GroupSparse):
    """At most ``count`` of the ``shape`` = (h, w) blocks of Z's block grid are nonzero."""

    kind: ClassVar[str] = "blocks"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={
            "shape[0]": Whole(divides=d),
            "shape[1]": Whole(divides=p),
            "count": Whole(1, d * p / (HEIGHT * WIDTH)),
        },
        ties=("first",),
    )
    shape: tuple[int, int]
    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if len(self.shape) != 2:
            raise ValueError(f"blocks shape: given {self.shape}; allowed: [height, width]")

    def validate(self, shape: tuple[int, ...]) -> None:
        """Check the block's shape, then the count."""
        h, w = self.shape
        own = {"shape[0]": h, "shape[1]": w, "count": self.count}
        for name, domain in self.facts.keys.items():
            require(f"blocks {name}", domain, own[name], d=shape[0], p=shape[1], h=h, w=w)

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """The blocks, row-major in the grid."""
        h, w = self.shape
        row, column = np.indices(shape)
        return (Cell(groups_of(row // h * (shape[1] // w) + column // w), self.count),)
