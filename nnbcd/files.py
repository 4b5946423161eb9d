"""Files written whole or not at all, and output folders that are never someone else's."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nnbcd.errors import InputError

RUN_FILES = (
    "problem.json",
    "data.safetensors",
    "rows.jsonl",
    "metrics.jsonl",
    "certificate.json",
    "model.safetensors",
    "run.json",
    "report.html",
)
"""What a run folder holds beside ``states/``; nothing else is ever removed."""

DEMO_FILES = ("summary.json", "report.html")
"""What a demo folder holds beside its run folders."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` so that ``path`` holds the old content or the new, never a part.

    The bytes go to a new file in the same folder, reach the disk, and take the place of ``path``
    in one step; on any failure that new file is removed and ``path`` is as it was.

    Raises:
        OSError: the folder is missing, not writable or full.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with newlines as they stand, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all.

    Raises:
        ValueError: a NaN or an infinity, which JSON cannot say; use ``None``.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def claim_folder(path: Path, overwrite: bool = False) -> Path:
    """Make ``path`` an empty place to write to, and return it.

    A folder that exists and is not empty is refused, unless ``overwrite`` is set and it carries
    our marker: then our own files are removed, and whatever else lies there stays.

    Raises:
        InputError: the place is taken, or is not a folder.
    """
    if path.is_symlink() and not path.exists():
        raise InputError(f"{path}: a link that leads nowhere; choose another output folder")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: a file of this name exists; choose another output folder")
    if path.is_dir() and any(path.iterdir()):
        _clear(path, overwrite)
    path.mkdir(parents=True, exist_ok=True)
    return path


def is_run_folder(path: Path) -> bool:
    """Whether ``path`` holds a ``problem.json`` in the trace format."""
    return bool(_field(path / "problem.json", "format") == "nnbcd-trace")


def is_demo_folder(path: Path) -> bool:
    """Whether ``path`` holds a ``summary.json`` of a demo."""
    return bool(_field(path / "summary.json", "schema") == "nnbcd-summary")


def _clear(path: Path, overwrite: bool) -> None:
    ours = is_run_folder(path) or is_demo_folder(path)
    if not ours:
        raise InputError(
            f"{path}: the folder is not empty and was not written by nnbcd, so nothing in it is "
            "overwritten; choose another output folder"
        )
    if not overwrite:
        raise InputError(
            f"{path}: an earlier result is here; choose another output folder, or say --overwrite "
            "(overwrite = true under [run])"
        )
    if is_demo_folder(path):
        _clear_demo(path)
    if is_run_folder(path):
        _clear_run(path)


def _clear_demo(path: Path) -> None:
    for child in sorted(path.iterdir()):
        if child.is_dir() and not child.is_symlink() and is_run_folder(child):
            _clear_run(child)
            with contextlib.suppress(OSError):  # something of the user's lies in it
                child.rmdir()
    _unlink(path, reversed(DEMO_FILES))


def _clear_run(path: Path) -> None:
    """Remove the files of a run; the marker goes last, so that a stopped removal can go on."""
    states = path / "states"
    if states.is_dir() and not states.is_symlink():
        for state in states.glob("[0-9]*.safetensors"):
            state.unlink()
        with contextlib.suppress(OSError):
            states.rmdir()
    _unlink(path, reversed(RUN_FILES))


def _unlink(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        file = folder / name
        if file.is_file() or file.is_symlink():
            file.unlink()


def _field(path: Path, key: str) -> Any:
    """One top-level field of a JSON file; ``None`` where there is none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value.get(key) if isinstance(value, dict) else None
