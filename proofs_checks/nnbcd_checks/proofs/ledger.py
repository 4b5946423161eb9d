"""The ledger: what is claimed, by what it is proved, and what is only tested or assumed.

Statuses are written by `run` alone.  A claim with dependencies has the weakest status among its
own and theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nnbcd_checks.proofs import by_balls, by_kernel, by_solvers, by_words
from nnbcd_checks.proofs.catalogue import CERTIFICATE, COMPOSED, THEOREMS, UNPROVED
from nnbcd_checks.proofs.record import Kills, Record, committed, composed

Progress = Callable[[int, int], None]
ROOMS = (by_solvers, by_words, by_balls)
"""Each proves its own claims from the shipped source."""
VARIANTS = Record(
    "wrong-variants",
    "No checker accepts a wrong variant of what it checked.",
    "real",
    "one change of the source at a time, by stated operators",
    status="tested-only",
)


def run(
    *, mutants: bool = True, kernel: bool = True, progress: Progress | None = None
) -> tuple[Record, ...]:
    """Prove everything, and refute the wrong variants; ``progress`` is told (done, in all).

    ``kernel``: also check the theorems again that Coq has checked before.
    """
    total, done = 1 + sum(room.steps(mutants=mutants) for room in ROOMS), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    kills, before = Kills(), {record.id: record for record in committed()}
    proved = [
        *by_solvers.records(tick, kills, mutants=mutants),
        *by_words.records(tick, kills, mutants=mutants),
        *by_balls.records(tick, kills, mutants=mutants),
        *by_kernel.records(tick, again=kernel, before=before),
    ]
    status = "failed" if kills.survivors else VARIANTS.status
    variants = replace(VARIANTS, status=status, checked=mutants, mutants_refuted=kills.dead.total())
    return composed((*proved, *UNPROVED, *COMPOSED, *THEOREMS, *CERTIFICATE, variants))
