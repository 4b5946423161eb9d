"""What the specification asks of an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts

Part = dict[tuple[int, int], Any]
"""One entry's share of U's objective: the coefficient of ``u^a s^b`` under ``(a, b)``."""


@dataclass(frozen=True)
class Candidate:
    """A point that may be a global minimiser, and the objective there.

    ``slack`` bounds the error of ``value``: 0 where point and value are exact; else the point is
    the rational next to an irrational one.
    """

    point: Any
    value: Any
    slack: Any = 0


class Activation(Protocol):
    """A continuous elementwise ``s``."""

    kind: ClassVar[str]
    facts: ClassVar[Facts]

    def __call__(self, u: Array) -> Array:
        """``s(u)``, elementwise, on numbers: elements of ``QQ`` stay so, others to ``Fraction``.

        Where ``s`` is transcendental, the rational next to its value, at more than 50 digits.
        """

    def candidates(self, part: Part) -> tuple[Candidate, ...]:
        """Finitely many points, ascending, among them every global minimiser of ``part``.

        Raises ValueError where the activation cannot give them.
        """
