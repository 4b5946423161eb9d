"""Losses that are convex and smooth, of exponentials and logarithms: Newton's method at 70 digits.

The stationarity that is solved is the derivative of the whole objective: its polynomial part is
differentiated over the rationals, the loss by SymPy.  The result carries a certificate: a strongly
convex objective with curvature at least m has its minimiser within ``||gradient|| / m``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from nnbcd_spec.exact import DIGITS, Array, at_working_precision, rational, to_mpf
from nnbcd_spec.losses.base import Problem, RowSum, split
from nnbcd_spec.quadratic import Quadratic, connected, differentiate

STEPS = 500
"""Newton steps after which something must be wrong; some tens are usual."""


@dataclass(frozen=True)
class Part:
    """One part of a sample's loss: what it reads of v, and its value and derivatives."""

    reads: tuple[int, ...]
    value: Callable[..., Any]
    gradient: Callable[..., Any]
    hessian: Callable[..., Any]


@dataclass(frozen=True)
class Term:
    """A part in a block: its factor, the variables it reads, and the row's targets."""

    factor: Any
    reads: tuple[int, ...]
    part: Part
    targets: tuple[Any, ...]

    def of(self, function: Callable[..., Any], x: dict[int, Any]) -> Any:
        """One of the part's functions at a point."""
        return function(*(x[i] for i in self.reads), *self.targets)


@dataclass(frozen=True, kw_only=True)
class SmoothLoss(RowSum):
    """A member gives the parts of one sample as SymPy expressions; all else follows."""

    def parts(self, v: Array, y: Array) -> tuple[sp.Expr, ...]:
        """Convex expressions that sum to ``l(v_j, y_j)``; ``v`` and ``y`` hold symbols."""
        raise NotImplementedError

    @at_working_precision
    def row(self, v: Array, y: Array) -> Any:
        """The loss of a sample: of numbers the rational next to it, at 70 digits."""
        if any(isinstance(x, sp.Expr) for x in v):
            return sum(self.parts(v, y))
        targets = [to_mpf(x) for x in y]
        parts = compiled(self, len(v))
        values = (p.value(*(to_mpf(v[i]) for i in p.reads), *targets) for p in parts)
        return rational(mpmath.fsum(values))

    @at_working_precision
    def minimise(self, problem: Problem, y: Array, v_old: Array, weights: Array) -> Array:
        """The minimiser as ``mpf`` within 10^-50 of the exact one, relative to its size.

        Raises ValueError where the objective without the loss is not strictly convex or the loss
        enters with a negative weight, ArithmeticError where the certificate is not reached.
        """
        rest, factors, block = split(problem, v_old.shape, weights)
        if any(factor < 0 for factor in factors):
            raise ValueError("the loss enters with a negative weight: the problem is not convex")
        quadratic = differentiate(rest, tuple(block.flat))
        terms = list(self._terms(factors, y))
        x: dict[int, Any] = {}
        links = [{i, *row} for i, row in enumerate(quadratic.hessian)]
        for component in connected(v_old.size, [*links, *(set(t.reads) for t in terms)]):
            here = [t for t in terms if set(t.reads) <= set(component)]
            x |= newton(quadratic, here, component)
        entries = [None, *(x[i] for i in range(v_old.size))]
        return np.array(entries, dtype=object)[1:].reshape(v_old.shape)

    def _terms(self, factors: list[Any], y: Array) -> Iterable[Term]:
        width = y.shape[1]
        for j, (factor, row) in enumerate(zip(factors, y, strict=True)):
            targets = tuple(to_mpf(t) for t in row)
            for part in compiled(self, width):
                reads = tuple(j * width + i for i in part.reads)
                yield Term(to_mpf(factor), reads, part, targets)


@lru_cache(maxsize=64)
def compiled(loss: SmoothLoss, width: int) -> tuple[Part, ...]:
    """The parts for ``width`` outputs, differentiated by SymPy, as functions of ``mpf``."""
    v, y = sp.symbols(f"v:{width}", real=True), sp.symbols(f"y:{width}", real=True)
    found = []
    for expression in loss.parts(np.array(v, dtype=object), np.array(y, dtype=object)):
        own = [x for x in v if x in expression.free_symbols]
        gradient = [sp.diff(expression, x) for x in own]
        hessian = [[sp.diff(g, x) for x in own] for g in gradient]
        functions = (
            sp.lambdify([*own, *y], e, "mpmath", cse=True) for e in (expression, gradient, hessian)
        )
        found.append(Part(tuple(v.index(x) for x in own), *functions))
    return tuple(found)


def newton(quadratic: Quadratic, terms: list[Term], component: list[int]) -> dict[int, Any]:
    """The minimiser on one component by damped Newton, certified by its residual."""
    place = {variable: k for k, variable in enumerate(component)}
    curved = mpmath.matrix(
        [[to_mpf(quadratic.hessian[i].get(j, 0)) for j in component] for i in component]
    )
    slope = mpmath.matrix([to_mpf(quadratic.slope[i]) for i in component])
    least = curvature(curved)

    def derivatives(x: Any) -> tuple[Any, Any]:
        at = dict(zip(component, x, strict=True))
        gradient, hessian = curved * x + slope, curved.copy()
        for t in terms:
            first, second = t.of(t.part.gradient, at), t.of(t.part.hessian, at)
            for i, g, row in zip(t.reads, first, second, strict=True):
                gradient[place[i]] += t.factor * g
                for j, h in zip(t.reads, row, strict=True):
                    hessian[place[i], place[j]] += t.factor * h
        return gradient, hessian

    x = mpmath.lu_solve(curved, -slope)
    gradient, hessian = derivatives(x)
    for _ in range(STEPS):
        enough = least * mpmath.mpf(10) ** -(DIGITS + 2) * max(1, mpmath.norm(x))
        if mpmath.norm(gradient) <= enough:
            return dict(zip(component, x, strict=True))
        step = mpmath.lu_solve(hessian, -gradient)
        x, gradient, hessian = damped(derivatives, x, step, mpmath.norm(gradient))
    raise ArithmeticError(f"Newton's method: no certificate after {STEPS} steps")


def damped(derivatives: Callable[[Any], Any], x: Any, step: Any, length: Any) -> Any:
    """The first of the halved Newton steps that shortens the gradient enough, with derivatives.

    A Newton step is a direction of descent for ``||gradient||^2``, so one of them does.
    """
    for k in range(STEPS):
        t = mpmath.ldexp(1, -k)
        gradient, hessian = derivatives(x + t * step)
        if mpmath.norm(gradient) <= (1 - t / 4) * length:
            return x + t * step, gradient, hessian
    raise ArithmeticError("Newton's method: no step shortens the gradient")


def curvature(hessian: Any) -> Any:
    """The least eigenvalue of the quadratic part; ValueError unless it is positive."""
    values = mpmath.eigsy(hessian, eigvals_only=True)
    least = min(values)
    if least <= 0:
        raise ValueError("V's objective is not strictly convex but for the loss")
    return least
