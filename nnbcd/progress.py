"""Progress bars, or plain lines where there is no terminal; nothing here is evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Progress:
    """What there is to say after a sweep.

    Attributes:
        sweep: how many sweeps are done, of ``sweeps``.
        objective: the lifted objective; ``None`` without an audit.
        metric: ``"accuracy"`` or ``"r2"``; empty without data to score on.
        score: of the COMPRESSED network.
        rises: how many refutations the audit has seen so far.
    """

    sweep: int
    sweeps: int
    objective: float | None = None
    metric: str = ""
    score: float | None = None
    rises: int = 0


@contextmanager
def sweep_progress(
    total: int | None, title: str, enabled: bool = True, *, console: Console | None = None
) -> Iterator[Callable[[Progress], None]]:
    """A function to call after each sweep; shows a bar, or a line every tenth of the way.

    Writes to standard error unless given a console; writes nothing where not ``enabled``.
    """
    with _steps(total, title, enabled, console) as show:
        yield lambda progress: show(progress.sweep, describe(progress), progress.sweeps)


@contextmanager
def track(
    total: int | None, title: str, enabled: bool = True, *, console: Console | None = None
) -> Iterator[Callable[[int, int], None]]:
    """A function ``(done, total)`` to call after each step of an audit; ``total`` may be late."""
    with _steps(total, title, enabled, console) as show:
        yield lambda done, of: show(done, "", of)


def describe(progress: Progress) -> str:
    """``objective 1.234e+02  accuracy 0.975  2 refuted``, leaving out what is not known."""
    parts = []
    if progress.objective is not None:
        parts.append(f"objective {progress.objective:.3e}")
    if progress.score is not None:
        parts.append(f"{progress.metric or 'score'} {progress.score:.3f}")
    if progress.rises:
        parts.append(f"{progress.rises} refuted")
    return "  ".join(parts)


@contextmanager
def _steps(
    total: int | None, title: str, enabled: bool, console: Console | None
) -> Iterator[Callable[..., None]]:
    if not enabled:
        yield lambda *_: None
        return
    if console is None:
        from rich.console import Console as Terminal

        console = Terminal(stderr=True)
    if console.is_terminal:
        with _bar(total, title, console) as show:
            yield show
    else:
        yield _Lines(total, title, console)


@contextmanager
def _bar(total: int | None, title: str, console: Console) -> Iterator[Callable[..., None]]:
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(escape(title)),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task(title, total=total, words="")

        def show(done: int, words: str, of: int | None = None) -> None:
            bar.update(task, completed=done, words=words, total=of or total)

        yield show


class _Lines:
    """A plain line at the first step, then every tenth of the way and at the end."""

    def __init__(self, total: int | None, title: str, console: Console) -> None:
        self._total, self._title, self._console = total, title, console
        self._tenth = -1
        self._first: tuple[int, float] | None = None  # what came before it is no sweep

    def __call__(self, done: int, words: str, of: int | None = None) -> None:
        total = of or self._total or 0
        now = time.monotonic()
        first, began = self._first = self._first or (done, now)
        tenth = 10 * done // total if total else done // 100
        if tenth <= self._tenth and done != total:
            return
        self._tenth = tenth
        left = ""
        if first < done < total:
            left = f"{(now - began) / (done - first) * (total - done):.0f} s left"
        parts = [f"{self._title}: {done}/{total or '?'}", words, left]
        self._console.print(
            "  ".join(part for part in parts if part), markup=False, highlight=False, soft_wrap=True
        )
