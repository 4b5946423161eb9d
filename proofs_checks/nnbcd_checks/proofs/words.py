"""Sums of words in matrix letters, for every size: noncommutative, with transposes and traces.

A word is a product of letters, each perhaps transposed; a sum gives words coefficients that are
rational functions of the penalties (elements of a field of SymPy's, or numbers).  Two sums are
equal exactly if their coefficients are.  Traces are compared modulo ``tr(AB) = tr(BA)`` and
``tr(A) = tr(A^T)``.  An equation of sums therefore holds for matrices of every size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Word = tuple[tuple[str, bool], ...]
"""Letters from left to right, each with whether it is transposed; the empty word is I."""


class SizeError(ValueError):
    """Matrices whose sizes do not fit."""


@dataclass(frozen=True, eq=False)
class Words:
    """A matrix of ``rows`` by ``cols`` (names of sizes); ``symmetric`` letters equal their own
    transposes."""

    rows: str
    cols: str
    terms: dict[Word, Any]
    symmetric: frozenset[str] = frozenset()

    @property
    def mT(self) -> Words:  # the name that torch has for it
        """The transpose."""
        flipped = {
            tuple((n, n not in self.symmetric and not t) for n, t in reversed(word)): c
            for word, c in self.terms.items()
        }
        return Words(self.cols, self.rows, flipped, self.symmetric)

    def __matmul__(self, other: Words) -> Words:
        if self.cols != other.rows:
            raise SizeError(
                f"{self.rows} x {self.cols} times {other.rows} x {other.cols}: sizes differ"
            )
        pairs = (
            (left + right, c * d)
            for left, c in self.terms.items()
            for right, d in other.terms.items()
        )
        return Words(self.rows, other.cols, collected(pairs), self.symmetric | other.symmetric)

    def __add__(self, other: Words) -> Words:
        if (self.rows, self.cols) != (other.rows, other.cols):
            raise SizeError(
                f"{self.rows} x {self.cols} plus {other.rows} x {other.cols}: sizes differ"
            )
        both = collected((*self.terms.items(), *other.terms.items()))
        return Words(self.rows, self.cols, both, self.symmetric | other.symmetric)

    def __sub__(self, other: Words) -> Words:
        return self + -1 * other

    def __neg__(self) -> Words:
        return -1 * self

    def __rmul__(self, scalar: Any) -> Words:
        scalar = getattr(scalar, "value", scalar)
        scaled = collected((word, scalar * c) for word, c in self.terms.items())
        return Words(self.rows, self.cols, scaled, self.symmetric)

    def __truediv__(self, scalar: Any) -> Words:
        scalar = getattr(scalar, "value", scalar)
        divided = {word: c / scalar for word, c in self.terms.items()}
        return Words(self.rows, self.cols, divided, self.symmetric)

    @property
    def zero(self) -> bool:
        """Whether it is 0."""
        return not self.terms


@dataclass(frozen=True)
class Trace:
    """A number: a sum of traces of words, each word in its least cyclic or transposed form."""

    terms: dict[Word, Any]

    def __add__(self, other: Trace) -> Trace:
        return Trace(collected((*self.terms.items(), *other.terms.items())))

    def __sub__(self, other: Trace) -> Trace:
        return self + -1 * other

    def __rmul__(self, scalar: Any) -> Trace:
        scalar = getattr(scalar, "value", scalar)
        return Trace(collected((word, scalar * c) for word, c in self.terms.items()))

    def __truediv__(self, scalar: Any) -> Trace:
        scalar = getattr(scalar, "value", scalar)
        return Trace({word: c / scalar for word, c in self.terms.items()})

    @property
    def zero(self) -> bool:
        """Whether it is 0."""
        return not self.terms


def letter(name: str, rows: str, cols: str, *, symmetric: bool = False) -> Words:
    """One unknown matrix."""
    if symmetric and rows != cols:
        raise ValueError(f"{name}: {rows} x {cols} cannot be symmetric")
    return Words(rows, cols, {((name, False),): 1}, frozenset([name] if symmetric else ()))


def identity(size: str) -> Words:
    """The identity matrix."""
    return Words(size, size, {(): 1})


def trace(a: Words) -> Trace:
    """``tr(a)``; `ValueError` where a is not square or its trace would be a size."""
    if a.rows != a.cols:
        raise ValueError(f"{a.rows} x {a.cols} has no trace")
    if () in a.terms:
        raise ValueError("the trace of I is a size, not a word")
    return Trace(collected((_least(word, a.symmetric), c) for word, c in a.terms.items()))


def inner(a: Words, b: Words) -> Trace:
    """``<a, b> = tr(a^T b)``."""
    return trace(a.mT @ b)


def square(a: Words) -> Trace:
    """``||a||^2``, in the Frobenius norm."""
    return inner(a, a)


def collected(pairs: Iterable[tuple[Word, Any]]) -> dict[Word, Any]:
    """Coefficients of equal words added; those that vanish left out."""
    found: dict[Word, Any] = {}
    for word, c in pairs:
        found[word] = found[word] + c if word in found else c
    return {word: c for word, c in found.items() if c != 0}


def _least(word: Word, symmetric: frozenset[str]) -> Word:
    flipped = tuple((n, n not in symmetric and not t) for n, t in reversed(word))
    turned = (w[k:] + w[:k] for w in (word, flipped) for k in range(len(word)))
    return min(turned)
