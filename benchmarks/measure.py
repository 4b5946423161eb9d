"""One row of the benchmark: three ways through a sweep, timed in turn in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch

from benchmarks import floor as floor_work
from benchmarks.memory import held, size, sweep_peak
from benchmarks.problems import Case, build, kept
from benchmarks.published import Published
from nnbcd.objective import terms
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.sweep import Data, sweep

WARM_UP = 1
AUDITOR_NEEDS = ("safetensors", "jsonschema", "threadpoolctl")
LONG_ENOUGH, MOST_ROUNDS = 3.0, 60
"""Short rounds are repeated until so many seconds or rounds are timed: medians need them."""


@dataclass(frozen=True)
class Clock:
    """Wall time of calls on a device, which has finished before and after."""

    device: str

    def __call__(self, work: Callable[[], Any]) -> tuple[float, Any]:
        """Seconds, and what ``work`` returned."""
        self._settle()
        began = time.perf_counter()
        result = work()
        self._settle()
        return time.perf_counter() - began, result

    def _settle(self) -> None:
        if self.device != "cpu":
            torch.cuda.synchronize()


def row(
    case: Case, compression: str, *, dtype: str, device: str, rounds: int, quick: bool = False
) -> dict[str, Any]:
    """The ratios of one problem, with the objectives reached and what the row depends on.

    A round times the published sweep, its logged objective, our sweep and the floor, starting
    with another one each time.  Every sweep continues its own run, so no input comes twice.
    """
    problem, data, start = build(case, compression, dtype=dtype, device=device)
    times, state, theirs = _rounds(
        problem, data, start, Clock(device), range(rounds, rounds if quick else MOST_ROUNDS)
    )
    published = [a + b for a, b in zip(times["published"], times["logging"], strict=True)]
    blocks, caches = held(data, state)
    bytes_held = size([*blocks, *caches.values()])
    cache_bytes = {name: size([one]) for name, one in caches.items()}
    audit = _audit_share(problem, data, state, Clock(device))
    objective = float(terms(problem, data, state)["total"])
    work = floor_work.operations(floor_work.floor(problem, data, state))
    holder = [state]
    del state, blocks, caches
    return {
        "problem": case.name,
        "compression": compression,
        "dtype": dtype,
        "device": device,
        "published_over_ours": ratio(published, times["ours"]),
        "ours_over_floor": ratio(times["ours"], times["floor"]),
        "peak_over_state": sweep_peak(problem, data, holder) / bytes_held,
        "audit_share": audit,
        "objective": objective,
        "objective_start": float(terms(problem, data, start)["total"]),
        "objective_published": float(theirs),
        "published_without_logging_over_ours": ratio(times["published"], times["ours"]),
        "spread": {
            "published_over_ours": _spread(published, times["ours"]),
            "ours_over_floor": _spread(times["ours"], times["floor"]),
        },
        "seconds": {name: statistics.median(values) for name, values in times.items()},
        "floor_operations": work,
        "state_bytes": bytes_held,
        "caches": cache_bytes,
        "sizes": list(case.sizes),
        "samples": case.samples,
        "rank": case.rank if compression != "none" else None,
        "kept": kept(problem) if compression != "none" else None,
        "rounds": len(published),
    }


def _rounds(
    problem: Problem, data: Data, start: State, clock: Clock, rounds: range
) -> tuple[Mapping[str, list[float]], State, Any]:
    """Times by name, one a round after the warm-up; our last state and their last objective."""
    published = Published.of(problem, data)
    now: dict[str, Any] = {"published": published.start(start), "ours": start, "logging": None}
    steps: dict[str, Callable[[], Any]] = {
        "published": lambda: published.sweep(now["published"]),
        "logging": lambda: published.objective(now["published"]),
        "ours": lambda: sweep(problem, data, now["ours"]),
        "floor": lambda: floor_work.run(now["work"]),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    k, timed = 0, 0.0
    while k < WARM_UP + rounds.start or (timed < LONG_ENOUGH and k < WARM_UP + rounds.stop):
        for name in _turned(("published", "ours", "floor"), k):
            if name == "floor":
                now["work"] = floor_work.floor(problem, data, now["ours"])
            for part in (name, "logging") if name == "published" else (name,):
                seconds, now[part] = clock(steps[part])
                if k >= WARM_UP:
                    times[part].append(seconds)
                    timed += seconds
            now.pop("work", None)
        k += 1
    return times, now["ours"], now["logging"]


def _audit_share(problem: Problem, data: Data, state: State, clock: Clock) -> float | None:
    """Time of one live audit step over that of the sweep it judges; ``None`` where not timed."""
    missing = any(find_spec(name) is None for name in AUDITOR_NEEDS)
    if missing or clock.device != "cpu":
        return None
    from nnbcd.loop import arrays
    from nnbcd_checks import Auditor
    from nnbcd_checks import Problem as Claimed

    claimed = Claimed.from_json(problem.to_json())
    auditor = Auditor(claimed, data.X.numpy(), data.Y.numpy(), arrays(problem, state))
    swept, after = clock(lambda: sweep(problem, data, state))
    judged, _ = clock(lambda: auditor.step(arrays(problem, after)))
    return judged / swept


def ratio(upper: Sequence[float], lower: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(upper, lower, strict=True))


def _spread(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    found = [a / b for a, b in zip(upper, lower, strict=True)]
    return [min(found), max(found)]


def _turned(names: Sequence[str], k: int) -> Sequence[str]:
    k %= len(names)
    return (*names[k:], *names[:k])
