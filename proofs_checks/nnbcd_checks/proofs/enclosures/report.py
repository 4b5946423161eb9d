"""All recorded cases judged, member by member."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nnbcd_checks.proofs.enclosures.judge import BITS, CAP, Verdict, judge
from nnbcd_checks.proofs.enclosures.records import COLUMNS, recorded

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Result:
    """What was found of one member; the worst figures are upper bounds over the decided cases.

    ``ties``: cases with more than one minimiser that rounding can't tell from the best.
    ``worst_share``: the largest excess or gradient, as a part of what rounding may cause.
    ``failed``: the numbers of the cases that are not certified.
    """

    member: str
    cases: int
    certified: int
    ties: int
    unknown: int
    worst_radius: float
    worst_distance: float
    worst_excess: float
    worst_share: float
    seconds: float
    failed: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every case is certified, and there is one."""
        return self.certified == self.cases > 0


def check(
    *, bits: int = BITS, cap: int = CAP, progress: Progress | None = None
) -> dict[str, Result]:
    """Judge the shipped cases of every member; ``progress`` is told (done, in all)."""
    cases = {member: recorded(member) for member in COLUMNS}
    total, done, results = sum(map(len, cases.values())), 0, {}
    for member, of_member in cases.items():
        began, verdicts = time.perf_counter(), []
        for case in of_member:
            verdicts.append(judge(case.step, case.output, bits=bits, cap=cap))
            done += 1
            if progress is not None:
                progress(done, total)
        results[member] = result(member, verdicts, time.perf_counter() - began)
    return results


def result(member: str, verdicts: Sequence[Verdict], seconds: float) -> Result:
    """The verdicts' sum."""
    known = [v for v in verdicts if v.state != "unknown"]
    return Result(
        member,
        len(verdicts),
        sum(v.state == "certified" for v in verdicts),
        sum(v.ties > 1 for v in verdicts),
        len(verdicts) - len(known),
        max((v.radius for v in known), default=math.inf),
        max((v.distance for v in known), default=math.inf),
        max((v.excess for v in known), default=math.inf),
        max((max(v.value_share, v.slope_share) for v in known), default=math.inf),
        seconds,
        tuple(i for i, v in enumerate(verdicts) if v.state != "certified"),
    )
