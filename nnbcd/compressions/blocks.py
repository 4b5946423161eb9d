"""Whole blocks: at most ``count`` rectangles of a grid over the matrix are nonzero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.compressions.budget import Shape, affordable, check_range
from nnbcd.compressions.sets import Mask, square_sums, top
from nnbcd.errors import InputError

SIDE = 4
"""The default block is this square, or less where a side of the matrix is no multiple."""


@dataclass(frozen=True)
class Blocks(Mask):
    """At most ``count`` nonzero blocks of ``shape`` (rows, columns); ``C(Z) = Z``."""

    kind: ClassVar[str] = "blocks"
    kept_meaning: ClassVar[str] = "the values of nonzero blocks, without their indices"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "count")
    options: ClassVar[tuple[str, ...]] = ("shape",)
    shape: tuple[int, ...]
    count: int

    def validate(self, shape: Shape) -> None:
        """The block must tile the matrix, and ``count`` lie in 1..number of blocks."""
        _check_block(self.shape, shape)
        largest = math.prod(shape) // math.prod(self.shape)
        check_range(self.kind, "count", self.count, shape, largest)

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The entries of the blocks kept."""
        self.validate(shape)
        return self.count * math.prod(self.shape)

    def indices(self, shape: Shape) -> int:
        """One a block."""
        return self.count

    def mask(self, m: Tensor) -> Tensor:
        """The blocks of largest norm, ties by lowest row-major index in the grid."""
        h, w = self.shape
        tiles = m.reshape(m.shape[0] // h, h, m.shape[1] // w, w)
        norms = square_sums(tiles, (1, 3))
        kept = top(norms.reshape(-1), self.count).reshape(norms.shape)
        return kept[:, None, :, None].expand_as(tiles).reshape(m.shape)

    @classmethod
    def from_budget(
        cls,
        layer: Shape,
        /,
        *,
        keep: float,
        dtype: str = "float64",
        shape: tuple[int, ...] | None = None,
    ) -> Blocks:
        """As many blocks as ``keep`` pays for."""
        block = default_block(layer) if shape is None else shape
        _check_block(block, layer)
        unit = math.prod(block)
        largest = math.prod(layer) // unit
        return cls(block, affordable(cls.kind, layer, keep, unit=unit, largest=largest))

    @classmethod
    def from_size(cls, layer: Shape, /, **own: Any) -> Blocks:
        """So many blocks, of the default shape where none is given."""
        return cls(**({"shape": default_block(layer)} | own))


def default_block(layer: Shape) -> Shape:
    """The largest block of sides that divide both ``SIDE`` and the matrix's."""
    return math.gcd(layer[0], SIDE), math.gcd(layer[1], SIDE)


def _check_block(block: tuple[int, ...], layer: Shape) -> None:
    fits = len(block) == 2 and all(k >= 1 and side % k == 0 for k, side in zip(block, layer))  # noqa: B905 (lengths may differ)
    if not fits:
        raise InputError(
            f"blocks shape: given {list(block)} for a {layer[0]}x{layer[1]} layer; "
            f"allowed: [a divisor of {layer[0]}, a divisor of {layer[1]}]"
        )
