"""Tensor trains of matrices: every core has a row mode and a column mode."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.factored import DIRECT, FACTORED, Factored
from nnbcd_spec.compressions.tt import contract, require_train
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Listed, Whole
from nnbcd_spec.symbols import d, p


@dataclass(frozen=True)
class TTMatrix(Factored):
    """``C[(a_1..a_q), (b_1..b_q)] = G_1[:, a_1, b_1, :] ... G_q[:, a_q, b_q, :]``.

    Indices are row-major.  ``row_modes`` multiply to the outputs, ``column_modes`` to the inputs;
    ``ranks`` as for a train of modes o_j c_j.  Raises ValueError otherwise.
    """

    kind: ClassVar[str] = "tt_matrix"
    facts: ClassVar[Facts] = replace(
        FACTORED,
        source="Novikov et al., NeurIPS 2015",
        keys={
            "row_modes": Listed(Whole(1), least=2, product=d),
            "column_modes": Listed(Whole(1), least=2, product=p),
            "ranks": Listed(Whole(1)),
            **DIRECT,
        },
    )
    row_modes: tuple[int, ...]
    column_modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("row_modes", "column_modes", "ranks"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("row_modes", "column_modes"):
            modes = getattr(self, name)
            if any(not isinstance(m, int) or m < 1 for m in modes):
                raise ValueError(f"{name}: given {modes}; allowed: positive integers")
        if len(self.row_modes) != len(self.column_modes):
            raise ValueError(
                f"column_modes: given {len(self.column_modes)}; allowed: {len(self.row_modes)}"
            )
        require_train(self._modes(), self.ranks)

    def _modes(self) -> tuple[int, ...]:
        return tuple(o * c for o, c in zip(self.row_modes, self.column_modes, strict=True))

    def validate(self, shape: tuple[int, ...]) -> None:
        """The modes must multiply to the two sides of the matrix."""
        for name, size in zip(("row_modes", "column_modes"), shape, strict=True):
            if math.prod(getattr(self, name)) != size:
                raise ValueError(f"{name}: given {getattr(self, name)}; allowed: product {size}")

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """``(r_{j-1}, o_j, c_j, r_j)``."""
        ends = (1, *self.ranks), self.row_modes, self.column_modes, (*self.ranks, 1)
        return tuple(zip(*ends, strict=True))

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """The contracted train with its row modes first."""
        q = len(z)
        train = contract(tuple(g.reshape(g.shape[0], -1, g.shape[-1]) for g in z))
        pairs = [m for pair in zip(self.row_modes, self.column_modes, strict=True) for m in pair]
        axes = (*range(0, 2 * q, 2), *range(1, 2 * q, 2))
        return train.reshape(pairs).transpose(axes).reshape(shape)
