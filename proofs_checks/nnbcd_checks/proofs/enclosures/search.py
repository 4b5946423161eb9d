"""Every local minimum of a smooth function in a box: bisection, then interval Newton."""

from __future__ import annotations

from typing import Protocol

from flint import arb, ctx

from nnbcd_checks.proofs.enclosures.balls import hull

BOXES = 4000
"""More boxes than this in one search: undecided.  Under 200 were met on the recorded cases."""
OFF_CENTRE = 0.4921875
"""Where boxes are cut: not at their middle, where roots of symmetric problems lie."""


class UndecidedError(Exception):
    """This precision does not suffice."""


class Smooth(Protocol):
    """A three times differentiable function over balls."""

    def slope(self, x: arb) -> arb:
        """Its derivative."""

    def bend(self, x: arb) -> arb:
        """Its second derivative."""

    def twist(self, x: arb) -> arb:
        """Its third derivative."""


def local_minima(f: Smooth, box: arb) -> tuple[arb, ...]:
    """Disjoint balls, ascending, that hold every local minimiser in the box; one in each.

    A closed box is dropped where the derivative has no root in it, or where the second derivative
    is negative.  Where that is positive, the derivative's signs at the ends tell whether it has
    its one root there.  Raises `UndecidedError` where this precision leaves a box open.
    """
    low, high, narrow = _with_margin(box)
    todo, found, seen = [(low, high)], [], 0
    while todo:
        low, high = todo.pop()
        seen += 1
        x = hull(low, high)
        if not f.slope(x).contains(0):
            continue
        bend, middle = _bend(f, x), x.mid()
        # By the mean value theorem: far narrower than f.slope(x) where the bend is about 0 too.
        if bend < 0 or not (f.slope(middle) + bend * (x - middle)).contains(0):
            continue
        ends = _bracket(f, low, high) if bend > 0 else None
        if ends is not None:
            found += [_newton(f, hull(*e)) for e in ends]
        elif seen >= BOXES or not high - low > narrow:
            raise UndecidedError
        else:
            cut = (low + (high - low) * OFF_CENTRE).mid()
            todo += [(cut, high), (low, cut)]
    return _disjoint(found)


def _with_margin(box: arb) -> tuple[arb, arb, arb]:
    """The ends, moved outwards so that no root lies on them, and the width to give up at."""
    low, high = box.lower(), box.upper()
    size = low.max(-low).max(high.max(-high))
    margin = (high - low) / 2**10 + (size + 1) / 2 ** (ctx.prec // 2)
    narrow = size / 2 ** (ctx.prec - 16) + arb(2) ** (-2 * ctx.prec)
    return (low - margin).mid(), (high + margin).mid(), narrow.mid()


def _bend(f: Smooth, x: arb) -> arb:
    """The second derivative; where that is about 0, by the mean value theorem besides."""
    bend = f.bend(x)
    if not bend.contains(0):
        return bend
    middle = x.mid()
    return bend.intersection(f.bend(middle) + f.twist(x) * (x - middle))


def _bracket(f: Smooth, low: arb, high: arb) -> list[tuple[arb, arb]] | None:
    """On a convex stretch: no bracket, or the one that surely holds a root; None where unclear."""
    for _ in range(2):
        left, right = f.slope(low), f.slope(high)
        if left > 0 or right < 0:
            return []
        if left < 0 < right:
            return [(low, high)]
        # A root on an end, or nearly: look at a wider stretch, if that is convex too.
        width = high - low
        low, high = (low - width).mid(), (high + width).mid()
        if not _bend(f, hull(low, high)) > 0:
            return None
    return None


def _newton(f: Smooth, x: arb) -> arb:
    """The root in x, f' increasing there and of both signs: tightened until that gains nothing."""
    while True:
        middle = x.mid()
        try:
            tighter = x.intersection(middle - f.slope(middle) / _bend(f, x))
        except ValueError as error:  # no number in common: impossible, so never a pass
            raise UndecidedError from error
        if not tighter.rad() < x.rad() / 2:
            return x
        x = tighter


def _disjoint(balls: list[arb]) -> tuple[arb, ...]:
    """Overlapping balls joined: a root that two neighbouring boxes share is found twice."""
    joined: list[arb] = []
    for ball in sorted(balls, key=lambda b: float(b.mid())):
        if joined and joined[-1].overlaps(ball):
            joined[-1] = hull(joined[-1], ball)
        else:
            joined.append(ball)
    return tuple(joined)
