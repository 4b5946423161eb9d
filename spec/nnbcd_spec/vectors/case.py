"""A question to the specification, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nnbcd_spec.vectors import encode

Outputs = Mapping[str, Any]
"""The new tensors of a block by name; Z's is a tuple of factors."""


@dataclass(frozen=True)
class Case:
    """Exact operands of one block update.

    ``member`` is the activation, loss or compression as in ``problem.json`` (empty for the plain
    blocks), ``inputs`` and ``penalties`` are keyed by the parameters of the update.
    """

    block: str
    member: Mapping[str, Any]
    inputs: Mapping[str, Any]
    penalties: Mapping[str, Any]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The outputs that the rules prefer, all the minimisers, and the value where it is the least.

    ``others`` are the minimisers besides ``outputs``; ``continuum`` says that they are infinitely
    many.  ``required``: the preferred one can be demanded of a binary computation.
    """

    outputs: Outputs
    value: Any = None
    others: tuple[Outputs, ...] = ()
    continuum: bool = False
    required: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why a case is outside the domain; ``where`` names what refuses it."""

    where: str
    why: str


@dataclass(frozen=True)
class Vector:
    """A case with its answer or refusal."""

    case: Case
    source: str
    answer: Answer | None = None
    refusal: Refusal | None = None

    @property
    def result(self) -> str:
        """``exact``, ``tie`` or ``reject``."""
        if self.answer is None:
            return "reject"
        return "tie" if self.answer.others or self.answer.continuum else "exact"

    def to_json(self, name: str) -> dict[str, Any]:
        """The vector under the id ``name``, as docs/VECTORS.md says."""
        case = self.case
        obj: dict[str, Any] = {
            "id": name,
            "block": case.block,
            "result": self.result,
            "flags": list(case.flags),
            "member": encode.member(dict(case.member)),
            "penalties": {key: encode.number(x) for key, x in case.penalties.items()},
            "inputs": {key: encode.array(x) for key, x in case.inputs.items()},
        }
        if self.refusal is not None:
            obj["refused"] = {"where": self.refusal.where, "why": self.refusal.why}
        if self.answer is not None:
            obj |= answered(self.answer)
        return obj | {"source": self.source}


def answered(answer: Answer) -> dict[str, Any]:
    """The part of a vector that says what is right."""
    obj: dict[str, Any] = {"outputs": _outputs(answer.outputs)}
    if answer.value is not None:
        obj["value"] = encode.number(answer.value)
    if answer.continuum:
        obj |= {"minimisers": "continuum", "preferred_required": False}
    elif answer.others:
        every = [_outputs(other) for other in (answer.outputs, *answer.others)]
        obj |= {"minimisers": every, "preferred_required": answer.required}
    return obj


def _outputs(outputs: Outputs) -> dict[str, Any]:
    return {name: encode.array(x) for name, x in outputs.items()}
