"""Any continuous piecewise-affine function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.errors import InputError
from nnbcd.scalar import Piece


@dataclass(frozen=True)
class Piecewise(PiecewiseAffine):
    """Slope ``slopes[0]`` left of ``breaks[0]``, where it is ``value``; ``slopes[j]`` from
    ``breaks[j-1]`` on.

    ``breaks`` strictly ascend, at least one; one slope more than breaks; all finite.  Raises
    ``InputError`` elsewhere.
    """

    kind: ClassVar[str] = "piecewise"
    breaks: tuple[float, ...]
    slopes: tuple[float, ...]
    value: float

    def __post_init__(self) -> None:
        numbers = (*self.breaks, *self.slopes, self.value)
        if not all(math.isfinite(x) for x in numbers):
            raise InputError(f"piecewise: given {list(numbers)}; allowed: finite numbers")
        if not self.breaks or any(a >= b for a, b in pairwise(self.breaks)):
            raise InputError(
                f"piecewise breaks: given {list(self.breaks)}; allowed: one or more, ascending"
            )
        if len(self.slopes) != len(self.breaks) + 1:
            raise InputError(
                f"piecewise slopes: given {len(self.slopes)}; "
                f"allowed: {len(self.breaks) + 1}, one more than breaks"
            )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """One piece more than breaks."""
        bounds = (None, *self.breaks, None)
        return tuple(
            Piece(k, s - k * t, low, high)
            for (t, s, k), low, high in zip(self._anchored(), bounds, bounds[1:], strict=False)
        )

    def __call__(self, u: Tensor) -> Tensor:
        """The value at the piece's break and its slope from there."""
        anchors, values, slopes = (u.new_tensor(row) for row in zip(*self._anchored(), strict=True))
        piece = torch.bucketize(u.detach().contiguous(), anchors[1:])
        found: Tensor = values[piece] + slopes[piece] * (u - anchors[piece])
        return found

    def _anchored(self) -> Iterator[tuple[float, float, float]]:
        """``(t, s(t), slope)`` a piece: t the break at its left, of the first at its right."""
        s = self.value
        yield self.breaks[0], s, self.slopes[0]
        for j, (t, k) in enumerate(zip(self.breaks, self.slopes[1:], strict=True)):
            if j > 0:
                s += self.slopes[j] * (t - self.breaks[j - 1])
            yield t, s, k
