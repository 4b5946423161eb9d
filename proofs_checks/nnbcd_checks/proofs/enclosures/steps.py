"""What the judge asks of a step, and how a step of one variable answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from flint import arb

from nnbcd_checks.proofs.enclosures.balls import TINY, UNIT, Row, norm, sharp
from nnbcd_checks.proofs.enclosures.search import UndecidedError, local_minima

__all__ = ["Enclosed", "ScalarStep", "Step", "UndecidedError", "slope_rounding", "value_rounding"]

VALUE_ROUNDINGS = 14
"""Of a float value of the objective, relative to its size, in units of 2^-53; of one variable.

A weighted mean ``m = (rho pre + alpha u_old)/(rho + alpha)`` carries 4 roundings of its size,
``u - m`` 5, its square 11, times the rounded ``rho + alpha`` 13; the sum with the other term one
more: 14.  By convexity ``(rho + alpha)/2 (|u| + size of m)^2`` is at most the sum of the two
terms' sizes.  The other term, with s good to a unit in the last place (2 roundings), has 3 in
``v - s``, 7 in its square, 8 times gamma, 9 in the sum: fewer.  A sum over d coordinates, of
squares or of exponentials, adds d - 1.
"""
SLOPE_ROUNDINGS = 12
"""Of a float derivative, relative to its size, and of the step to a neighbouring float.

As above ``u - m`` carries 5, times the rounded ``rho + alpha`` 7.  ``v - s`` has 3 and s' 4, their
product with gamma 9.  The difference is one more: 10.  A step that ends where the float
derivative changes its sign between neighbours may be off by their distance besides, 2 roundings
of u, which enter the size through the second derivative.
"""


@dataclass(frozen=True)
class Enclosed:
    """Balls that hold all global minimisers, one or more; the ball of the least; the minimum.

    More than one: near ties, whose values rounding can't tell apart.
    """

    balls: tuple[Row, ...]
    minimum: arb
    best: Row


class Step(Protocol):
    """A minimisation over R^d with given exact data."""

    def value(self, x: Row) -> arb:
        """The objective."""

    def value_size(self, x: Row) -> arb:
        """The objective with absolute values in place of every difference."""

    def gradient(self, x: Row) -> Row:
        """Its gradient."""

    def gradient_size(self, x: Row) -> Row:
        """How far relative changes of every operand can move the gradient, to first order."""

    def enclosed(self) -> Enclosed:
        """Its global minimisers; `UndecidedError` where the precision in force does not suffice."""


def value_rounding(step: Step, x: Row, best: Row) -> arb:
    """By how much a comparison of two float values, at x and at the minimiser, can err.

    A step that takes the smallest of its candidates' values can't promise less.
    """
    count = VALUE_ROUNDINGS + len(x) - 1
    return count * UNIT * (step.value_size(x) + step.value_size(best)) + TINY


def slope_rounding(step: Step, x: Row) -> arb:
    """Up to which norm a gradient can't be told from 0 in floats."""
    return SLOPE_ROUNDINGS * UNIT * norm(step.gradient_size(x)) + TINY


class ScalarStep(ABC):
    """A step of one variable, known by its function, three derivatives and a box."""

    @abstractmethod
    def f(self, x: arb) -> arb:
        """The objective."""

    @abstractmethod
    def slope(self, x: arb) -> arb:
        """Its derivative."""

    @abstractmethod
    def bend(self, x: arb) -> arb:
        """Its second derivative."""

    @abstractmethod
    def twist(self, x: arb) -> arb:
        """Its third derivative."""

    @abstractmethod
    def box(self) -> arb:
        """Holds every global minimiser."""

    @abstractmethod
    def size(self, x: arb) -> arb:
        """See `Step.value_size`."""

    @abstractmethod
    def slope_size(self, x: arb) -> arb:
        """See `Step.gradient_size`."""

    def value(self, x: Row) -> arb:
        """See `Step.value`; over a wide ball by the mean value theorem."""
        middle = x[0].mid()
        return self.f(middle) + self.slope(x[0]) * (x[0] - middle)

    def value_size(self, x: Row) -> arb:
        """See `Step.value_size`."""
        return self.size(x[0])

    def gradient(self, x: Row) -> Row:
        """See `Step.gradient`."""
        return [self.slope(x[0])]

    def gradient_size(self, x: Row) -> Row:
        """See `Step.gradient_size`."""
        return [self.slope_size(x[0])]

    def enclosed(self) -> Enclosed:
        """Of all local minimisers in the box those whose values rounding can't tell from the least.

        A global minimiser has the least value of all, so it is among them.
        """
        minima = [[ball] for ball in local_minima(self, self.box())]
        if not minima or not all(map(sharp, minima)):
            raise UndecidedError
        values = [self.value(x) for x in minima]
        best = min(range(len(minima)), key=lambda i: float(values[i] - values[0]))
        minimum = values[best]
        for value in values:
            minimum = minimum.min(value)
        near = [
            x for x, value in zip(minima, values, strict=True)
            if not value - minimum > value_rounding(self, x, minima[best])
        ]  # fmt: skip
        return Enclosed(tuple(near), minimum, minima[best])
