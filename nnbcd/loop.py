"""Repeating sweeps, with whoever watches: a judge, a recorder, a progress bar."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd.model import CompressedNetwork, compressed_network
from nnbcd.problem import Problem
from nnbcd.progress import Progress
from nnbcd.record import Recorder
from nnbcd.residual import ResidualProbe
from nnbcd.score import Scorer
from nnbcd.state import State
from nnbcd.sweep import Data, sweep


class Row(Protocol):
    """What a judge says of one sweep."""

    def to_json(self) -> dict[str, Any]:
        """One line of ``rows.jsonl``."""


class Judge(Protocol):
    """Anything that is shown the state after every sweep."""

    def step(self, state: Mapping[str, NDArray[np.floating[Any]]]) -> Row:
        """Judge the sweep that led from the last state shown to this one."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    state: State
    model: CompressedNetwork
    sweeps: int
    seconds_train: float
    seconds_audit: float
    interrupted: bool
    metric: str | None
    score_compressed: float | None
    score_uncompressed: float | None


def iterate(
    problem: Problem,
    data: Data,
    state: State,
    *,
    sweeps: int,
    judge: Judge | None = None,
    recorder: Recorder | None = None,
    scorer: Scorer | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Run ``sweeps`` sweeps from ``state``, telling every watcher after each.

    The judge works beside the solver, one sweep behind it, in a thread of its own; ``record`` and
    ``on_progress`` follow the judge.  An interrupt (Ctrl-C) ends the run after the sweep at hand;
    a second one is raised at once.  Raises ``FloatingPointError`` where an iterate stops being
    finite.
    """
    meter = _Meter(problem, sweeps, recorder, scorer, on_progress)
    meter.record(_Swept(0, state), None)
    previous, done = None, 0
    with _interruptible() as stopped, _beside(judge, problem) as judged:
        while done < sweeps and not stopped():
            began = time.perf_counter()
            after = sweep(problem, data, state, observe=meter.probe)
            _synchronise(data)
            meter.seconds_train += time.perf_counter() - began
            previous, state, done = state, after, done + 1
            _check_finite(state, done)
            for swept, verdict in judged(
                _Swept(done, state, meter.seconds_train, meter.probe.take())
            ):
                meter.record(swept, verdict)
        for swept, verdict in judged(None):
            meter.record(swept, verdict)
    if recorder is not None:
        recorder.finish(done, previous, state)
    return Outcome(
        state=state,
        model=compressed_network(problem, state),
        sweeps=done,
        seconds_train=meter.seconds_train,
        seconds_audit=meter.seconds_audit,
        interrupted=done < sweeps,
        metric=None if scorer is None else scorer.metric,
        score_compressed=meter.scores[0],
        score_uncompressed=meter.scores[1],
    )


@dataclass(frozen=True)
class _Swept:
    """A finished sweep, and the clock and V residual at its end."""

    sweep: int
    state: State
    seconds_train: float = 0.0
    v_residual: float = 0.0


@dataclass(frozen=True)
class _Verdict:
    """What the judge said of a sweep, and how long it took."""

    row: dict[str, Any]
    seconds: float


class _Meter:
    """The clocks and scores of a run, and those who are told of them."""

    def __init__(
        self,
        problem: Problem,
        sweeps: int,
        recorder: Recorder | None,
        scorer: Scorer | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.seconds_train = self.seconds_audit = 0.0
        self.scores: tuple[float | None, float | None] = (None, None)
        self.probe = ResidualProbe(problem)
        self._problem, self._sweeps = problem, sweeps
        self._recorder, self._scorer, self._on_progress = recorder, scorer, on_progress
        self._rises = 0

    def record(self, swept: _Swept, verdict: _Verdict | None) -> None:
        row = None if verdict is None else verdict.row
        if verdict is not None:
            self.seconds_audit += verdict.seconds
            total = verdict.row["total"]
            self._rises += int(total["decrease"] < -total["tolerance"])
        if self._scorer is not None:
            self.scores = self._scorer.both(self._problem, swept.state)
        if self._recorder is not None:
            if row is not None:
                self._recorder.line("rows.jsonl", row)
            self._recorder.line("metrics.jsonl", self._metrics(swept))
            self._recorder.state(swept.sweep, swept.state)
        if self._on_progress is not None and swept.sweep > 0:
            self._on_progress(self._progress(swept, row))

    def _metrics(self, swept: _Swept) -> dict[str, Any]:
        return {
            "sweep": swept.sweep,
            "seconds_train": round(swept.seconds_train, 6),
            "seconds_audit": round(self.seconds_audit, 6),
            "metric": self._scorer.metric if self._scorer else None,
            "score_compressed": self.scores[0],
            "score_uncompressed": self.scores[1],
            "v_residual": swept.v_residual,
        }

    def _progress(self, swept: _Swept, row: dict[str, Any] | None) -> Progress:
        return Progress(
            sweep=swept.sweep,
            sweeps=self._sweeps,
            objective=None if row is None else row["after"]["total"],
            metric=self._scorer.metric if self._scorer else "",
            score=self.scores[0],
            rises=self._rises,
        )


Judged = Callable[[_Swept | None], list[tuple[_Swept, _Verdict | None]]]
"""Takes a sweep to judge (``None``: no more) and returns those judged since the last call."""


@contextmanager
def _beside(judge: Judge | None, problem: Problem) -> Iterator[Judged]:
    """A judge in a thread of its own, at most one sweep behind; without a judge, no verdicts.

    Torch gives up the threads that the judge takes, and has them back at the end: two pools on the
    same cores spend their time waiting for one another.
    """
    if judge is None:
        yield lambda swept: [] if swept is None else [(swept, None)]
        return
    pending: list[tuple[_Swept, Future[_Verdict]]] = []
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads - judge_threads(threads)))
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="nnbcd-judge") as pool:

            def judged(swept: _Swept | None) -> list[tuple[_Swept, _Verdict | None]]:
                done = [(waiting, future.result()) for waiting, future in pending]
                pending.clear()
                if swept is not None:
                    pending.append((swept, pool.submit(_judge, judge, problem, swept.state)))
                return list(done)

            yield judged
    finally:
        torch.set_num_threads(threads)


def judge_threads(threads: int) -> int:
    """How many of ``threads`` a judge beside the solver takes."""
    return max(1, threads // 4)


def _judge(judge: Judge, problem: Problem, state: State) -> _Verdict:
    began = time.perf_counter()
    row = judge.step(arrays(problem, state)).to_json()
    return _Verdict(row, time.perf_counter() - began)


def arrays(problem: Problem, state: State) -> dict[str, NDArray[np.floating[Any]]]:
    """The state by trace names as NumPy arrays (views where the tensors are on the CPU)."""
    return {name: tensor.cpu().numpy() for name, tensor in state.tensors(problem).items()}


def _check_finite(state: State, k: int) -> None:
    if not bool(torch.isfinite(torch.stack([own.W.sum() for own in state.layers])).all()):
        raise FloatingPointError(f"sweep {k}: the weights are no longer finite")


def _synchronise(data: Data) -> None:
    if data.X.is_cuda:
        torch.cuda.synchronize(data.X.device)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a flag; signals exist in the main thread only."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event.is_set
        return

    def note(signum: int, frame: FrameType | None) -> None:
        if event.is_set():
            signal.default_int_handler(signum, frame)
        event.set()

    former = signal.signal(signal.SIGINT, note)
    try:
        yield event.is_set
    finally:
        signal.signal(signal.SIGINT, former)
