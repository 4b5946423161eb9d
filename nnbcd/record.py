"""Writing a run folder (docs/TRACE.md): every file whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nnbcd.files import write_bytes, write_json, write_text
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.sweep import Data

CONSECUTIVE = 10
"""So many first sweeps are kept in full; later ones as pairs at 20, 50, 100, 200, 500, ..."""


class Recorder:
    """Keeps states in consecutive pairs, and the lines of ``rows.jsonl`` and ``metrics.jsonl``.

    Lines are written out with each pair and at the end, so that a killed run is still readable up
    to its last pair.
    """

    def __init__(self, folder: Path, problem: Problem, data: Data) -> None:
        self._folder, self._problem = folder, problem
        self._lines: dict[str, list[str]] = {"rows.jsonl": [], "metrics.jsonl": []}
        self._previous: tuple[int, State] | None = None
        (folder / "states").mkdir(parents=True, exist_ok=True)
        write_json(folder / "problem.json", problem.to_json())
        _save(folder / "data.safetensors", data.tensors(), sweep=None)

    def state(self, k: int, state: State) -> None:
        """Keep the state after sweep ``k`` if it belongs to a pair."""
        if k <= CONSECUTIVE or _spaced(k):
            self._pair(k, state)
        self._previous = (k, state)

    def line(self, name: str, record: Mapping[str, Any]) -> None:
        """Add one line to ``rows.jsonl`` or ``metrics.jsonl``."""
        self._lines[name].append(json.dumps(record, allow_nan=False))

    def finish(self, k: int, previous: State | None, last: State) -> None:
        """Keep the last pair and write all lines."""
        self._previous = None if previous is None else (k - 1, previous)
        self._pair(k, last)

    def _pair(self, k: int, state: State) -> None:
        if self._previous is not None:
            self._write(*self._previous)
        self._write(k, state)
        for name, lines in self._lines.items():
            write_text(self._folder / name, "".join(line + "\n" for line in lines))

    def _write(self, k: int, state: State) -> None:
        path = self._folder / "states" / f"{k:06d}.safetensors"
        if not path.exists():
            _save(path, state.tensors(self._problem), sweep=k)


def _spaced(k: int) -> bool:
    leading = str(k).rstrip("0")
    return leading in {"1", "2", "5"}


def _save(path: Path, tensors: Mapping[str, Tensor], *, sweep: int | None) -> None:
    from safetensors.torch import save

    metadata = {"format": "nnbcd-trace", "version": "1"}
    if sweep is not None:
        metadata["sweep"] = str(sweep)
    # clone: safetensors refuses tensors that share memory (U and V of a forward start do).
    whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_bytes(path, save(whole, metadata=metadata))
