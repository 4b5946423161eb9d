"""From a TOML file to a ``Config``, or to one line for each thing that is wrong."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from nnbcd.config.models import Config
from nnbcd.config.table import nearest
from nnbcd.errors import InputError

PATHS = (("data", "path"), ("data", "data_dir"), ("network", "weights"), ("run", "out"))
"""Keys that hold paths: relative ones count from the folder of the file."""


def load_config(path: Path) -> Config:
    """Read a TOML configuration; relative paths in it count from its own folder.

    Without ``run.name`` the run is named after the file; without ``run.out`` it goes to
    ``runs/NAME`` beside the file.

    Raises:
        InputError: one line for each problem: file, key, what was given, what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(_syntax(path, text, str(error))) from error
    run = given.setdefault("run", {})
    if isinstance(run, dict):
        name = run.setdefault("name", path.stem)
        run.setdefault("out", str(Path("runs") / str(name).replace("/", "-")))
    return _resolve(parse_config(given, source=str(path)), path.resolve().parent)


def parse_config(given: Mapping[str, Any], *, source: str = "configuration") -> Config:
    """Check the tables of a configuration.

    Raises:
        InputError: one line for each problem, each starting with ``source``.
    """
    try:
        # By way of JSON, pydantic is strict about kinds but takes lists and text for paths.
        return Config.model_validate_json(json.dumps(given, default=str))
    except ValidationError as error:
        lines = [line for one in error.errors() for line in _explain(one)]
        raise InputError("\n".join(f"{source}: {line}" for line in _merge(lines))) from error


def _merge(lines: Sequence[str]) -> list[str]:
    """One line for each thing given, where a union of kinds has complained once a kind."""
    allowed: dict[str, list[str]] = {}
    for line in lines:
        given, _, text = line.partition("; allowed: ")
        allowed.setdefault(given, []).append(text)
    return [
        given + ("; allowed: " + " or ".join(dict.fromkeys(texts)) if any(texts) else "")
        for given, texts in allowed.items()
    ]


def _explain(error: Any) -> list[str]:
    key = _key(error["loc"])
    if error["type"] == "extra_forbidden":
        return [f"{key}: unknown key; {_nearest(error['loc'])}"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        what = "table" if len(error["loc"]) == 1 else "key"
        return [f"{key}: this {what} is missing"]
    if error["type"] == "value_error" and not message.startswith("Input should"):
        return message.splitlines()
    allowed = re.sub(r"^(Input|\w+) should (be|have) ", "", message)
    if error["type"] == "model_type":
        allowed = f"a table [{key}]"
    return [f"{key}: given {_show(error['input'])}; allowed: {allowed}"]


def _key(loc: Sequence[str | int]) -> str:
    """``("compression", "nonzeros", 1)`` as ``compression.nonzeros[1]``; union branches left."""
    text = ""
    for place, part in enumerate(loc):
        if isinstance(part, int):
            text += f"[{part}]"
        elif place < 2:
            text += f".{part}" if text else part
    return text


def _show(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(loc: Sequence[str | int]) -> str:
    """The known key nearest to an unknown one: in its table first, then in the others."""
    tables = {name: list(_table(name).model_fields) for name in Config.model_fields}
    if len(loc) == 1:
        name = str(loc[0])
        homes = [table for table, keys in tables.items() if name in keys]
        if homes:
            return f"did you mean it under {' or '.join(f'[{home}]' for home in homes)}?"
        return nearest(name, list(tables), "tables")
    table, key = str(loc[0]), str(loc[1])
    homes = [home for home, keys in tables.items() if key in keys]
    if homes:
        return f"did you mean it under {' or '.join(f'[{home}]' for home in homes)}?"
    return nearest(key, tables[table], "keys")


def _table(name: str) -> type[BaseModel]:
    kind = Config.model_fields[name].annotation
    assert isinstance(kind, type)
    assert issubclass(kind, BaseModel)
    return kind


def _syntax(path: Path, text: str, message: str) -> str:
    """TOML's own message, with file, line and column in front."""
    found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    if found:
        place, what = f"line {found[1]}, column {found[2]}", message[: found.start()]
    else:
        lines = text.splitlines() or [""]
        place = f"line {len(lines)}, column {len(lines[-1]) + 1}"
        what = message.replace(" (at end of document)", " at the end of the file")
    return f"{path}, {place}: not TOML: {what}"


def _resolve(config: Config, base: Path) -> Config:
    """The configuration with its relative paths made absolute from ``base``."""
    for table, key in PATHS:
        value = getattr(getattr(config, table), key)
        if value is not None:
            own = getattr(config, table).model_copy(update={key: base / value.expanduser()})
            config = config.model_copy(update={table: own})
    return config


def with_data_dir(config: Config, folder: Path) -> Config:
    """The configuration with another folder of data files.

    Raises:
        InputError: its data do not come from a folder.
    """
    if config.data.source != "mnist":
        raise InputError(
            f'--data-dir: given "{folder}"; allowed: with source "mnist" only, and this '
            f'configuration has source "{config.data.source}"'
        )
    data = config.data.model_copy(update={"data_dir": folder})
    return config.model_copy(update={"data": data})
