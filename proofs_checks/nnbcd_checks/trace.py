"""Reading a run folder (trace format, version 1): everything is checked before it is used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnbcd_checks.errors import TraceError
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import Row
from nnbcd_checks.schema import parse_json
from nnbcd_checks.tensor_file import read_tensors

MOST_JSON = 1 << 24
STATE_NAME = re.compile(r"([0-9]{6,9})\.safetensors")


@dataclass(frozen=True)
class Run:
    """A run folder: what was claimed, the data, and the states and rows that were kept."""

    root: Path
    problem: Problem
    sweeps: tuple[int, ...]

    @cached_property
    def data(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        """X (n, d_0), Y (n, d_N) and, of a weighted loss, S (n,), of the problem's dtype."""
        problem, path = self.problem, _inside(self.root, "data.safetensors")
        shapes = problem.data_shapes()
        found = read_tensors(path, "data.safetensors", shapes, problem.dtype, None)
        return found["X"], found["Y"], found.get("S")

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The recorded rows, of sweeps 1, 2, ... without a gap; empty if there are none."""
        if not (self.root / "rows.jsonl").exists():
            return ()
        rows: list[Row] = []
        for number, text in _lines(_inside(self.root, "rows.jsonl")):
            where = f"rows.jsonl line {number}"
            row = Row.from_json(_object(text, where), where)
            if row.sweep != len(rows) + 1:
                raise TraceError(
                    f"{where}: given sweep {row.sweep}; allowed: {len(rows) + 1}, no sweep missing"
                )
            rows.append(row)
        return tuple(rows)

    def load(self, k: int) -> dict[str, NDArray[Any]]:
        """The state after sweep ``k``; `TraceError` if it was not kept or does not fit."""
        if k not in self.sweeps:
            raise TraceError(f"states: sweep {k} is missing; stored: {list(self.sweeps)[:20]}")
        name = f"states/{k:06d}.safetensors"
        path = _inside(self.root, name)
        return read_tensors(path, name, self.problem.shapes(), self.problem.dtype, k)


def read_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; reads ``problem.json`` and the list of states, nothing large."""
    root = Path(path)
    if not root.is_dir():
        raise TraceError(f"{root}: not a folder")
    text = _text(_inside(root, "problem.json"), "problem.json")
    problem = Problem.from_json(_object(text, "problem.json"))
    return Run(root, problem, _stored(root))


def _stored(root: Path) -> tuple[int, ...]:
    folder = root / "states"
    if not folder.exists():
        return ()
    found = []
    for entry in sorted(_inside(root, "states", folder=True).iterdir()):
        if entry.name.startswith("."):
            continue
        match = STATE_NAME.fullmatch(entry.name)
        if match is None or f"{int(match[1]):06d}" != match[1]:
            raise TraceError(f"states/{entry.name}: not a state's name, such as 000012.safetensors")
        found.append(int(match[1]))
    return tuple(sorted(found))


def _inside(root: Path, name: str, *, folder: bool = False) -> Path:
    """The existing plain file (or folder) ``name`` of the run; nothing that leads elsewhere."""
    path = root / name
    try:
        real, home = path.resolve(strict=True), root.resolve(strict=True)
    except (OSError, RuntimeError):
        raise TraceError(f"{name}: missing") from None
    if not real.is_relative_to(home):
        raise TraceError(f"{name}: leads out of the run folder, to {real}")
    if not (real.is_dir() if folder else real.is_file()):
        raise TraceError(f"{name}: not a {'folder' if folder else 'plain file'}")
    return real


def _text(path: Path, where: str) -> str:
    try:
        if path.stat().st_size > MOST_JSON:
            raise TraceError(f"{where}: larger than {MOST_JSON} bytes")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{where}: cannot be read: {error}") from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number in range(1, 1 << 40):
                text = file.readline(MOST_JSON)
                if not text:
                    return
                if not text.endswith("\n"):
                    raise TraceError(f"rows.jsonl line {number}: cut off, or too long")
                yield number, text
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"rows.jsonl: cannot be read: {error}") from None


def _object(text: str, where: str) -> dict[str, Any]:
    found = parse_json(text, where)
    if not isinstance(found, dict):
        raise TraceError(f"{where}: given {type(found).__name__}; allowed: an object")
    return found
