"""Real numbers as SMT-LIB text, with Python's operators: what the scalar forms are run on.

Divisions become products: ``x / y`` is a new number q with ``q y = x``, and ``y != 0`` is noted
as one more thing to prove.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from nnbcd.scalar.ops import Ops


@dataclass
class Session:
    """The numbers declared, what defines them, and the divisors met."""

    names: list[str] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    divisors: list[str] = field(default_factory=list)

    @property
    def ops(self) -> Ops:
        """The operations namespace that fits the numbers."""
        return SymbolicOps()

    def real(self, name: str) -> Any:
        """A new unknown number."""
        self.names.append(name)
        return Term(name, self)

    def parameter(self, name: str) -> Any:
        """A new unknown number that Python code may ask whether it is 0: it is not."""
        self.names.append(name)
        return Parameter(name, self)

    def whole(self, name: str) -> Any:
        """A new unknown whole number.

        To the solvers it is a real one of which `gaps` tells what is used of wholeness.
        """
        self.wholes.append(name)
        return self.real(name)

    def term(self, value: Any) -> Any:
        """A constant, exactly, as a term; a term as it is."""
        return value if isinstance(value, Term) else Term(literal(value), self)

    def all(self, *terms: Any) -> Any:
        """Their conjunction."""
        return Term(f"(and {' '.join(t.text for t in terms)})", self)

    def any(self, *terms: Any) -> Any:
        """Their disjunction."""
        return Term(f"(or {' '.join(t.text for t in terms)})", self)

    def implies(self, hypothesis: Any, conclusion: Any) -> Any:
        """The implication."""
        return Term(f"(=> {hypothesis.text} {conclusion.text})", self)

    def gaps(self) -> list[str]:
        """Sums and differences of two whole numbers are at most -1, or 0, or at least 1."""
        found = []
        for a, b in itertools.combinations(self.wholes, 2):
            for z in (f"(- {a} {b})", f"(+ {a} {b})"):
                found.append(f"(or (<= {z} (- 1.0)) (= {z} 0.0) (>= {z} 1.0))")
        return found

    def raised(self, x: Term) -> Term:
        """The whole number c with ``c - 1 < x <= c``."""
        c: Term = self.whole(f"c{len(self.wholes) + 1}")
        self.definitions.append(f"(and (< (- {c.text} 1.0) {x.text}) (<= {x.text} {c.text}))")
        return c

    def divided(self, x: Term, y: Term) -> Term:
        """The number q with ``q y = x``."""
        self.divisors.append(y.text)
        q: Term = self.real(f"q{len(self.divisors)}")
        self.definitions.append(f"(= (* {q.text} {y.text}) {x.text})")
        return q


class Replay(Session):
    """The same statements on given fractions instead of unknowns: they come out true or false."""

    def __init__(self, witness: Mapping[str, Fraction]) -> None:
        super().__init__()
        self._witness = witness

    @property
    def ops(self) -> Ops:
        """Exact arithmetic."""
        return ExactOps()

    def real(self, name: str) -> Any:
        """The number of that name."""
        return self._witness[name]

    parameter = real

    def whole(self, name: str) -> Any:
        """The number of that name, rounded to a whole one."""
        return Fraction(round(self._witness[name]))

    def term(self, value: Any) -> Any:
        """A constant, exactly."""
        return Fraction(value)

    def all(self, *terms: Any) -> Any:
        """Whether all hold."""
        return all(terms)

    def any(self, *terms: Any) -> Any:
        """Whether one holds."""
        return any(terms)

    def implies(self, hypothesis: Any, conclusion: Any) -> Any:
        """Whether the conclusion holds where the hypothesis does."""
        return not hypothesis or conclusion


def literal(value: Any) -> str:
    """An int, float or fraction as an SMT-LIB real."""
    exact = Fraction(value)
    size = abs(exact)
    text = f"{size.numerator}.0"
    if size.denominator != 1:
        text = f"(/ {size.numerator}.0 {size.denominator}.0)"
    return f"(- {text})" if exact < 0 else text


@dataclass(frozen=True, eq=False)
class Term:
    """A real number or a truth value as SMT-LIB text."""

    text: str
    session: Session

    def _with(self, operation: str, other: Any) -> Any:
        return Term(f"({operation} {self.text} {self.session.term(other).text})", self.session)

    def __add__(self, other: Any) -> Any:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Any:
        return self.session.term(other) + self

    def __sub__(self, other: Any) -> Any:
        return self._with("-", other)

    def __rsub__(self, other: Any) -> Any:
        return self.session.term(other) - self

    def __mul__(self, other: Any) -> Any:
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self.session.term(other) * self

    def __truediv__(self, other: Any) -> Any:
        return self.session.divided(self, self.session.term(other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.session.term(other) / self

    def __neg__(self) -> Any:
        return Term(f"(- {self.text})", self.session)

    def __lt__(self, other: Any) -> Any:
        return self._with("<", other)

    def __le__(self, other: Any) -> Any:
        return self._with("<=", other)

    def __gt__(self, other: Any) -> Any:
        return self._with(">", other)

    def __ge__(self, other: Any) -> Any:
        return self._with(">=", other)

    def __eq__(self, other: object) -> Any:
        return self._with("=", other)

    def __ne__(self, other: object) -> Any:
        return Term(f"(not {self._with('=', other).text})", self.session)

    __hash__ = None  # type: ignore[assignment]  # == makes a formula

    def __bool__(self) -> bool:
        raise TypeError(f"the truth of {self.text} is not known")


class Parameter(Term):
    """A term of which ``== 0`` is false: the form's branch for other values is the one taken."""

    def __eq__(self, other: object) -> Any:
        return False if other == 0 else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return True if other == 0 else super().__ne__(other)

    __hash__ = None


class SymbolicOps:
    """The operations namespace of the scalar forms, on terms."""

    def ceil(self, value: Any) -> Any:
        """The least whole number that is not below ``value``."""
        return value.session.raised(value)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """``yes`` where the condition holds, else ``no``."""
        session = condition.session
        both = f"{session.term(yes).text} {session.term(no).text}"
        return Term(f"(ite {condition.text} {both})", session)

    def minimum(self, value: Any, bound: Any) -> Any:
        """The smaller of the two."""
        value, bound = _terms(value, bound)
        return self.where(value <= bound, value, bound)

    def maximum(self, value: Any, bound: Any) -> Any:
        """The larger of the two."""
        value, bound = _terms(value, bound)
        return self.where(value >= bound, value, bound)

    def absolute(self, value: Any) -> Any:
        """``|value|``."""
        return self.where(value >= 0, value, -value)

    def both(self, left: Any, right: Any) -> Any:
        """Logical and."""
        return left.session.all(left, right)

    def either(self, left: Any, right: Any) -> Any:
        """Logical or."""
        return left.session.any(left, right)


def _terms(x: Any, y: Any) -> tuple[Term, Term]:
    session = x.session if isinstance(x, Term) else y.session
    return session.term(x), session.term(y)


class ExactOps:
    """The same namespace on fractions, for replaying witnesses."""

    def ceil(self, value: Fraction) -> Fraction:
        """The least whole number that is not below ``value``."""
        return Fraction(math.ceil(value))

    def where(self, condition: bool, yes: Any, no: Any) -> Any:
        """``yes`` where the condition holds, else ``no``."""
        return yes if condition else no

    def minimum(self, value: Any, bound: Any) -> Any:
        """The smaller of the two."""
        return min(value, bound)

    def maximum(self, value: Any, bound: Any) -> Any:
        """The larger of the two."""
        return max(value, bound)

    def absolute(self, value: Any) -> Any:
        """``|value|``."""
        return abs(value)

    def both(self, left: bool, right: bool) -> bool:
        """Logical and."""
        return left and right

    def either(self, left: bool, right: bool) -> bool:
        """Logical or."""
        return left or right
