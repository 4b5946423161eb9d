"""A core tensor times a matrix in every mode."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.factored import FACTORED, Factored
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Listed, Whole, require


@dataclass(frozen=True)
class Tucker(Factored):
    """``core x_1 A_1 ... x_q A_q``, read row-major as a matrix; 1 <= r_j <= m_j."""

    kind: ClassVar[str] = "tucker"
    facts: ClassVar[Facts] = replace(
        FACTORED, source="Kolda and Bader, SIAM Review 2009, section 4"
    )
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "modes", tuple(self.modes))
        object.__setattr__(self, "ranks", tuple(self.ranks))
        fits = len(self.ranks) == len(self.modes) and all(
            Whole(1, m).holds(r) for r, m in zip(self.ranks, self.modes, strict=True)
        )
        if not fits:
            raise ValueError(f"tucker ranks: given {self.ranks}; allowed: 1 up to {self.modes}")

    def validate(self, shape: tuple[int, ...]) -> None:
        """The modes must multiply to the size of the matrix."""
        size = math.prod(shape)
        require("tucker modes", Listed(Whole(1), least=2, product=size), self.modes)

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The core ``(r_1..r_q)``, then ``(m_j, r_j)``."""
        return (self.ranks, *zip(self.modes, self.ranks, strict=True))

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """The core, its first mode replaced and moved to the end, once a matrix."""
        tensor = z[0]
        for matrix in z[1:]:
            tensor = np.tensordot(tensor, matrix, axes=([0], [1]))
        return tensor.reshape(shape)
