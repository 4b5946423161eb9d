"""Exact numbers: what comes in, what is computed with, what goes out.

In: nested sequences or NumPy arrays of int, float, ``Fraction``, SymPy ``Rational`` or mpmath
``mpf``; a float stands for the very rational it stores (``float.as_integer_ratio``).
Within: elements of SymPy's ``QQ``.  Out: NumPy object arrays of ``Fraction``, and of ``mpf`` of at
least 50 digits where a number is irrational.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from typing import Any, TypeVar

import mpmath
import numpy as np
from mpmath import mpf
from mpmath.libmp import to_rational
from numpy.typing import NDArray
from sympy import QQ

Array = NDArray[np.object_]
"""A NumPy object array whose entries are exact numbers, polynomials or SymPy expressions."""

DIGITS = 50
"""The digits that an irrational result has."""

WORKING = DIGITS + 20
"""The digits that irrational results are computed with."""

FLOATS = (float, np.floating)
"""What counts as a float."""


def rational(x: Any) -> Any:
    """``x`` as an element of ``QQ``, exactly.

    Raises ValueError where ``x`` is not a finite number of a kind named above.
    """
    if isinstance(x, QQ.dtype):
        return x
    if isinstance(x, mpf) and math.isfinite(x):
        return QQ(*map(int, to_rational(x._mpf_)))
    if isinstance(x, FLOATS) and math.isfinite(x):
        return QQ(*float(x).as_integer_ratio())
    if hasattr(x, "numerator") and hasattr(x, "denominator"):  # int, np.integer, Fraction, Rational
        return QQ(int(x.numerator), int(x.denominator))
    raise ValueError(f"given {x!r}; allowed: a finite int, float, Fraction, Rational or mpf")


_rationals = np.frompyfunc(rational, 1, 1)


def exact(x: Any, name: str, ndim: int = 2) -> Array:
    """``x`` as an array over ``QQ`` with ``ndim`` axes; ValueError names what does not fit."""
    try:
        raw = np.asarray(x, dtype=object)
    except ValueError:  # ragged rows
        raise ValueError(f"{name}: given rows of different lengths; allowed: an array") from None
    if raw.ndim != ndim or raw.size == 0:
        raise ValueError(f"{name}: given shape {raw.shape}; allowed: {ndim} nonempty axes")
    return np.asarray(_rationals(raw), dtype=object)


def to_fraction(x: Any) -> Fraction:
    """A number as a ``Fraction``; ValueError as :func:`rational`."""
    q = rational(x)
    return Fraction(int(QQ.numer(q)), int(QQ.denom(q)))


def fractions(x: Array) -> Array:
    """An array over ``QQ`` as an array of ``Fraction``; an ``mpf`` stays."""

    def outgoing(entry: Any) -> Any:
        return entry if isinstance(entry, mpf) else to_fraction(entry)

    return np.asarray(np.frompyfunc(outgoing, 1, 1)(x), dtype=object)


Function = TypeVar("Function", bound=Callable[..., Any])


def at_working_precision(function: Function) -> Function:
    """The function, run with mpmath at ``WORKING`` digits."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with mpmath.workdps(WORKING):
            return function(*args, **kwargs)

    return run  # type: ignore[return-value]  # same signature, which TypeVar cannot say


def to_mpf(x: Any) -> Any:
    """A number as an ``mpf`` at mpmath's working precision."""
    q = rational(x)
    return mpf(int(QQ.numer(q))) / int(QQ.denom(q))


@at_working_precision
def next_mpf(x: Any) -> Any:
    """The ``mpf`` of ``WORKING`` digits next to a rational."""
    return to_mpf(x)


def positive(**numbers: Any) -> tuple[Any, ...]:
    """The penalties over ``QQ``; ValueError unless every one is > 0."""
    return _checked(numbers, "> 0", lambda q: bool(q > 0))


def nonnegative(**numbers: Any) -> tuple[Any, ...]:
    """The penalties over ``QQ``; ValueError unless every one is >= 0."""
    return _checked(numbers, ">= 0", lambda q: bool(q >= 0))


def _checked(numbers: dict[str, Any], rule: str, holds: Callable[[Any], bool]) -> tuple[Any, ...]:
    values = {name: rational(number) for name, number in numbers.items()}
    for name, value in values.items():
        if not holds(value):
            raise ValueError(f"{name}: given {numbers[name]}; allowed: a number {rule}")
    return tuple(values.values())


def require_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless ``array`` has ``shape``."""
    if array.shape != shape:
        raise ValueError(f"{name}: given shape {array.shape}; allowed: {shape} to fit the others")
