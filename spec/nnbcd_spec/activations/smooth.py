"""Activations that solve ``s' = D(s)`` with a polynomial D: U's stationary points, all of them.

Where an entry's objective is ``A/2 u^2 + c(s(u))`` plus a linear term, its derivative is
``A u + B(s)`` with a polynomial B, and the derivative of that is ``A + B'(s) D(s)``: a polynomial
in ``s`` over the rationals.  Its real roots are isolated exactly (SymPy).  Between two of them the
derivative is monotone and has at most one zero, found by bisection and Newton's method.  So no
stationary point is missed, whatever the penalties.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar

import mpmath
import numpy as np
import sympy as sp
from sympy import QQ
from sympy.polys.rings import PolyRing

from nnbcd_spec.activations.base import Candidate, Part
from nnbcd_spec.exact import DIGITS, Array, at_working_precision, rational, to_fraction, to_mpf

_S = PolyRing(["s"], QQ).gens[0]
"""The value of the activation, as the generator of a polynomial ring."""


class Smooth:
    """A member gives ``s``, its inverse, D and the open interval of its values."""

    low: ClassVar[int]
    high: ClassVar[int]

    def derivative(self, s: Any) -> Any:
        """``D(s) = s'`` as a polynomial in the value of ``s``; 0 at ``low`` and ``high``."""
        raise NotImplementedError

    def value(self, u: Any) -> Any:
        """``s(u)`` of an ``mpf``, at mpmath's working precision."""
        raise NotImplementedError

    def inverse(self, s: Any) -> Any:
        """The ``u`` with ``s(u) = s``, likewise."""
        raise NotImplementedError

    def at(self, u: Any) -> Any:
        """``s(u)`` of a rational, as a rational: exact where ``u`` is 0, else 70 digits."""
        return rational(self.value(to_mpf(u)))

    @at_working_precision
    def __call__(self, u: Array) -> Array:
        """``s(u)``, elementwise, on numbers, to 70 digits."""

        def entry(x: Any) -> Any:
            q = rational(x)
            return self.at(q) if x is q else to_fraction(self.at(q))

        return np.asarray(np.frompyfunc(entry, 1, 1)(np.asarray(u, dtype=object)), dtype=object)

    @at_working_precision
    def candidates(self, part: Part) -> tuple[Candidate, ...]:
        """Every point where the derivative of ``part`` rises through 0, ascending.

        A point is irrational unless it is 0 or ``part`` does not depend on ``s``: for rational
        u != 0 the value s(u) is transcendental (Lindemann), so ``A u + B(s) = 0`` forces B to be
        constant.  Raises ValueError where ``part`` is not a strictly convex quadratic in u plus
        a polynomial in s.
        """
        quadratic, rest = self.stationarity(part)
        if rest.is_ground:
            return (self._candidate(part, -rest.coeff(1) / quadratic, exact=True),)
        zero_is_stationary = rest(self.at(QQ(0))) == 0
        found = []
        for root in self._rising_roots(quadratic, rest):
            exact = zero_is_stationary and abs(root) < mpmath.mpf(10) ** -DIGITS
            found.append(self._candidate(part, QQ(0) if exact else rational(root), exact=exact))
        return tuple(found)

    def stationarity(self, part: Part) -> tuple[Any, Any]:
        """``(A, B)``: the derivative of ``part`` along u is ``A u + B(s)``, B a polynomial."""
        if any((a and b) or a > 2 for a, b in part):
            raise ValueError("U's objective is not a quadratic in u plus a polynomial in s(u)")
        quadratic = 2 * part.get((2, 0), QQ(0))
        if quadratic <= 0:
            raise ValueError("U's objective is not strictly convex but for the activation")
        outer = sum((c * _S**b for (a, b), c in part.items() if a == 0 and b), _S.ring(0))
        return quadratic, outer.diff(_S) * self.derivative(_S) + part.get((1, 0), QQ(0))

    def curvature(self, quadratic: Any, rest: Any) -> Any:
        """The second derivative along u, ``A + B'(s) D(s)``, a polynomial in the value of s."""
        return rest.diff(_S) * self.derivative(_S) + quadratic

    def _rising_roots(self, quadratic: Any, rest: Any) -> list[Any]:
        slope, bend = _coefficients(rest), _coefficients(self.curvature(quadratic, rest))
        factor = to_mpf(quadratic)

        def psi(u: Any) -> Any:
            return factor * u + mpmath.polyval(slope, self.value(u))

        def psi_prime(u: Any) -> Any:
            return mpmath.polyval(bend, self.value(u))

        turns = [self.inverse(t) for t in self._turns(self.curvature(quadratic, rest))]
        reach = max(abs(self.low), abs(self.high))
        bound = sum(abs(c) * reach**k for k, c in enumerate(reversed(slope))) / factor
        end = max([bound, *(abs(t) for t in turns)]) + 1  # |B| <= factor * bound: psi has its sign
        ends = [-end, *turns, end]
        return [
            bracketed_root(psi, psi_prime, a, b) for a, b in pairwise(ends) if psi(a) <= 0 <= psi(b)
        ]

    def _turns(self, curvature: Any) -> list[Any]:
        """The roots of the curvature between ``low`` and ``high``, each isolated exactly."""
        poly = sp.Poly.from_list(_dense(curvature), sp.Symbol("s"), domain=QQ).sqf_part()
        isolated = poly.intervals(inf=self.low, sup=self.high) if poly.degree() > 0 else []
        f, df = ([to_mpf(rational(c)) for c in q.all_coeffs()] for q in (poly, poly.diff()))
        roots = []
        for (a, b), _ in isolated:
            left, right = to_mpf(rational(a)), to_mpf(rational(b))
            falls = mpmath.polyval(f, left) > mpmath.polyval(f, right)
            rising = (f, df) if not falls else ([-c for c in f], [-c for c in df])
            value, slope = (partial(mpmath.polyval, q) for q in rising)
            roots.append(bracketed_root(value, slope, left, right))
        return [t for t in roots if self.low < t < self.high]

    def _candidate(self, part: Part, u: Any, *, exact: bool) -> Candidate:
        s = self.at(u)
        terms = [c * u**a * s**b for (a, b), c in part.items()]
        slack = QQ(0) if exact else QQ(1, 10 ** (DIGITS + 5)) * sum(map(abs, terms))
        return Candidate(u, sum(terms, QQ(0)), slack)


def bracketed_root(f: Callable[[Any], Any], df: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """The zero of ``f`` between ``low`` and ``high``, where ``f(low) <= 0 <= f(high)``.

    Newton's method from the middle, with a bisection wherever it leaves the bracket or stalls.
    To mpmath's working precision, relative to the larger of 1 and the root.
    """
    x, last = (low + high) / 2, high - low
    while True:
        width = mpmath.ldexp(mpmath.mp.eps, 4) * max(1, abs(x))
        if high - low <= width:
            return x
        value, slope = f(x), df(x)
        low, high = (x, high) if value <= 0 else (low, x)
        step = -value / slope if slope > 0 else mpmath.inf
        if not (low <= x + step <= high and 2 * abs(step) <= last):
            step = (low + high) / 2 - x
        x, last = x + step, abs(step)
        if last <= width:
            return x


def _coefficients(polynomial: Any) -> list[Any]:
    """The coefficients of a polynomial in s as ``mpf``, the highest first."""
    return [to_mpf(c) for c in _dense(polynomial)]


def _dense(polynomial: Any) -> list[Any]:
    degree = max(polynomial.degree(), 0)
    return [polynomial.coeff(_S**k) if k else polynomial.coeff(1) for k in range(degree, -1, -1)]
