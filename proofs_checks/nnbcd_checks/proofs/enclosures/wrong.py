"""Wrong steps: each must be refused on a recorded case at least.

Made by a stated operator on the recorded outputs, or by a wrong formula in plain floats.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nnbcd_checks.proofs.enclosures import naive
from nnbcd_checks.proofs.enclosures.judge import judge
from nnbcd_checks.proofs.enclosures.records import COLUMNS, Case, recorded

Outputs = Callable[[Case], Sequence[float]]


@dataclass(frozen=True)
class Wrong:
    """One wrong step of some members: ``outputs`` makes it of a case; ``fault`` says what it is."""

    members: tuple[str, ...]
    fault: str
    outputs: Outputs


def refused(wrong: Wrong, member: str, cases: Sequence[Case] | None = None) -> bool:
    """Whether the judge refuses the wrong step on one of the cases, the shipped ones by default."""
    found = recorded(member) if cases is None else cases
    return any(judge(c.step, wrong.outputs(c)).state == "refused" for c in found)


def killed() -> dict[str, int]:
    """For every member how many of its wrong steps are refused."""
    return {
        member: sum(refused(w, member, cases) for w in WRONG if member in w.members)
        for member, cases in ((member, recorded(member)) for member in COLUMNS)
    }


def _single(case: Case) -> Sequence[float]:
    return [struct.unpack("f", struct.pack("f", x))[0] for x in case.output]


def _moved(case: Case) -> Sequence[float]:
    return [x * (1 + 2.0**-40) for x in case.output]


def _by(formula: Callable[..., float], *more: Any, **changes: float) -> Outputs:
    """The formula on the case's step, some of its data changed first."""

    def outputs(case: Case) -> Sequence[float]:
        step: Any = case.step
        return [formula(replace(step, **changes) if changes else step, *more)]

    return outputs


def _swapped(case: Case) -> Sequence[float]:
    step: Any = case.step
    return [naive.u_step(replace(step, gamma=step.rho, rho=step.gamma))]


def _other_sign(case: Case) -> Sequence[float]:
    step: Any = case.step
    return [naive.logistic_step(replace(step, y=-step.y))]


def _classless(case: Case) -> Sequence[float]:
    """The class's output without the pull of its own term, S/m."""
    step: Any = case.step
    pull = step.weight / (step.gamma + step.alpha)
    return [x - pull * (k == step.label) for k, x in enumerate(case.output)]


def _next_class(case: Case) -> Sequence[float]:
    step: Any = case.step
    found, c = list(case.output), step.label
    after = (c + 1) % len(found)
    found[c], found[after] = found[after], found[c]
    return found


def _raised(case: Case) -> Sequence[float]:
    """All outputs a little higher: the softmax does not see it."""
    size = max(map(abs, case.output))
    return [x + 2.0**-40 * size for x in case.output]


def _explicit(case: Case) -> Sequence[float]:
    step: Any = case.step
    return naive.row_explicit(step)


U, LOGISTIC, CROSS = ("tanh", "sigmoid"), ("logistic",), ("cross_entropy",)
EVERY = (*U, *LOGISTIC, *CROSS)
WRONG: tuple[Wrong, ...] = (
    Wrong(EVERY, "single precision", _single),
    Wrong(EVERY, "40 bits right", _moved),
    Wrong(U, "the local minimum nearest to the mean", _by(naive.u_first)),
    Wrong(U, "the local minimum farthest from the mean", _by(naive.u_last)),
    Wrong(U, "gamma and rho swapped", _swapped),
    Wrong(U, "the proximal term left out", _by(naive.u_step, alpha=0.0)),
    Wrong(U, "missing factor s'", _by(naive.u_without_slope)),
    Wrong(U, "four Gauss-Newton steps, no more", _by(naive.u_newton, 4)),
    Wrong(U, "the least of float values, no root", _by(naive.u_by_values)),
    Wrong(LOGISTIC, "wrong sign of y", _other_sign),
    Wrong(LOGISTIC, "the weight left out", _by(naive.logistic_step, weight=1.0)),
    Wrong(LOGISTIC, "the proximal term left out", _by(naive.logistic_step, alpha=0.0)),
    Wrong(LOGISTIC, "an explicit step", _by(naive.logistic_newton, 0)),
    Wrong(LOGISTIC, "three Newton steps, no more", _by(naive.logistic_newton, 3)),
    Wrong(LOGISTIC, "1 - 1/(1 + e^x), which cancels", _by(naive.logistic_step, naive.cancelling)),
    Wrong(LOGISTIC, "log(1 + x) for log1p", _by(naive.logistic_by_values)),
    Wrong(CROSS, "softmax without the class term", _classless),
    Wrong(CROSS, "the next class", _next_class),
    Wrong(CROSS, "all outputs raised", _raised),
    Wrong(CROSS, "an explicit step", _explicit),
)
