"""Repeating sweeps, with whoever watches: a judge, a recorder, a progress bar."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
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

    An interrupt (Ctrl-C) ends the run after the sweep at hand; a second one is raised at once.
    Raises ``FloatingPointError`` where an iterate stops being finite.
    """
    meter = _Meter(problem, recorder, scorer)
    meter.record(0, state)
    previous, done = None, 0
    with _interruptible() as stopped:
        while done < sweeps and not stopped():
            began = time.perf_counter()
            after = sweep(problem, data, state, observe=meter.probe)
            _synchronise(data)
            meter.seconds_train += time.perf_counter() - began
            previous, state, done = state, after, done + 1
            row = meter.judged(judge, state)
            _check_finite(state, done)
            meter.record(done, state, row)
            if on_progress is not None:
                on_progress(meter.progress(done, sweeps, row))
    if recorder is not None:
        recorder.finish(done, previous, state)
    return Outcome(
        state,
        compressed_network(problem, state),
        done,
        meter.seconds_train,
        meter.seconds_audit,
        done < sweeps,
        None if scorer is None else scorer.metric,
        *meter.scores,
    )


class _Meter:
    """The clocks and scores of a run."""

    def __init__(self, problem: Problem, recorder: Recorder | None, scorer: Scorer | None) -> None:
        self.seconds_train = self.seconds_audit = 0.0
        self.rises = 0
        self.scores: tuple[float | None, float | None] = (None, None)
        self._problem, self._recorder, self._scorer = problem, recorder, scorer
        self.probe = ResidualProbe(problem)

    def judged(self, judge: Judge | None, state: State) -> dict[str, Any] | None:
        if judge is None:
            return None
        began = time.perf_counter()
        row = judge.step(arrays(self._problem, state)).to_json()
        self.seconds_audit += time.perf_counter() - began
        self.rises += int(row["total"]["decrease"] < -row["total"]["tolerance"])
        return row

    def record(self, k: int, state: State, row: dict[str, Any] | None = None) -> None:
        if self._scorer is not None:
            self.scores = self._scorer.both(self._problem, state)
        if self._recorder is None:
            return
        if row is not None:
            self._recorder.line("rows.jsonl", row)
        self._recorder.line(
            "metrics.jsonl",
            {
                "sweep": k,
                "seconds_train": round(self.seconds_train, 6),
                "seconds_audit": round(self.seconds_audit, 6),
                "metric": self._scorer.metric if self._scorer else None,
                "score_compressed": self.scores[0],
                "score_uncompressed": self.scores[1],
                "v_residual": self.probe.take(),
            },
        )
        self._recorder.state(k, state)

    def progress(self, k: int, sweeps: int, row: dict[str, Any] | None) -> Progress:
        return Progress(
            sweep=k,
            sweeps=sweeps,
            objective=None if row is None else row["after"]["total"],
            metric=self._scorer.metric if self._scorer else "",
            score=self.scores[0],
            rises=self.rises,
        )


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
