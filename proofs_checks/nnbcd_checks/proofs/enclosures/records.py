"""Recorded steps of the solver: exact float inputs and the outputs it gave."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

from nnbcd_checks.proofs.enclosures.activations import SHAPES, ActivationStep
from nnbcd_checks.proofs.enclosures.losses import LogisticStep
from nnbcd_checks.proofs.enclosures.softmax import CrossEntropyStep

ActivationOrLoss = ActivationStep | LogisticStep | CrossEntropyStep
_U = ("v", "pre", "u_old", "gamma", "rho", "alpha")
COLUMNS: dict[str, tuple[str, ...]] = {
    "tanh": _U,
    "sigmoid": _U,
    "logistic": ("y", "u", "v_old", "gamma", "alpha", "weight"),
    "cross_entropy": ("label", "u", "v_old", "gamma", "alpha", "weight"),
}
"""The inputs of a case of each member; its group stands before them, its output after them."""
_POSITIVE = ("gamma", "rho", "weight")


@dataclass(frozen=True)
class Case:
    """One step: what kind of case it is, the problem, and the solver's output."""

    member: str
    group: str
    step: ActivationOrLoss
    output: tuple[float, ...]


def recorded(member: str) -> list[Case]:
    """The cases that are shipped with this package."""
    name = f"{member}.json"
    text = (resources.files("nnbcd_checks.proofs") / "recorded" / name).read_text("utf-8")
    return cases_from(json.loads(text), name)


def cases_from(record: Any, where: str = "record") -> list[Case]:
    """The cases of a record; ``ValueError``, beginning with ``where``, for anything malformed."""
    if not isinstance(record, Mapping) or record.get("member") not in COLUMNS:
        raise ValueError(f"{where}: its member is none of {', '.join(COLUMNS)}")
    member, wanted = record["member"], ["group", *COLUMNS[record["member"]], "output"]
    if record.get("dtype") != "float64" or record.get("columns") != wanted:
        raise ValueError(f"{where}: dtype is not float64, or columns are not {', '.join(wanted)}")
    rows = record.get("cases")
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{where}: no cases")
    return [_case(member, row, f"{where}, case {i}") for i, row in enumerate(rows)]


def _case(member: str, row: Any, where: str) -> Case:
    names = COLUMNS[member]
    if not isinstance(row, list) or len(row) != len(names) + 2 or not isinstance(row[0], str):
        raise ValueError(f"{where}: not a list of a group, {', '.join(names)} and an output")
    group, *inputs, output = row
    given = dict(zip(names, inputs, strict=True))
    read = partial(_rows if member == "cross_entropy" else _numbers, where=where)
    step = _STEPS[member](read(given, output), where)
    return Case(member, group, step, tuple(output) if isinstance(output, list) else (output,))


def _numbers(given: dict[str, Any], output: Any, where: str) -> dict[str, Any]:
    for name, x in {**given, "output": output}.items():
        _number(name, x, where)
    return given


def _rows(given: dict[str, Any], output: Any, where: str) -> dict[str, Any]:
    rows = {"u": given["u"], "v_old": given["v_old"], "output": output}
    sizes = {len(x) if isinstance(x, list) else 0 for x in rows.values()}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError(f"{where}: u, v_old and output are not three lists of one length >= 2")
    for name, numbers in rows.items():
        for x in numbers:
            _number(name, x, where)
    label = given["label"]
    if type(label) is not int or not 0 <= label < len(output):
        raise ValueError(f"{where}: label is {label!r}, not one of 0 to {len(output) - 1}")
    for name in ("gamma", "alpha", "weight"):
        _number(name, given[name], where)
    return {**given, "u": tuple(given["u"]), "v_old": tuple(given["v_old"])}


def _number(name: str, x: Any, where: str) -> None:
    if type(x) is not float or not math.isfinite(x):
        raise ValueError(f"{where}: {name} is {x!r}, not a finite float")
    if (name in _POSITIVE and x <= 0) or (name == "alpha" and x < 0):
        raise ValueError(f"{where}: {name} is {x!r}, too small")


def _logistic(given: Mapping[str, Any], where: str) -> LogisticStep:
    if given["y"] not in (-1, 1):
        raise ValueError(f"{where}: y is {given['y']!r}, not -1 or 1")
    return LogisticStep(**given)


_STEPS: dict[str, Callable[[Mapping[str, Any], str], ActivationOrLoss]] = {
    "tanh": lambda given, _: ActivationStep(SHAPES["tanh"], **given),
    "sigmoid": lambda given, _: ActivationStep(SHAPES["sigmoid"], **given),
    "logistic": _logistic,
    "cross_entropy": lambda given, _: CrossEntropyStep(**given),
}


def to_json(member: str, rows: Sequence[Sequence[Any]]) -> str:
    """The record of such rows as text: one case a line, floats by their shortest names."""
    head = {"member": member, "dtype": "float64", "columns": ["group", *COLUMNS[member], "output"]}
    lines = ",\n".join(json.dumps(list(row)) for row in rows)
    return json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
