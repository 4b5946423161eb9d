"""The verdict on a float output: how far from a global minimiser, and how much worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flint import arb, ctx

from nnbcd_checks.proofs.enclosures.balls import Row, at_most, norm
from nnbcd_checks.proofs.enclosures.search import UndecidedError
from nnbcd_checks.proofs.enclosures.steps import Step, slope_rounding, value_rounding

BITS, CAP = 128, 1024
"""The first working precision, and the last: what is undecided there is unknown."""


@dataclass(frozen=True)
class Verdict:
    """``certified``, ``refused`` or ``unknown``; the figures are upper bounds.

    ``ties``: how many minimisers there are whose values rounding can't tell from the least.
    ``distance``: to the nearest of them.  ``radius``: of their balls, the largest.  ``excess``: of
    the objective over its minimum.  ``value_share``, ``slope_share``: the excess and the gradient
    as parts of what rounding may cause.
    """

    state: str
    ties: int = 0
    radius: float = math.inf
    distance: float = math.inf
    excess: float = math.inf
    value_share: float = math.inf
    slope_share: float = math.inf


def judge(step: Step, output: Sequence[float], *, bits: int = BITS, cap: int = CAP) -> Verdict:
    """Judge ``output`` in ball arithmetic, as given.

    Certified: its value exceeds the minimum by no more than rounding may cause, and so does its
    gradient exceed 0.  The first alone would let half of the digits be wrong; the second alone
    would let any local minimum pass.
    """
    if not all(map(math.isfinite, output)):
        return Verdict("refused")
    while bits <= cap:
        with ctx.workprec(bits), suppress(UndecidedError):
            return _judged(step, [arb(x) for x in output])
        bits *= 2
    return Verdict("unknown")


def _judged(step: Step, x: Row) -> Verdict:
    found = step.enclosed()
    excess, slope = step.value(x) - found.minimum, norm(step.gradient(x))
    allowed, flat = value_rounding(step, x, found.best), slope_rounding(step, x)
    good = [_at_most(excess, allowed), _at_most(slope, flat)]
    return Verdict(
        "certified" if all(good) else "refused",
        len(found.balls),
        max(at_most(x_k.rad()) for ball in found.balls for x_k in ball),
        min(at_most(_distance(x, ball)) for ball in found.balls),
        at_most(excess),
        at_most(excess / allowed),
        at_most(slope / flat),
    )


def _at_most(x: arb, bound: arb) -> bool:
    if not (x <= bound or x > bound):
        raise UndecidedError
    return bool(x <= bound)


def _distance(x: Row, ball: Row) -> arb:
    return norm(x_k - b_k for x_k, b_k in zip(x, ball, strict=True))
