"""The hyperbolic tangent, shifted and scaled: smooth, increasing, bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnbcd_checks.arrays import Array


@dataclass(frozen=True)
class ScaledTanh:
    """``s(u) = shift + height tanh(u / width)``; the logistic function is 1/2, 1/2, 2."""

    json: Mapping[str, Any]
    shift: float
    height: float
    width: float

    linear = False
    smooth = True

    @property
    def kind(self) -> str:
        """The name in ``problem.json``."""
        return str(self.json["kind"])

    @property
    def lipschitz(self) -> float:
        """The Lipschitz constant of s: its slope at 0."""
        return self.height / self.width

    @property
    def offset(self) -> float:
        """``|s(u)| <= lipschitz |u| + offset``."""
        return abs(self.shift)

    def value(self, u: Array) -> Array:
        """``s(u)``, entrywise."""
        found: Array = self.height * np.tanh(u / self.width) + self.shift
        return found

    def slope_at(self, shaped: Array) -> Array:
        """The slope where s has the value ``shaped``."""
        found: Array = self.lipschitz * (1 - np.square((shaped - self.shift) / self.height))
        return found

    def shape(self, u: Array, slope: Array, shaped: Array) -> None:
        """The slope at u and s(u), into the arrays given."""
        np.divide(u, self.width, out=shaped)
        np.tanh(shaped, out=shaped)
        np.square(shaped, out=slope)
        np.subtract(1.0, slope, out=slope)
        slope *= self.lipschitz
        shaped *= self.height
        shaped += self.shift

    def bend(self, low: Array, high: Array, v: Array) -> Array:
        """A lower bound of the second derivative of ``1/2 (v - s(u))^2`` on [low, high].

        With ``t = tanh(u / width)``, ``y = (v - shift) / height`` and s' = lipschitz (1 - t^2),
        s'' = -2 t s' / width it is ``lipschitz^2 (1 - t^2) (1 + 2 y t - 3 t^2)``.  The last factor
        is concave in t, so least at an end; the one before it is positive and concave too.
        """
        y = (v - self.shift) / self.height
        left, right = np.tanh(low / self.width), np.tanh(high / self.width)
        ends = [1 + t * (2 * y - 3 * t) for t in (left, right)]
        least = np.minimum(*ends)
        falls = [1 - t * t for t in (left, right)]
        widest = np.where((left < 0) & (right > 0), 1.0, np.maximum(*falls))
        weight = np.where(least < 0, widest, np.minimum(*falls))
        found: Array = self.lipschitz**2 * weight * least
        return found


def scaled(
    *, shift: float, height: float, width: float
) -> Callable[[Mapping[str, Any]], ScaledTanh]:
    """A reader of a kind without keys."""
    return lambda obj: ScaledTanh(obj, shift, height, width)
