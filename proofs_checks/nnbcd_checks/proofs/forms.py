"""The shipped scalar forms as source text, and the wrong variants made of it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

FILES = ("choice", "piecewise", "margins")


@dataclass(frozen=True)
class Mutant:
    """One change of one shipped file: ``old`` becomes ``new``; ``fault`` says what that is."""

    file: str
    old: str
    new: str
    fault: str


class Forms:
    """The functions of `nnbcd.scalar`, as shipped or with one change in their source."""

    def __init__(self, mutant: Mutant | None = None) -> None:
        self.mutant = mutant
        found: dict[str, Any] = {}
        for name in FILES:
            text = source(name)
            if mutant is not None and mutant.file == name:
                if text.count(mutant.old) != 1:
                    raise ValueError(
                        f"{name}.py: {mutant.old!r} stands there {text.count(mutant.old)} times"
                    )
                text = text.replace(mutant.old, mutant.new)
            module = types.ModuleType(f"nnbcd.scalar.{name}")
            # The changed piecewise form must use the changed choice.
            text = text.replace("from nnbcd.scalar.choice import choose\n", "")
            module.__dict__["choose"] = found.get("choose")
            exec(compile(text, f"{name}.py", "exec"), module.__dict__)
            found |= _own(module.__dict__)
        self.choose, self.candidate = found["choose"], found["_candidate"]
        self.piece, self.piecewise_prox = found["Piece"], found["piecewise_prox"]
        self.hinge_prox, self.huber_prox = found["hinge_prox"], found["huber_prox"]


def _own(names: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("choose", "_candidate", "Piece", "piecewise_prox", "hinge_prox", "huber_prox")
    return {name: names[name] for name in wanted if names.get(name) is not None}


def source(name: str) -> str:
    """The text of ``nnbcd/scalar/{name}.py`` as installed."""
    return (resources.files("nnbcd.scalar") / f"{name}.py").read_text("utf-8")
