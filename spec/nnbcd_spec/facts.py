"""What is true of a member of the family, as data: domains, ties, constants, sources.

A table or a set of test vectors can be made from these without reading prose, and the members
check their own parameters with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, Protocol

import sympy as sp

from nnbcd_spec.exact import rational

Tie = Literal["nearest to old", "lower", "first", "any"]
"""How one of several minimisers is chosen; of several rules the first that decides counts."""
Targets = Literal["any", "signs", "zero-one", "one-hot"]
"""What a loss allows as Y: any numbers, entries -1 and 1, 0 and 1, or rows with a single 1."""


class Domain(Protocol):
    """The values that a parameter may take."""

    def rule(self, **at: Any) -> str:
        """The domain in words of mathematics, its bounds evaluated where ``at`` says how."""

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether ``value`` lies in the domain."""


@dataclass(frozen=True)
class Real:
    """A finite number strictly between bounds; ``None`` is infinite."""

    low: Any = None
    high: Any = None

    def rule(self, **at: Any) -> str:
        """Such as ``0 < x < 1``."""
        left = "" if self.low is None else f"{self.low} < "
        right = "" if self.high is None else f" < {self.high}"
        return f"{left}x{right}" if left or right else "a finite number"

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether ``value`` is a number strictly inside."""
        q = rational(value)
        return (self.low is None or q > self.low) and (self.high is None or q < self.high)


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``, which divides ``divides`` where that is given.

    Bounds are numbers, or SymPy expressions in ``d``, ``p`` and other parameters.
    """

    low: Any = 1
    high: Any = None
    divides: Any = None

    def rule(self, **at: Any) -> str:
        """Such as ``1..d*p`` or ``a divisor of p``."""
        if self.divides is not None:
            return f"a divisor of {_value(self.divides, at)}"
        top = "" if self.high is None else str(_value(self.high, at))
        return f"{self.low}..{top}"

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether ``value`` is such a whole number."""
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        below = self.high is None or value <= _value(self.high, at)
        return bool(
            self.low <= value
            and below
            and (self.divides is None or _value(self.divides, at) % value == 0)
        )


@dataclass(frozen=True)
class Listed:
    """A sequence of at least ``least`` values of one domain, with a given product if any."""

    of: Domain
    least: int = 1
    product: Any = None
    ascending: bool = False

    def rule(self, **at: Any) -> str:
        """The entries' rule, and what holds of them together."""
        together = "" if self.product is None else f", product {_value(self.product, at)}"
        order = ", ascending" if self.ascending else ""
        return f"at least {self.least} of: {self.of.rule(**at)}{together}{order}"

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether every entry lies in the domain, and they fit together."""
        entries = tuple(value)
        if len(entries) < self.least or not all(self.of.holds(entry, **at) for entry in entries):
            return False
        exact = [rational(entry) for entry in entries]
        if self.ascending and any(a >= b for a, b in pairwise(exact)):
            return False
        return bool(self.product is None or sp.prod(entries) == _value(self.product, at))


@dataclass(frozen=True)
class Text:
    """A nonempty text."""

    def rule(self, **at: Any) -> str:
        """``a nonempty text``."""
        return "a nonempty text"

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether ``value`` is a text that is not empty."""
        return isinstance(value, str) and value != ""


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def rule(self, **at: Any) -> str:
        """``true or false``."""
        return "true or false"

    def holds(self, value: Any, **at: Any) -> bool:
        """Whether ``value`` is a truth value; 0 and 1 are not."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Facts:
    """One member's entry.

    ``keys``: the parameters and their domains.  ``unique``: whether the block's minimiser is, for
    all data.  ``ties``: the rules that choose among several.  ``constant``: the guaranteed
    decrease of the objective over the squared step, in :mod:`nnbcd_spec.symbols`; ``None`` where
    there is none.  ``closed_form``: whether the update is rational in its operands.  ``targets``:
    the Y of a loss.
    """

    constant: sp.Expr | None
    source: str
    keys: Mapping[str, Domain] = field(default_factory=dict)
    unique: bool = False
    ties: tuple[Tie, ...] = ()
    closed_form: bool = True
    targets: Targets | None = None


def require(name: str, domain: Domain, value: Any, **at: Any) -> None:
    """Raise ValueError unless ``value`` lies in ``domain``; ``at`` gives the bounds' symbols."""
    if not domain.holds(value, **at):
        raise ValueError(f"{name}: given {value}; allowed: {domain.rule(**at)}")


def _value(bound: Any, at: Mapping[str, Any]) -> Any:
    known = sp.sympify(bound).subs(
        {s: at[s.name] for s in sp.sympify(bound).free_symbols if s.name in at}
    )
    return int(known) if known.is_Integer else known
