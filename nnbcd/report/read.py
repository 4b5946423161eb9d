"""The JSON files of a run folder, taken as they are: any of them may be missing or odd."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class RunFiles:
    """What a run folder holds; ``None`` or empty where a file is not there.

    ``notes`` says in words which files are missing, or could not be read and why.
    """

    problem: Record | None
    run: Record | None
    certificate: Record | None
    rows: tuple[Record, ...]
    metrics: tuple[Record, ...]
    notes: tuple[str, ...]


def read_run(folder: Path) -> RunFiles:
    """Read what is there."""
    notes: list[str] = []
    return RunFiles(
        problem=_record(folder / "problem.json", notes, "what was minimised is not shown"),
        run=_record(folder / "run.json", notes, "sizes, times and settings are not shown"),
        certificate=_record(
            folder / "certificate.json", notes, "this run has not been judged by the auditor"
        ),
        rows=_lines(folder / "rows.jsonl", notes, "there are no audited figures to plot"),
        metrics=_lines(folder / "metrics.jsonl", notes, "scores by sweep are not shown"),
        notes=tuple(notes),
    )


def read_record(path: Path) -> Record | None:
    """A JSON object from a file, or ``None``."""
    return _record(path, [], "")


def number(value: Any) -> float:
    """A finite or infinite float; NaN for anything that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def mapping(value: Any) -> Record:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: Any) -> tuple[Record, ...]:
    """The objects in a JSON list; anything else is left out."""
    return tuple(v for v in value if isinstance(v, dict)) if isinstance(value, list) else ()


def _record(path: Path, notes: list[str], consequence: str) -> Record | None:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        notes.append(f"{path.name} is missing: {consequence}.")
        return None
    except (OSError, ValueError, RecursionError) as error:
        notes.append(f"{path.name} cannot be read ({error}): {consequence}.")
        return None
    if not isinstance(value, dict):
        notes.append(f"{path.name} holds no JSON object: {consequence}.")
        return None
    return value


def _lines(path: Path, notes: list[str], consequence: str) -> tuple[Record, ...]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        notes.append(f"{path.name} is missing: {consequence}.")
        return ()
    except OSError as error:
        notes.append(f"{path.name} cannot be read ({error}): {consequence}.")
        return ()
    found: list[Record] = []
    bad = 0
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            found.append(value)
        else:
            bad += 1
    if bad:
        notes.append(f"{path.name}: {bad} of {bad + len(found)} lines are no JSON objects.")
    if not found:
        notes.append(f"{path.name} is empty: {consequence}.")
    return tuple(found)
