"""Reductions over large arrays that make no large temporaries.

Everything is float64.  Arrays are walked in chunks that stay in a core's cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Term: TypeAlias = tuple[float, Array]

CHUNK = 16384
PAGE = 4096


def empty(*shape: int) -> Array:
    """A new array whose data starts on a page.

    With loads that span no two cache lines, and operands at equal offsets within a page, passes
    over arrays take half the time (no false store-to-load dependencies).
    """
    size = math.prod(shape)
    room = np.empty(size + PAGE // 8)
    skip = -room.ctypes.data % PAGE // 8
    found: Array = room[skip : skip + size].reshape(shape)
    return found


def real(value: int | float) -> float:
    """``value`` as a float; infinite where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def square(a: Array) -> float:
    """The squared Frobenius norm of ``a``."""
    return float(np.vdot(a, a))


def norm(a: Array) -> float:
    """The Frobenius norm of ``a``."""
    return math.sqrt(square(a))


def chunks(size: int) -> Iterator[slice]:
    """The slices that walk a flat array of ``size`` entries."""
    for low in range(0, size, CHUNK):
        yield slice(low, min(low + CHUNK, size))


def square_of_difference(a: Array, b: Array) -> float:
    """``||a - b||^2`` for arrays of one shape."""
    return reduce_sum([(1.0, a), (-1.0, b)])[0]


def weighted_sum(terms: Sequence[Term]) -> Array:
    """``sum_k c_k a_k`` as a new array; the ``a_k`` have one shape."""
    total = terms[0][0] * terms[0][1]
    for weight, array in terms[1:]:
        total += weight * array
    return total


def reduce_sum(terms: Sequence[Term], against: Array | None = None) -> tuple[float, float]:
    """``(||S||^2, <S, against>)`` for ``S = sum_k c_k a_k``, without forming ``S``.

    ``S`` is summed up as ``c_0 (a_0 + sum_k (c_k / c_0) a_k)``, chunk by chunk.
    """
    terms = [(weight, array) for weight, array in terms if weight]
    if not terms:
        return 0.0, 0.0
    lead, flats = terms[0][0], [(c / terms[0][0], np.ravel(array)) for c, array in terms]
    other = None if against is None else np.ravel(against)
    size = flats[0][1].size
    total, buffer = empty(2, CHUNK)
    squares = dots = 0.0
    for part in chunks(size):
        s = flats[0][1][part]
        for weight, flat in flats[1:]:
            s = _plus(s, weight, flat[part], total[: s.size], buffer[: s.size])
        squares += float(np.dot(s, s))
        if other is not None:
            dots += float(np.dot(s, other[part]))
    return lead * lead * squares, lead * dots


def _plus(s: Array, weight: float, piece: Array, out: Array, buffer: Array) -> Array:
    """``s + weight * piece`` into ``out``, which may be ``s``."""
    if weight == 1.0:
        return np.add(s, piece, out=out)
    if weight == -1.0:
        return np.subtract(s, piece, out=out)
    np.multiply(piece, weight, out=buffer)
    return np.add(s, buffer, out=out)
