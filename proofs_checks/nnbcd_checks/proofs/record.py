"""One claim of the ledger, and how the standing of claims that rest on others comes about."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from typing import Any

STATUSES = (
    "kernel",
    "two-solver",
    "identity",
    "enclosure",
    "one-solver",
    "tested-only",
    "assumed",
    "failed",
)
"""From the strongest down."""


@dataclass(frozen=True)
class Record:
    """One claim.

    ``covers``: the members whose step it is about.  ``sha256``: of the artefact;
    ``source_sha256``: of the shipped functions that it speaks about.  ``checked``: whether this
    run did so, or left what an earlier one found of the same artefact.
    """

    id: str
    statement: str
    semantics: str
    method: str
    hypotheses: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    artefact: str | None = None
    sha256: str | None = None
    source_sha256: str | None = None
    checkers: tuple[str, ...] = ()
    status: str = "assumed"
    checked: bool = True
    seconds: float = 0.0
    mutants_refuted: int = 0

    def to_json(self) -> dict[str, Any]:
        """The record as a JSON object."""
        found = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Record:
        """The record of a JSON object."""
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in found.items()
        }
        return cls(**fields)


def committed() -> tuple[Record, ...]:
    """The ledger that came with this version; needs none of the checkers."""
    text = (resources.files("nnbcd_checks.proofs") / "ledger.json").read_text("utf-8")
    return tuple(Record.from_json(claim) for claim in json.loads(text)["claims"])


def composed(records: Iterable[Record]) -> tuple[Record, ...]:
    """Each record with the weakest status of its own and its dependencies'.

    Dependencies come first.  Raises ``ValueError`` where one is missing or comes later.
    """
    by_id: dict[str, Record] = {}
    for record in records:
        unknown = [name for name in record.depends_on if name not in by_id]
        if unknown:
            raise ValueError(f"{record.id} depends on {', '.join(unknown)}, not listed before it")
        if record.id in by_id:
            raise ValueError(f"{record.id} is listed twice")
        parts = [record.status, *(by_id[name].status for name in record.depends_on)]
        by_id[record.id] = replace(record, status=max(parts, key=STATUSES.index))
    return tuple(by_id.values())


def weaker(now: Iterable[Record], before: Iterable[Record]) -> tuple[str, ...]:
    """The claims that have a weaker status now than before, or that are gone."""
    status = {record.id: record.status for record in now}
    return tuple(
        record.id
        for record in before
        if STATUSES.index(status.get(record.id, "failed")) > STATUSES.index(record.status)
    )


FOLDER = "proofs_checks/nnbcd_checks/proofs"
"""Where artefacts stand, from the repository's root."""
Tick = Callable[[], None]


@dataclass
class Kills:
    """Wrong variants refuted, by the claim they break, and those that nobody refuted."""

    dead: Counter[str] = field(default_factory=Counter)
    survivors: list[object] = field(default_factory=list)

    def note(self, claim: str | None, variant: object) -> None:
        """A wrong variant and the claim that it broke; ``None`` where all accept it."""
        if claim is None:
            self.survivors.append(variant)
        else:
            self.dead[claim] += 1


def sha(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
