"""Tensor trains, core by core."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import minimise


def contract(cores: Factors) -> Array:
    """The tensor of a train: cores (r_{j-1}, m_j, r_j) to shape (m_1, ..., m_q)."""
    tensor = cores[0]
    for core in cores[1:]:
        tensor = np.tensordot(tensor, core, axes=1)
    return tensor.reshape(tensor.shape[1:-1])


@dataclass(frozen=True)
class TensorTrain:
    """``C(Z)`` is the train's tensor, read row-major as a matrix (Oseledets, SISC 2011).

    ``modes`` m_1..m_q, q >= 2, with product outputs * inputs; ``ranks`` r_1..r_{q-1}, each at
    most the product of the modes on either side.  Raises ValueError otherwise.
    """

    kind: ClassVar[str] = "tt"
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "modes", tuple(self.modes))
        object.__setattr__(self, "ranks", tuple(self.ranks))
        modes = self.modes
        if len(modes) < 2 or any(not isinstance(m, int) or m < 1 for m in modes):
            raise ValueError(f"modes: given {modes}; allowed: at least two positive integers")
        top = [min(math.prod(modes[:j]), math.prod(modes[j:])) for j in range(1, len(modes))]
        fits = len(top) == len(self.ranks) and all(
            isinstance(rank, int) and 1 <= rank <= most
            for rank, most in zip(self.ranks, top, strict=True)
        )
        if not fits:
            raise ValueError(f"ranks: given {self.ranks}; allowed: 1 up to {top}, one a cut")

    def validate(self, shape: tuple[int, ...]) -> None:
        """The modes must multiply to the size of the matrix."""
        if math.prod(self.modes) != math.prod(shape):
            raise ValueError(f"modes: given {self.modes}; allowed: product {math.prod(shape)}")

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """``(r_{j-1}, m_j, r_j)`` for j = 1..q, with ``r_0 = r_q = 1``."""
        return tuple(zip((1, *self.ranks), self.modes, (*self.ranks, 1), strict=True))

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """The contracted cores as a matrix."""
        return contract(z).reshape(shape)

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """One pass, ascending: each core the exact minimiser with the others at their newest.

        Unique where ``alpha_z > 0``; otherwise the minimiser nearest to the old core.
        """
        cores = z_old
        for j in range(len(cores)):

            def core_objective(core: Array, j: int = j, cores: Factors = cores) -> Any:
                return block_objective(
                    (*cores[:j], core, *cores[j + 1 :]), z_old, w,
                    compression=self, tau=tau, alpha_z=alpha_z, objective=objective,
                )  # fmt: skip

            (core,) = minimise(core_objective, cores[j])
            cores = (*cores[:j], core, *cores[j + 1 :])
        return cores
