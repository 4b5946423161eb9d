"""Continuous piecewise-affine functions of one variable, with any number of kinks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from nnbcd_checks.arrays import Array, real


class Kink(NamedTuple):
    """A break ``at`` which the slope goes from ``left`` to ``right``; ``value`` of s there."""

    at: float
    left: float
    right: float
    value: float


@dataclass(frozen=True)
class PiecewiseAffine:
    """``s(u) = slopes[j] u + intercepts[j]`` between ``breaks[j - 1]`` and ``breaks[j]``."""

    json: Mapping[str, Any]
    breaks: tuple[float, ...]
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]

    @property
    def kind(self) -> str:
        """The name in ``problem.json``."""
        return str(self.json["kind"])

    @property
    def linear(self) -> bool:
        """Whether there is one piece; then it goes through the origin."""
        return not self.breaks

    @property
    def smooth(self) -> bool:
        """Whether the derivative exists everywhere."""
        return not self.breaks

    @property
    def lipschitz(self) -> float:
        """The Lipschitz constant of s."""
        return max(abs(slope) for slope in self.slopes)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """The kinks, ascending."""
        pairs = zip(self.breaks, itertools.pairwise(self.slopes), self.intercepts[1:], strict=True)
        return tuple(Kink(t, left, right, right * t + c) for t, (left, right), c in pairs)

    @cached_property
    def offset(self) -> float:
        """``|s(u)|``, and what it is computed from, is at most ``lipschitz |u| + offset``."""
        return max((abs(k.value) + self.lipschitz * abs(k.at) for k in self.kinks), default=0.0)

    @cached_property
    def _tables(self) -> tuple[Array, Array, Array]:
        return np.array(self.breaks), np.array(self.slopes), np.array(self.intercepts)

    def piece(self, u: Array) -> np.ndarray[Any, np.dtype[np.intp]]:
        """The number of the piece that holds u; at a kink the left one."""
        return np.searchsorted(self._tables[0], u)

    def shape(self, u: Array, slope: Array, shaped: Array) -> None:
        """The slope on the side of u (at a kink the left one) and s(u), into the arrays given."""
        if any(self.intercepts):
            piece = self.piece(u)
            np.take(self._tables[1], piece, out=slope)
            np.multiply(u, slope, out=shaped)
            np.add(shaped, self._tables[2][piece], out=shaped)
            return
        self._slope(u, slope)
        np.multiply(u, slope, out=shaped)

    def _slope(self, u: Array, out: Array) -> None:
        """The slope where all pieces go through the origin, so that the one kink is there."""
        left, right = self.slopes[0], self.slopes[-1]
        np.greater(u, 0.0, out=out)
        if right != 1.0 or left != 0.0:
            other = left * (1.0 - out)  # exact: out is 0 or 1
            out *= right
            out += other

    def value(self, u: Array) -> Array:
        """``s(u)``, entrywise."""
        if self.linear:
            return u if self.slopes[0] == 1.0 else self.slopes[0] * u
        slope, shaped = np.empty_like(u), np.empty_like(u)
        self.shape(u, slope, shaped)
        return shaped

    def slope(self, u: Array) -> Array:
        """The slope on the side of u; at a kink the left one."""
        slope, shaped = np.empty_like(u), np.empty_like(u)
        self.shape(u, slope, shaped)
        return slope


def pieces(
    json: Mapping[str, Any], breaks: Sequence[float], slopes: Sequence[float], value: float
) -> PiecewiseAffine:
    """The function with those slopes between those breaks, and ``s(breaks[0]) = value``."""
    intercepts = [value - slopes[0] * breaks[0], value - slopes[1] * breaks[0]]
    for t, (left, right) in zip(breaks[1:], itertools.pairwise(slopes[1:]), strict=True):
        intercepts.append(intercepts[-1] + (left - right) * t)
    return PiecewiseAffine(json, tuple(breaks), tuple(slopes), tuple(intercepts))


def affine(obj: Mapping[str, Any]) -> PiecewiseAffine:
    """``s(u) = u``."""
    return PiecewiseAffine(obj, (), (1.0,), (0.0,))


def named(
    breaks: Sequence[float], slopes: Sequence[float], value: float
) -> Callable[[Mapping[str, Any]], PiecewiseAffine]:
    """A reader of a kind without keys."""
    return lambda obj: pieces(obj, breaks, slopes, value)


def leaky(obj: Mapping[str, Any]) -> PiecewiseAffine:
    """Slope 1 right of 0, ``slope`` left of it."""
    return pieces(obj, (0.0,), (real(obj["slope"]), 1.0), 0.0)


def read_pieces(obj: Mapping[str, Any]) -> PiecewiseAffine:
    """``piecewise``; `ValueError` where breaks do not ascend, or numbers or counts do not fit."""
    breaks, slopes = ([real(k) for k in obj[key]] for key in ("breaks", "slopes"))
    value = real(obj["value"])
    if not all(map(math.isfinite, (*breaks, *slopes, value))):
        raise ValueError(f"given {dict(obj)}; allowed: finite numbers")
    if any(not a < b for a, b in itertools.pairwise(breaks)):
        raise ValueError(f"breaks: given {breaks}; allowed: ascending, no two equal")
    if len(slopes) != len(breaks) + 1:
        raise ValueError(f"slopes: given {len(slopes)}; allowed: {len(breaks) + 1}, one a piece")
    found = pieces(obj, breaks, slopes, value)
    if not all(map(math.isfinite, found.intercepts)):
        raise ValueError(f"given {dict(obj)}; allowed: pieces that do not overflow float64")
    return found
