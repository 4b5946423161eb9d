"""Search for exact ties of U's problem: floats propose, the specification decides.

With ``beta = rho + alpha`` and ``m`` the weighted mean of ``pre`` and the old value, an entry's
problem is ``gamma/2 (v - s(u))^2 + beta/2 (u - m)^2``.  Over a lattice of (v, m) each piece's least
value is estimated in floats; where two agree, the exact values are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.values import u_minimisers
from nnbcd_spec.vectors.case import Case
from nnbcd_spec.vectors.draw import Draw, power

POSITIONS = ("tie_low", "tie_high", "tie_middle")
LATTICE = np.arange(-20, 21) / 4
RATIOS = (*range(1, 49), 60, 72, 108, 144, 288)
MOST = 8
"""Ties looked at for one pair of weights, about."""
Hit = tuple[Fraction, Fraction, tuple[Fraction, ...]]
"""``v``, ``m`` and the tied points, ascending."""


class Hits:
    """The ties of one activation, by (gamma, beta)."""

    def __init__(self, member: Any) -> None:
        self.member = member
        self.activation: Any = ACTIVATIONS.from_json(member)

    @cached_property
    def found(self) -> dict[tuple[int, int], list[Hit]]:
        """Every tie on the lattice for gamma, beta among :data:`RATIOS` with few common factors."""
        pairs = [(g, b) for g in RATIOS for b in range(1, 20) if np.gcd(g, b) == 1]
        found = {pair: list(self._on_lattice(*pair)) for pair in pairs}
        return {pair: hits for pair, hits in found.items() if hits}

    def _on_lattice(self, gamma: int, beta: int) -> Iterator[Hit]:
        v, m = np.meshgrid(LATTICE, LATTICE, indexing="ij")
        points, values = self._least(gamma, beta, v, m)
        close = values - values.min(axis=0) <= 1e-12 * (1 + abs(values))
        low, high = (f(np.where(close, points, w), axis=0) for f, w in
                     ((np.min, np.inf), (np.max, -np.inf)))  # fmt: skip
        proposed = np.argwhere(high - low > 1e-9)
        for at in proposed[:: max(1, len(proposed) // MOST)]:
            yield from self._exact(gamma, beta, v[tuple(at)], m[tuple(at)])

    def _least(self, gamma: int, beta: int, v: Any, m: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Each piece's minimiser and value, in floats."""
        points, values = [], []
        for piece in self.activation.pieces:
            k, c = float(piece.slope), float(piece.intercept)
            low = -np.inf if piece.low is None else float(piece.low)
            high = np.inf if piece.high is None else float(piece.high)
            u = np.clip((gamma * k * (v - c) + beta * m) / (gamma * k * k + beta), low, high)
            points.append(u)
            values.append(gamma * (v - k * u - c) ** 2 + beta * (u - m) ** 2)
        return np.array(points), np.array(values)

    def _exact(self, gamma: int, beta: int, v: float, m: float) -> Iterator[Hit]:
        points = u_minimisers(v, m, m, activation=self.activation, gamma=gamma, rho=beta, alpha=0)
        if len(points) > 1:
            yield Fraction(v), Fraction(m), points


def tie_case(draw: Draw, position: str, hits: Hits) -> Case:
    """A matrix of one to three tied entries, the old value in the position asked for."""
    gamma, beta = draw.choice(sorted(hits.found))
    entries = [draw.choice(hits.found[gamma, beta]) for _ in range(draw.whole(1, 3))]
    share = draw.choice((Fraction(0), Fraction(1, 2), Fraction(1, 4), Fraction(3, 4)))
    olds = [old_value(draw, position, points) for _, _, points in entries]
    # pre is what makes m the weighted mean of pre and the old value.
    pres = [(m - share * old) / (1 - share) for (_, m, _), old in zip(entries, olds, strict=True)]
    rows = np.array([[v for v, _, _ in entries], pres, olds], dtype=object)
    unit = scale(draw, hits)
    inputs = {name: row[None] * unit for name, row in zip(("v", "pre", "u_old"), rows, strict=True)}
    weight = power(draw.whole(-8, 8))
    penalties = {
        "gamma": gamma * weight,
        "rho": beta * (1 - share) * weight,
        "alpha": beta * share * weight,
    }
    return Case("update_u", hits.member, inputs, penalties, (position,))


def old_value(draw: Draw, position: str, points: tuple[Fraction, ...]) -> Fraction:
    """A dyadic number nearer to the lower or the higher of two tied points, or midway.

    Raises ValueError where the point midway is not a power-of-two fraction: draw again.
    """
    low, high = draw.choice(list(combinations(points, 2)))
    if position == "tie_middle":
        middle = (low + high) / 2
        if middle.denominator & (middle.denominator - 1):
            raise ValueError("the point midway is no binary number")
        return middle
    off = Fraction(draw.whole(-8, 8), 4)
    near, far = (low, high) if position == "tie_low" else (high, low)
    old = Fraction(round(4 * near), 4) + off
    if abs(old - near) >= abs(old - far):
        raise ValueError("nearer to the other point")
    return old


def scale(draw: Draw, hits: Hits) -> Fraction:
    """Where s is homogeneous, a tie scaled by a power of two is a tie."""
    homogeneous = all(p.intercept == 0 for p in hits.activation.pieces)
    return power(draw.whole(-20, 20)) if homogeneous and draw.chance(2) else Fraction(1)
