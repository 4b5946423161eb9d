"""The matrix blocks and the sweep's identities, proved by the checker of words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from nnbcd_checks.proofs import identities, theory
from nnbcd_checks.proofs.catalogue import MATRIX
from nnbcd_checks.proofs.forms import Mutant, changed
from nnbcd_checks.proofs.mutants import MUTANTS
from nnbcd_checks.proofs.record import FOLDER, Kills, Record, Tick, sha
from nnbcd_checks.proofs.words import SizeError

FILES = (*identities.SHIPPED, "theory")
OWN = tuple(mutant for mutant in MUTANTS if mutant.file in FILES)


def steps(*, mutants: bool) -> int:
    """How often `records` tells that it goes on."""
    return len(MATRIX) + (len(OWN) if mutants else 0)


def records(tick: Tick, kills: Kills, *, mutants: bool) -> Iterator[Record]:
    """The claims of `MATRIX`, proved anew."""
    for mutant in OWN if mutants else ():
        kills.note(refuted(mutant), mutant)
        tick()
    for name, record in MATRIX.items():
        began = time.perf_counter()
        found = equations(name)
        yield replace(
            record,
            artefact=f"{FOLDER}/{'theory' if name in theory.BUILDERS else 'identities'}.py",
            sha256=sha(_text("theory" if name in theory.BUILDERS else "identities")),
            source_sha256=_shipped(name),
            checkers=("words",),
            status="identity" if found and all(holds for *_, holds in found) else "failed",
            seconds=round(time.perf_counter() - began, 2),
            mutants_refuted=kills.dead[name],
        )
        tick()


def equations(claim: str, mutant: Mutant | None = None) -> list[tuple[str, str, bool]]:
    """Every equation of a claim: its name, its words, and whether it holds."""
    if claim in identities.BUILDERS:
        return list(identities.BUILDERS[claim](mutant))
    builders = theory.BUILDERS
    if mutant is not None:
        names: dict[str, object] = {"__name__": "changed"}
        exec(compile(changed(_text("theory"), mutant), "theory.py", "exec"), names)
        builders = names["BUILDERS"]  # type: ignore[assignment]  # of the same text but for a word
    return list(builders[claim]())


def refuted(mutant: Mutant) -> str | None:
    """The claim that a change breaks."""
    claims = theory.BUILDERS if mutant.file == "theory" else identities.BUILDERS
    for claim in claims:
        try:
            broken = not all(holds for *_, holds in equations(claim, mutant))
        except (
            SizeError,
            TypeError,
            NotImplementedError,
            IndexError,
        ):  # it asks what cannot be known
            broken = True
        if broken:
            return claim
    return None


def _text(module: str) -> str:
    return (resources.files("nnbcd_checks.proofs") / f"{module}.py").read_text("utf-8")


def _shipped(claim: str) -> str | None:
    file = identities.RUNS.get(claim)
    return None if file is None else sha(identities.shipped_text(file))
