"""Passes over arrays as large as the data, each made once and in a core's cache.

An operand is read once per pass; sums are taken while its chunk is at hand.  Nothing here is
more than subtraction, multiplication and summation; what they mean is said where they are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations import Activation
from nnbcd_checks.arrays import CHUNK, Array, chunks, empty


@dataclass(frozen=True)
class Part:
    """Entries (m,) of a new U, from flat index ``low`` on, with what depends on them."""

    low: int
    u: Array
    slope: Array
    shaped: Array
    step: Array
    misfit: Array
    linear: Array


Visit = Callable[[Part], None]


@dataclass(frozen=True)
class MoveU:
    """A new U: the arrays that depend on it, and sums over all entries."""

    step: Array  # D = u - u_old
    shaped: Array  # s(u)
    misfit: Array  # v - s(u)
    linear: Array  # V W^T + b - u
    step_square: float
    shaped_square: float  # ||s(u) - s(u_old)||^2
    shaped_inner: float  # <s(u) - s(u_old), misfit>
    step_inner: float  # <D, linear>
    misfit_square: float
    linear_square: float


def move_u(
    activation: Activation,
    v: Array,
    pair: tuple[Array, Array],
    shaped_old: Array,
    linear_old: Array,
    visit: Visit | None,
) -> MoveU:
    """Everything that follows from ``pair = (u, u_old)``; all operands (n, d)."""
    new = pair[0]
    step, misfit, linear = (empty(*new.shape) for _ in range(3))
    shaped = new if activation.linear else empty(*new.shape)
    flats = [np.ravel(a) for a in (*pair, v, shaped_old, linear_old, step, shaped, misfit, linear)]
    buffers, sums = empty(2, CHUNK), np.zeros(6)
    for part in chunks(new.size):
        u, old, target, shaped_before, linear_before, d, s, a, e = (flat[part] for flat in flats)
        slope, change = buffers[0, : u.size], buffers[1, : u.size]
        np.subtract(u, old, out=d)
        np.subtract(linear_before, d, out=e)
        if not activation.linear:
            activation.shape(u, slope, s)
        np.subtract(target, s, out=a)
        np.subtract(s, shaped_before, out=change)
        pairs = ((d, d), (change, change), (change, a), (d, e), (a, a), (e, e))
        sums += [float(np.dot(left, right)) for left, right in pairs]
        if visit is not None:
            visit(Part(part.start, u, slope, s, d, a, e))
    return MoveU(step, shaped, misfit, linear, *(float(value) for value in sums))


def subtract(a: Array, b: Array) -> tuple[Array, float]:
    """``a - b`` and its squared norm."""
    found, square = empty(*a.shape), 0.0
    flats = [np.ravel(array) for array in (a, b, found)]
    for part in chunks(a.size):
        left, right, out = (flat[part] for flat in flats)
        np.subtract(left, right, out=out)
        square += float(np.dot(out, out))
    return found, square


@dataclass(frozen=True)
class LinearMisfit:
    """``E = V W^T + b - U`` (n, d), and sums over all entries."""

    value: Array
    square: float
    moved: float  # ||E - E_before||^2
    before: float  # ||E_before||^2


def linear_misfit(
    v: Array, weight: Array, bias: Array, u: Array, before: Array | None
) -> LinearMisfit:
    """``v @ weight.T + bias - u`` against the value ``before``, if there was one."""
    value = np.matmul(v, weight.T, out=empty(len(v), len(weight)))
    rows = max(1, CHUNK // value.shape[1])
    buffer = empty(rows * value.shape[1])
    square = moved = old = 0.0
    for low in range(0, len(value), rows):
        part = value[low : low + rows]
        part += bias
        part -= u[low : low + rows]
        flat = part.reshape(-1)
        square += float(np.dot(flat, flat))
        if before is not None:
            past, change = np.ravel(before[low : low + rows]), buffer[: flat.size]
            np.subtract(flat, past, out=change)
            moved += float(np.dot(change, change))
            old += float(np.dot(past, past))
    return LinearMisfit(value, square, moved, old)


@dataclass(frozen=True)
class Copied:
    """A private float64 copy, its Frobenius norm, a bound of its spectral norm, and
    the norms of its columns."""

    value: Array
    norm: float
    spectral: float
    columns: Array


def copy_matrix(given: NDArray[Any]) -> Copied:
    """A float64 copy of a matrix and bounds of its norms.

    ``||A||_2 <= min(||A||_F, sqrt(||A||_1 ||A||_inf))``, rounded up; the second is sharp where
    the entries have one sign and the row sums and column sums are even, as activations are.
    """
    height, width = given.shape
    value = empty(height, width)
    step = max(1, CHUNK // width)
    sums: Array = np.zeros(width)
    squares: Array = np.zeros(width)
    tallest = 0.0
    across, down = np.ones(width), np.ones(step)
    buffer = empty(step, width)
    for low in range(0, height, step):
        part = value[low : low + step]
        np.copyto(part, given[low : low + step])
        size, ones = buffer[: len(part)], down[: len(part)]
        np.abs(part, out=size)
        sums += ones @ size
        tallest = max(tallest, float((size @ across).max()))
        np.square(size, out=size)
        squares += ones @ size
    total = float(squares.sum())
    spectral = math.sqrt(min(total, float(sums.max()) * tallest)) * (1 + 1e-10)
    return Copied(value, math.sqrt(total), spectral, np.sqrt(squares))


def copy_array(given: NDArray[Any]) -> tuple[Array, float]:
    """A float64 copy of an array of any shape, and its Frobenius norm."""
    source = np.ascontiguousarray(given).reshape(-1)
    value, square = empty(source.size), 0.0
    for part in chunks(source.size):
        out = value[part]
        np.copyto(out, source[part])
        square += float(np.dot(out, out))
    return value.reshape(given.shape), math.sqrt(square)
