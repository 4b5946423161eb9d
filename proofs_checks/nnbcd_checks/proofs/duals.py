"""Enclosures of the multiclass hinges' steps, in exact fractions, from a dual bound.

Both losses are largest values of ``sum_k l_k (1 + v_k - v_c)`` over multipliers l >= 0, c the
class: each at most 1 (Weston and Watkins), their sum at most 1 (Crammer and Singer).  For any such
l the step's objective is nowhere below

    D(l) = sum_k l_k (1 + a_k - a_c) - (sum_k l_k^2 + (sum_k l_k)^2) / (2m),

the least value of ``sum_k l_k (1 + v_k - v_c) + m/2 ||v - a||^2``.  Being m-strongly convex, it has
its one minimiser within ``sqrt(2 gap / m)`` of any v, ``gap = F(v) - D(l)``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import resources
from typing import Any

UNIT = Fraction(1, 2**53)
MEMBERS = ("weston_watkins", "crammer_singer")


@dataclass(frozen=True)
class Case:
    """Minimise ``l(v) + m/2 ||v - a||^2``, class ``label``; ``output`` is what the solver gave."""

    member: str
    label: int
    a: tuple[float, ...]
    m: float
    output: tuple[float, ...]


@dataclass(frozen=True)
class Verdict:
    """Whether the gap is within rounding; the gap as a part of that; the radius about v."""

    certified: bool
    share: float
    radius: float


def judge(case: Case) -> Verdict:
    """Judge an output; no rounding happens here."""
    if not all(math.isfinite(x) for x in case.output):
        return Verdict(False, math.inf, math.inf)
    gap, allowed = _gap(case), rounding(case)
    radius = math.sqrt(2 * gap / Fraction(case.m)) * (1 + 1e-12)
    return Verdict(gap <= allowed, float(gap / allowed), radius)


def _gap(case: Case) -> Fraction:
    a, v, m, c = _exact(case.a), _exact(case.output), Fraction(case.m), case.label
    others = [k for k in range(len(a)) if k != c]
    margins = {k: 1 + v[k] - v[c] for k in others}
    moved = {k: min(max(m * (a[k] - v[k]), Fraction(0)), Fraction(1)) for k in others}
    if case.member == "weston_watkins":
        loss = sum((max(x, Fraction(0)) for x in margins.values()), Fraction(0))
        pull = _each(margins, moved, 4 * _error(case))
    else:
        loss = max(Fraction(0), *margins.values())
        pull = _largest(margins, moved, 4 * _error(case))
    primal = loss + m / 2 * sum((x - y) ** 2 for x, y in zip(v, a, strict=True))
    total = sum(pull.values(), Fraction(0))
    squares = sum((x**2 for x in pull.values()), total**2)
    return primal - (sum(x * (1 + a[k] - a[c]) for k, x in pull.items()) - squares / (2 * m))


Multipliers = dict[int, Fraction]


def _each(margins: Multipliers, moved: Multipliers, band: Fraction) -> Multipliers:
    """1 where a hinge is surely on, 0 where it is surely off, else what the move says.

    Any choice within the constraints bounds from below; this one is the best up to rounding.
    """
    return {k: Fraction(x > 0) if abs(x) > band else moved[k] for k, x in margins.items()}


def _largest(margins: Multipliers, moved: Multipliers, band: Fraction) -> Multipliers:
    """On the hinges within rounding of the largest, of sum 1 where that is surely on."""
    top = max(margins.values())
    found = {k: moved[k] * (x >= top - band) for k, x in margins.items()}
    if top < -band:
        return dict.fromkeys(found, Fraction(0))
    total = sum(found.values(), Fraction(0))
    scale = total if total > 0 and top > band else max(total, Fraction(1))
    return {k: x / scale for k, x in found.items()}


def rounding(case: Case) -> Fraction:
    """What rounding of the output can make of the gap.

    Each output is a sum of at most K + 8 rounded operands, none beyond ``1 + 3 max |a| + K/m``.
    A change d of v moves the objective by at most ``sum_k (2 + m |v_k - a_k|) |d_k| + m/2 ||d||^2``
    (each hinge moves by d_k - d_c) and the dual bound, least at the best multipliers m (a - v), by
    K m ||d||^2 at most; multipliers, whose sum times 1/m is the move of v_c, are at most 1 each.
    """
    count, m, d = len(case.a), Fraction(case.m), _error(case)
    return count * (2 + count) * d + (count + 1) * count * m * d**2


def _error(case: Case) -> Fraction:
    """By how much an output may be off; see `rounding`."""
    count = len(case.a)
    size = 1 + 3 * max(abs(Fraction(x)) for x in case.a) + count / Fraction(case.m)
    return (count + 8) * UNIT * size


def _exact(numbers: Sequence[float]) -> list[Fraction]:
    return [Fraction(x) for x in numbers]


def recorded(member: str) -> list[Case]:
    """The cases that are shipped with this package."""
    path = resources.files("nnbcd_checks.proofs") / "recorded" / f"{member}.json"
    return cases_from(json.loads(path.read_text("utf-8")), member)


def cases_from(record: Any, member: str) -> list[Case]:
    """The cases of a record; ``ValueError`` where it is malformed."""
    if not isinstance(record, dict) or record.get("member") != member:
        raise ValueError(f"record: given {record!r:.60}; allowed: an object of member {member}")
    rows = record.get("cases")
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"record of {member}: no cases")
    return [_case(member, row, k) for k, row in enumerate(rows)]


def _case(member: str, row: Any, k: int) -> Case:
    where = f"record of {member}, case {k}"
    if not isinstance(row, list) or len(row) != 4:
        raise ValueError(f"{where}: allowed: a list of label, a, m and output")
    label, a, m, output = row
    if not (isinstance(a, list) and isinstance(output, list) and len(a) == len(output) >= 2):
        raise ValueError(f"{where}: a and output are not lists of one length >= 2")
    good = all(type(x) is float and math.isfinite(x) for x in (*a, *output, m))
    if not good or m <= 0 or type(label) is not int or not 0 <= label < len(a):
        raise ValueError(f"{where}: allowed: finite floats, m > 0, a label below {len(a)}")
    return Case(member, label, tuple(a), m, tuple(output))


# -- wrong steps ---------------------------------------------------------------------------------


def _own_is_old(case: Case) -> list[float]:
    return [case.a[k] if k == case.label else x for k, x in enumerate(case.output)]


def _others_are_old(case: Case) -> list[float]:
    return [x if k == case.label else case.a[k] for k, x in enumerate(case.output)]


def _half_step(case: Case) -> list[float]:
    return [(x + y) / 2 for x, y in zip(case.a, case.output, strict=True)]


def _nudged(case: Case) -> list[float]:
    return [x + 1e-9 * (1 + abs(x)) * (k != case.label) for k, x in enumerate(case.output)]


def _in_turn(case: Case) -> list[float]:
    """Each rival's own two-class step, as if there were no other."""
    v, c = list(case.a), case.label
    for k in range(len(v)):
        if k != c:
            rise = min(max((1 + v[k] - v[c]) / 2, 0.0), 1 / case.m)
            v[k], v[c] = v[k] - rise, v[c] + rise
    return v


WRONG: dict[str, Callable[[Case], list[float]]] = {
    "the class's own output is left": _own_is_old,
    "the other outputs are left": _others_are_old,
    "half the step": _half_step,
    "a relative error of 1e-9": _nudged,
    "rivals in turn instead of at once": _in_turn,
}
"""By what is wrong: a step made of a recorded one, or another formula."""


def refused(fault: str, cases: Sequence[Case]) -> bool:
    """Whether a wrong step is refused on one of the cases."""
    wrong = (replace(case, output=tuple(WRONG[fault](case))) for case in cases)
    return any(not judge(case).certified for case in wrong)
