"""The theorems that Coq's kernel checks, where Coq is at hand and wished for.

Else a theorem keeps the standing of the committed ledger as long as its source is the
one that was checked then, and its record says that it was not checked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from nnbcd_checks.proofs.coq import check
from nnbcd_checks.proofs.record import FOLDER, Record, Tick, sha

METHOD = "Coq: coqc, coqchk; no axioms but those of Coq's real numbers"


def records(tick: Tick, *, again: bool, before: Mapping[str, Record]) -> Iterator[Record]:
    """Every theorem of the folder; ``before``: the committed ledger's records.

    ``again``: check them anew, where Coq is at hand.
    """
    proved: dict[str, check.Proved] | None = None
    if again and check.installed():
        try:
            proved = {theorem.id: theorem for theorem in check.check()}
        except check.UnprovedError:
            proved = {}
    tick()
    sources = _sources(check.HERE)
    for file, listed in check.THEOREMS.items():
        for theorem, statement in listed.items():
            record = Record(
                f"coq/{theorem}", statement, "real", METHOD, artefact=f"{FOLDER}/coq/{file}.v",
                sha256=sources[file], checkers=("coqc", "coqchk"), status="failed",
            )  # fmt: skip
            yield _kept(record, before) if proved is None else _found(record, proved.get(theorem))


def _found(record: Record, theorem: check.Proved | None) -> Record:
    if theorem is None:
        return record
    return replace(record, status="kernel", seconds=theorem.seconds, hypotheses=theorem.axioms)


def _kept(record: Record, before: Mapping[str, Record]) -> Record:
    old = before.get(record.id)
    if old is None or old.sha256 != record.sha256 or old.statement != record.statement:
        return replace(record, checked=False)
    return replace(old, checked=False)


def _sources(folder: Path) -> dict[str, str]:
    """The hash of each file with all that it may rest on: the files before it."""
    found, text = {}, ""
    for file in check.THEOREMS:
        text += (folder / f"{file}.v").read_text("utf-8")
        found[file] = sha(text)
    return found
