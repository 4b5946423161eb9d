"""A root between two bounds, by Newton steps that fall back on halving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnbcd.scalar.ops import RealOps

STEPS = 50
"""Halvings narrow a bracket of width 40, the widest met here, to 4e-14; Newton needs about 8."""
ROUNDING = 4
"""So many units of rounding, of what a value was computed from, are none."""

Function = Callable[[Any], tuple[Any, Any, Any]]
"""``u -> (f(u), f'(u), size)``, with the size of the operands that ``f(u)`` is the sum of."""


def bracketed_root(
    function: Function,
    low: Any,
    high: Any,
    start: Any,
    *,
    last: bool,
    floor: float,
    scale: Any,
    ops: RealOps,
) -> Any:
    """Where f rises through 0 in ``[low, high]``: f is increasing, or one of two shapes.

    ``last``: f is convex where it falls, and falls before it rises; f(high) >= 0.  Otherwise f is
    concave where it falls, and rises before it falls; f(low) <= 0.  Where f does not rise through
    0, some point of the bracket.

    A Newton step is taken where the slope is positive, the step stays within the bracket and is
    at most half as long as the one before; else the bracket is halved.  ``floor > 0`` keeps the
    division by a vanishing slope finite.  A point stays where f is 0 up to rounding, the bracket
    is narrower than the rounding of ``scale + |u|``, or its tangent rules a root out; the loop
    ends early where all are known to, without waiting.
    """

    def beyond(value: Any, slope: Any) -> Any:
        if last:
            return ops.both(value > 0, slope > 0)
        return ops.either(value >= 0, slope <= 0)

    unit, side = ROUNDING * ops.unit(start), 1 if last else -1
    # The end towards which a root may be missing is looked at first.
    if last:
        passed = beyond(*function(low)[:2])
        high, u = ops.where(passed, low, high), ops.where(passed, low, start)
    else:
        passed = beyond(*function(high)[:2])
        low, u = ops.where(passed, low, high), ops.where(passed, start, high)
    before = high - low
    for _ in range(STEPS):
        value, slope, size = function(u)
        # On the falling side a tangent bounds f: it keeps off 0 as far as the bracket goes.
        hopeless = ops.both(slope <= 0, side * value > slope * (low - high))
        over = beyond(value, slope)
        low, high = ops.where(over, low, u), ops.where(over, u, high)
        newton = u - value / ops.maximum(slope, floor)
        inside = ops.both(newton >= low, newton <= high)
        short = ops.absolute(newton - u) <= 0.5 * before
        rising = slope > 0
        good = ops.both(rising, ops.both(inside, short))
        after = ops.where(good, newton, low + 0.5 * (high - low))
        closed = high - low <= unit * (scale + ops.absolute(u))
        exact = ops.both(rising, ops.absolute(value) <= unit * size)
        done = ops.either(hopeless, ops.either(closed, exact))
        after = ops.where(done, u, after)
        u, before = after, ops.absolute(after - u)
        if ops.surely(done):
            break
    return _polished(function, u, low, high, floor=floor, ops=ops)


def _polished(
    function: Function, u: Any, low: Any, high: Any, *, floor: float, ops: RealOps
) -> Any:
    """One more Newton step: what is 0 up to a few roundings may still be made smaller."""
    value, slope, _ = function(u)
    newton = u - value / ops.maximum(slope, floor)
    inside = ops.both(newton >= low, newton <= high)
    return ops.where(ops.both(slope > 0, inside), newton, u)
