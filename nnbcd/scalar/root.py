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
    beyond: Callable[[Any, Any], Any],
    floor: float,
    scale: Any,
    ops: RealOps,
) -> Any:
    """The point in ``[low, high]`` where ``beyond(f(u), f'(u))`` changes from false to true.

    ``high`` where that comes later.  A Newton step is taken where the slope is positive, the step
    stays within the bracket and is at most half as long as the one before; else the bracket is
    halved.  ``floor > 0`` keeps the division by a vanishing slope finite.  A point stays where
    ``f`` is 0 up to rounding, or the bracket narrower than the rounding of ``scale + |u|``; the
    loop ends early where all are known to, without waiting.
    """
    unit = ROUNDING * ops.unit(start)
    before_high = beyond(*function(high)[:2])
    low, u = ops.where(before_high, low, high), ops.where(before_high, start, high)
    before = high - low
    for _ in range(STEPS):
        value, slope, size = function(u)
        over = beyond(value, slope)
        low, high = ops.where(over, low, u), ops.where(over, u, high)
        newton = u - value / ops.maximum(slope, floor)
        inside = ops.both(newton >= low, newton <= high)
        short = ops.absolute(newton - u) <= 0.5 * before
        rising = slope > 0
        after = ops.where(
            ops.both(rising, ops.both(inside, short)), newton, low + 0.5 * (high - low)
        )
        closed = high - low <= unit * (scale + ops.absolute(u))
        done = ops.either(closed, ops.both(rising, ops.absolute(value) <= unit * size))
        after = ops.where(done, u, after)
        u, before = after, ops.absolute(after - u)
        if ops.surely(done):
            break
    return u
