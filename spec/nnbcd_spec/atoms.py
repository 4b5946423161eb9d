"""Convex piecewise-quadratic functions, as sums of atoms that say what optimality means on them.

An atom holds functions of the same variables: numbers, SymPy expressions, or :class:`Form` for
minimisation.  A *face* of an atom is a set of points on which it equals one of its functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, Protocol

import sympy as sp
from sympy import QQ

Point = Mapping[int, Any]
"""Values of variables, by index."""


@dataclass(frozen=True)
class Form:
    """A polynomial of degree at most 2: pairs of variable indices (0 to 2 of them) and factor."""

    terms: tuple[tuple[tuple[int, ...], Any], ...]

    @classmethod
    def of(cls, polynomial: Any) -> Form:
        """Read off a ring polynomial; ValueError where it is not quadratic."""
        terms = []
        for monomial, factor in polynomial.terms():
            indices = tuple(i for i, power in enumerate(monomial) for _ in range(power))
            if len(indices) > 2:
                raise ValueError("the block's objective is not quadratic in the block")
            terms.append((indices, factor))
        return cls(tuple(terms))

    def at(self, x: Point) -> Any:
        """The value at a point."""
        total = QQ(0)
        for indices, factor in self.terms:
            product = factor
            for i in indices:
                product = product * x[i]
            total = total + product
        return total

    def times(self, factor: Any) -> Form:
        """The polynomial times a number."""
        return Form(tuple((indices, factor * f) for indices, f in self.terms))

    def minus(self, other: Form) -> Form:
        """The difference of two polynomials."""
        return Form((*self.terms, *other.times(QQ(-1)).terms))

    def variables(self) -> set[int]:
        """The indices that it reads."""
        return {i for indices, _ in self.terms for i in indices}


class Atom(Protocol):
    """One convex function; ``F`` is the type of its faces."""

    def value(self) -> Any:
        """Its value, where the functions are numbers or SymPy expressions."""

    def map(self, change: Callable[[Any], Any]) -> Atom:
        """The atom with every function changed."""

    def functions_used(self) -> tuple[Any, ...]:
        """Every function in it."""

    def faces(self) -> Iterator[Any]:
        """All faces, among them one on which the minimiser is stationary."""

    def start(self, x: Point) -> Any:
        """A face that holds ``x``."""

    def on(self, face: Any) -> tuple[Form, tuple[Form, ...]]:
        """The atom on a face: a polynomial, and what is 0 there."""

    def next(self, face: Any, x: Point, multipliers: Sequence[Any]) -> Any:
        """A better face after a stationary point ``x`` on ``face``; the same one if optimal."""


@dataclass(frozen=True)
class Maximum:
    """The largest of some affine functions.  A face is the set of those that are largest there."""

    functions: tuple[Any, ...]

    def value(self) -> Any:
        """The largest."""
        if any(isinstance(f, sp.Expr) for f in self.functions):
            return sp.Max(*self.functions)
        return max(self.functions)

    def map(self, change: Callable[[Any], Any]) -> Maximum:
        """The atom with every function changed."""
        return Maximum(tuple(map(change, self.functions)))

    def functions_used(self) -> tuple[Any, ...]:
        """The functions."""
        return self.functions

    def faces(self) -> Iterator[tuple[int, ...]]:
        """Every nonempty subset, the small ones first."""
        indices = range(len(self.functions))
        return chain.from_iterable(combinations(indices, k + 1) for k in indices)

    def start(self, x: Point) -> tuple[int, ...]:
        """The first of the largest."""
        values = [f.at(x) for f in self.functions]
        return (values.index(max(values)),)

    def on(self, face: tuple[int, ...]) -> tuple[Form, tuple[Form, ...]]:
        """The first of the face's functions; the others' differences from it are 0."""
        first, *others = (self.functions[i] for i in face)
        return first, tuple(f.minus(first) for f in others)

    def next(self, face: tuple[int, ...], x: Point, multipliers: Sequence[Any]) -> tuple[int, ...]:
        """Drop functions of negative weight, then take in one that is larger.

        The subdifferential is the hull of the largest functions' gradients: at a stationary
        point the multipliers are the others' weights and the first has the rest of 1.
        """
        shares = dict(zip(face, (1 - sum(multipliers), *multipliers), strict=True))
        kept = tuple(i for i in face if shares[i] >= 0)
        values = [f.at(x) for f in self.functions]
        largest = max(values)
        if largest > values[face[0]]:
            return tuple(sorted({*kept, values.index(largest)}))
        return kept


@dataclass(frozen=True)
class Pieces:
    """A differentiable function by regions: ``(function, what is >= 0 there)``, a face each."""

    regions: tuple[tuple[Any, tuple[Any, ...]], ...]

    def value(self) -> Any:
        """The function of the region that holds."""
        if any(isinstance(f, sp.Expr) for f in self.functions_used()):
            return sp.Piecewise(
                *((f, sp.And(*(bound >= 0 for bound in where))) for f, where in self.regions)
            )
        return next(f for f, where in self.regions if all(bound >= 0 for bound in where))

    def map(self, change: Callable[[Any], Any]) -> Pieces:
        """The atom with every function and bound changed."""
        regions = ((change(f), tuple(map(change, where))) for f, where in self.regions)
        return Pieces(tuple(regions))

    def functions_used(self) -> tuple[Any, ...]:
        """The functions and the bounds."""
        return tuple(g for f, where in self.regions for g in (f, *where))

    def faces(self) -> Iterator[int]:
        """Every region: where two meet, their gradients agree."""
        return iter(range(len(self.regions)))

    def start(self, x: Point) -> int:
        """The first region that holds ``x``."""
        inside = (all(bound.at(x) >= 0 for bound in where) for _, where in self.regions)
        return list(inside).index(True)

    def on(self, face: int) -> tuple[Form, tuple[Form, ...]]:
        """The region's function."""
        return self.regions[face][0], ()

    def next(self, face: int, x: Point, multipliers: Sequence[Any]) -> int:
        """The region that holds ``x``; the same one where it holds it too."""
        inside = all(bound.at(x) >= 0 for bound in self.regions[face][1])
        return face if inside else self.start(x)
