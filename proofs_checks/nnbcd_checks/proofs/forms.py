"""The shipped scalar forms as source text, and the wrong variants made of it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

FILES = ("choice", "mean", "piecewise", "margins", "code")


@dataclass(frozen=True)
class Mutant:
    """One change of one file: ``old`` becomes ``new``; ``fault`` says what that is.

    ``claim``: the only claim that is to be broken by it; ``None`` is any.
    """

    file: str
    old: str
    new: str
    fault: str
    claim: str | None = None


class Forms:
    """The functions of `nnbcd.scalar`, as shipped or with one change in their source."""

    def __init__(self, mutant: Mutant | None = None) -> None:
        self.mutant = mutant
        found: dict[str, Any] = {}
        for name in FILES:
            text = source(name)
            if mutant is not None and mutant.file == name:
                text = changed(text, mutant)
            module = types.ModuleType(f"nnbcd.scalar.{name}")
            # The changed piecewise form must use the changed choice.
            text = text.replace("from nnbcd.scalar.choice import choose\n", "")
            module.__dict__["choose"] = found.get("choose")
            exec(compile(text, f"{name}.py", "exec"), module.__dict__)
            found |= _own(module.__dict__)
        self.choose, self.candidate = found["choose"], found["_candidate"]
        self.piece, self.piecewise_prox = found["Piece"], found["piecewise_prox"]
        self.weighted_mean, self.nearest_code = found["weighted_mean"], found["nearest_code"]
        self.nearest_scale = found["nearest_scale"]
        self.hinge_prox, self.huber_prox = found["hinge_prox"], found["huber_prox"]
        self.squared_prox = found["squared_prox"]
        self.squared_hinge_prox = found["squared_hinge_prox"]


def _own(names: Mapping[str, Any]) -> dict[str, Any]:
    wanted = (
        "choose", "_candidate", "Piece", "piecewise_prox", "weighted_mean", "nearest_code",
        "nearest_scale", "hinge_prox", "huber_prox", "squared_prox", "squared_hinge_prox",
    )  # fmt: skip
    return {name: names[name] for name in wanted if names.get(name) is not None}


def changed(text: str, mutant: Mutant) -> str:
    """The text with the change made; `ValueError` unless its place is unique."""
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"{mutant.file}.py: {mutant.old!r} stands there {text.count(mutant.old)} times"
        )
    return text.replace(mutant.old, mutant.new)


def source(name: str) -> str:
    """The text of ``nnbcd/scalar/{name}.py`` as installed."""
    return (resources.files("nnbcd.scalar") / f"{name}.py").read_text("utf-8")
