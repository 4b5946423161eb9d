"""Sums of outer products (canonical polyadic)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.factored import DIRECT, FACTORED, Factored
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Listed, Whole, require
from nnbcd_spec.symbols import d, p


@dataclass(frozen=True)
class CP(Factored):
    """``C = sum_t outer(A_1[:, t], ..., A_q[:, t])``, read row-major as a matrix."""

    kind: ClassVar[str] = "cp"
    facts: ClassVar[Facts] = replace(
        FACTORED,
        source="Kolda and Bader, SIAM Review 2009, section 3",
        keys={"modes": Listed(Whole(1), least=2, product=d * p), "rank": Whole(1), **DIRECT},
    )
    modes: tuple[int, ...]
    rank: int

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "modes", tuple(self.modes))
        require("cp rank", self.facts.keys["rank"], self.rank)

    def validate(self, shape: tuple[int, ...]) -> None:
        """The modes must multiply to the size of the matrix."""
        size = math.prod(shape)
        require("cp modes", Listed(Whole(1), least=2, product=size), self.modes)

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """``(m_j, r)``."""
        return tuple((m, self.rank) for m in self.modes)

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """The sum over the columns of their outer products."""

        def outer(left: Array, right: Array) -> Array:
            columns = left[:, None, :] * right[None, :, :]
            return np.asarray(columns, dtype=object).reshape(-1, self.rank)

        return np.asarray(reduce(outer, z).sum(axis=1), dtype=object).reshape(shape)
