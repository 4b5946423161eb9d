"""Ball arithmetic: what Arb's numbers need to serve as intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from flint import arb, ctx

UNIT = 2.0**-53
"""Half the distance from 1 to the next float64: the largest relative error of one rounding."""
TINY = 2.0**-1022
"""The least normal float64: where a float operation underflows its error is far below this."""
Row = list[arb]
"""A point, or a box, of R^d."""


def hull(low: arb, high: arb) -> arb:
    """A ball that holds both and all between them."""
    return low.union(high)


def rising(f: Callable[[arb], arb], x: arb) -> arb:
    """``f`` over the ball x, f increasing: from its values at the ends."""
    return f(x) if x.is_exact() else hull(f(x.lower()), f(x.upper()))


def falling_from_zero(f: Callable[[arb], arb], x: arb) -> arb:
    """``f`` over the ball x, f even and decreasing in ``|x|``."""
    return f(x) if x.is_exact() else hull(f(x.abs_lower()), f(x.abs_upper()))


def at_most(x: arb) -> float:
    """A float not less than any number of the ball; infinite where no finite one is."""
    # The conversion may round either way by less than a float's spacing: one step up covers it.
    top = float(x.upper())
    return math.nextafter(top, math.inf) if math.isfinite(top) else math.inf


def square(x: arb) -> arb:
    """``x^2``; the library's power has no value at a ball about 0."""
    return x * x


def total(numbers: Iterable[arb]) -> arb:
    """Their sum."""
    return sum(numbers, arb(0))


def norm(x: Iterable[arb]) -> arb:
    """The Euclidean norm; from both ends, as the square of a ball about 0 may reach below 0."""
    balls = list(x)
    least = total(square(b.abs_lower()) for b in balls).sqrt()
    return hull(least, total(square(b.abs_upper()) for b in balls).sqrt())


def sharp(box: Row) -> bool:
    """Whether a box is small beside a float's spacing at its size, or very small at all."""
    floor = arb(2) ** -(3 * ctx.prec // 4)
    return bool(norm(b.rad() for b in box) <= norm(b.mid() for b in box) / 2**64 + floor)
