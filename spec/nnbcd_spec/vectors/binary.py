"""Where a tie is exact in binary arithmetic, so that the preferred minimiser can be demanded.

A program in float32 meets both values of a tie without rounding where every operand, mean, point,
distance and value has few bits, provided that it forms each weighted mean as one quotient, which
is then exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from nnbcd_spec.exact import to_fraction
from nnbcd_spec.vectors.case import Case
from nnbcd_spec.vectors.encode import is_dyadic

POINT_BITS, VALUE_BITS = 9, 22
"""Of 24: the square of a 9-bit number, times a weight of 4 bits, still fits."""


def few(numbers: Iterable[Any], bits: int = POINT_BITS) -> bool:
    """Whether all are whole numbers of few bits times a power of two."""
    return all(is_dyadic(to_fraction(x), bits) for x in numbers)


def required_u(case: Case, activation: Any, tied: Sequence[Sequence[Fraction]]) -> bool:
    """Whether all of a U case's tied entries are exact in binary arithmetic."""
    pieces = getattr(activation, "pieces", None)
    if pieces is None:
        return False
    gamma, rho, alpha = (to_fraction(case.penalties[k]) for k in ("gamma", "rho", "alpha"))
    operands = [x for array in case.inputs.values() for x in array.flat]
    data = [x for piece in pieces for x in (piece.slope, piece.intercept)]
    ends = [x for piece in pieces for x in (piece.low, piece.high) if x is not None]
    if not few([*operands, *data, *ends]):
        return False
    entries = zip(case.inputs["v"].flat, case.inputs["pre"].flat, case.inputs["u_old"].flat, tied,
                  strict=True)  # fmt: skip
    return all(_exact_entry(pieces, gamma, rho, alpha, *entry) for entry in entries)


def _exact_entry(
    pieces: Any, gamma: Any, rho: Any, alpha: Any, v: Any, pre: Any, old: Any, points: Any
) -> bool:
    mean = (rho * pre + alpha * old) / (rho + alpha)
    gaps = [v - to_fraction(p.slope) * u - to_fraction(p.intercept)
            for u in points for p in pieces if p.holds(u)]  # fmt: skip
    moves = [u - mean for u in points]
    values = [gamma * g**2 for g in gaps] + [(rho + alpha) * m**2 for m in moves]
    sums = [g + m for g in values[: len(gaps)] for m in values[len(gaps) :]]
    return few([mean, *points, *gaps, *moves]) and few([*values, *sums], VALUE_BITS)
