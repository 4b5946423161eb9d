"""Numbers and arrays as the text of a vector file.

A rational is ``"-?n"`` or ``"-?n/d"`` in lowest terms, d > 1; an irrational output is a decimal of
40 significant digits, ``"d.ddde+k"``; a number that is refused may be ``"nan"``, ``"inf"``,
``"-inf"``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from nnbcd_spec.exact import to_fraction

DIGITS = 40


def number(x: Any) -> str:
    """``x`` (int, float, Fraction, element of QQ, mpf) as text; a float is what it stores."""
    if isinstance(x, mpmath.mpf):
        return decimal(x)
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    return str(to_fraction(x))


def decimal(x: Any) -> str:
    """An ``mpf`` as a decimal of 40 significant digits; 0 is the rational ``"0"``."""
    if x == 0:
        return "0"
    with mpmath.workdps(DIGITS + 10):
        exponent = int(mpmath.floor(mpmath.log10(abs(x))))
        digits = int(mpmath.nint(abs(x) * mpmath.mpf(10) ** (DIGITS - 1 - exponent)))
    while digits >= 10**DIGITS:  # the logarithm was rounded down, or the digits rounded up
        digits, exponent = (digits + 5) // 10, exponent + 1
    text = str(digits).rjust(DIGITS, "0")
    return f"{'-' if x < 0 else ''}{text[0]}.{text[1:]}e{exponent:+d}"


def array(x: Any) -> Any:
    """A number, array or nested list as nested lists of text; ``None`` stays."""
    if x is None:
        return None
    if isinstance(x, np.ndarray):
        return array(x.tolist())
    if isinstance(x, list | tuple):
        return [array(entry) for entry in x]
    return number(x)


def member(obj: dict[str, Any]) -> dict[str, Any]:
    """A member's data: whole numbers and names as they are, other numbers as text."""
    return {key: _parameter(value) for key, value in obj.items()}


def _parameter(value: Any) -> Any:
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_parameter(entry) for entry in value]
    return number(value)


def is_dyadic(x: Fraction, bits: int) -> bool:
    """Whether ``x`` is a whole number below ``2**bits`` times a power of two."""
    n, d = abs(x.numerator), x.denominator
    if d & (d - 1):
        return False
    return n == 0 or n // (n & -n) < 2**bits
