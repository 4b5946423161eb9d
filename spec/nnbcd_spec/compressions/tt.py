"""Tensor trains, core by core."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors, OwnBlock
from nnbcd_spec.compressions.factored import FACTORED, Factored
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts


def contract(cores: Factors) -> Array:
    """The tensor of a train: cores (r_{j-1}, m_j, r_j) to shape (m_1, ..., m_q)."""
    tensor = cores[0]
    for core in cores[1:]:
        tensor = np.tensordot(tensor, core, axes=1)
    return tensor.reshape(tensor.shape[1:-1])


def require_train(modes: tuple[int, ...], ranks: tuple[int, ...]) -> None:
    """Raise ValueError unless there are trains of these modes and ranks."""
    if len(modes) < 2 or any(not isinstance(m, int) or m < 1 for m in modes):
        raise ValueError(f"modes: given {modes}; allowed: at least two positive integers")
    top = [min(math.prod(modes[:j]), math.prod(modes[j:])) for j in range(1, len(modes))]
    fits = len(top) == len(ranks) and all(
        isinstance(rank, int) and 1 <= rank <= most for rank, most in zip(ranks, top, strict=True)
    )
    if not fits:
        raise ValueError(f"ranks: given {ranks}; allowed: 1 up to {top}, one a cut")


@dataclass(frozen=True)
class Train(OwnBlock):
    """``C(Z)`` is the train's tensor, read row-major as a matrix (Oseledets, SISC 2011).

    ``modes`` m_1..m_q, q >= 2, with product outputs * inputs; ``ranks`` r_1..r_{q-1}, each at
    most the product of the modes on either side.  Raises ValueError otherwise.
    """

    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "modes", tuple(self.modes))
        object.__setattr__(self, "ranks", tuple(self.ranks))
        require_train(self.modes, self.ranks)

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


@dataclass(frozen=True)
class TensorTrain(Train, Factored):
    """The trains, core by core."""

    kind: ClassVar[str] = "tt"
    facts: ClassVar[Facts] = FACTORED

    def __post_init__(self) -> None:
        Train.__post_init__(self)
        Factored.__post_init__(self)
