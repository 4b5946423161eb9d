"""Seeded dyadic numbers: small whole numbers times powers of two."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from nnbcd_spec.exact import Array

T = TypeVar("T")
LARGEST = 20
"""Scales run from 2^-20 to 2^20, which is 1e-6 to 1e6."""


def power(exponent: int) -> Fraction:
    """``2**exponent``, exactly."""
    return Fraction(2) ** exponent


class Draw:
    """Draws that follow from a text, the same on every machine and Python."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def whole(self, low: int, high: int) -> int:
        """A whole number in low..high."""
        return low + self._random.getrandbits(32) % (high - low + 1)

    def chance(self, one_in: int) -> bool:
        """True once in ``one_in`` draws."""
        return self.whole(1, one_in) == 1

    def choice(self, among: Sequence[T]) -> T:
        """One of a sequence."""
        return among[self.whole(0, len(among) - 1)]

    def array(self, *shape: int, scale: Any = 1, largest: int = 15) -> Array:
        """Numbers k/4 times ``scale``, ``|k| <= largest``."""
        size = int(np.prod(shape))
        entries = [Fraction(self.whole(-largest, largest), 4) * scale for _ in range(size)]
        return np.array([None, *entries], dtype=object)[1:].reshape(shape)

    def weight(self, spread: int) -> Fraction:
        """A penalty > 0: one of 4..9 over 4, times a power of two up to ``spread``."""
        return Fraction(self.whole(4, 9), 4) * power(self.whole(-spread, spread))

    def scale(self, kind: str) -> Fraction:
        """The magnitude of the data: ``plain`` 1, ``tiny`` and ``huge`` towards the limits."""
        exponent = {
            "tiny": self.whole(-LARGEST, -LARGEST + 6),
            "huge": self.whole(LARGEST - 6, LARGEST),
        }
        return power(exponent.get(kind, 0))
