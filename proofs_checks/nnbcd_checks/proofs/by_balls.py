"""The steps without a closed form, certified by enclosures on recorded problems."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from nnbcd_checks.proofs import duals, enclosures
from nnbcd_checks.proofs.catalogue import ENCLOSED
from nnbcd_checks.proofs.record import FOLDER, Kills, Record, Tick, sha

SHIPPED = {
    "tanh": ("scalar/tanh.py", "scalar/root.py", "scalar/choice.py"),
    "sigmoid": ("scalar/tanh.py", "scalar/root.py", "scalar/choice.py"),
    "logistic": ("scalar/margins.py", "scalar/root.py"),
    "cross_entropy": ("losses/cross_entropy.py",),
    "weston_watkins": ("losses/weston_watkins.py",),
    "crammer_singer": ("losses/crammer_singer.py",),
}
"""What recorded outputs are of: another source asks for a new record."""


def steps(*, mutants: bool) -> int:
    """How often `records` tells that it goes on."""
    return (2 if mutants else 1) * len(ENCLOSED)


def records(tick: Tick, kills: Kills, *, mutants: bool) -> Iterator[Record]:
    """The claims of `ENCLOSED`, certified anew."""
    found = enclosures.check()
    for record in ENCLOSED.values():
        (member,) = record.covers
        began = time.perf_counter()
        if member in duals.MEMBERS:
            cases = duals.recorded(member)
            holds = bool(cases) and all(duals.judge(case).certified for case in cases)
            seconds, checker = time.perf_counter() - began, "fractions"
        else:
            holds, seconds, checker = found[member].holds, found[member].seconds, "arb"
        tick()
        if mutants:
            _variants(record, member, kills)
            tick()
        text = (resources.files("nnbcd_checks.proofs") / "recorded" / f"{member}.json").read_text(
            "utf-8"
        )
        yield replace(
            record,
            artefact=f"{FOLDER}/recorded/{member}.json",
            sha256=sha(text),
            source_sha256=shipped(member),
            checkers=(checker,),
            status="enclosure" if holds else "failed",
            seconds=round(seconds, 2),
            mutants_refuted=kills.dead[record.id],
        )


def shipped(member: str) -> str:
    """The hash of the solver's files that make a member's step."""
    root = resources.files("nnbcd")
    return sha("".join(root.joinpath(path).read_text("utf-8") for path in SHIPPED[member]))


def _variants(record: Record, member: str, kills: Kills) -> None:
    """Wrong steps, each of which one recorded case at least must refuse."""
    if member in duals.MEMBERS:
        cases = duals.recorded(member)
        for fault in duals.WRONG:
            kills.note(record.id if duals.refused(fault, cases) else None, (member, fault))
        return
    shipped = enclosures.recorded(member)
    for wrong in enclosures.WRONG:
        if member in wrong.members:
            dead = enclosures.refused(wrong, member, shipped)
            kills.note(record.id if dead else None, (member, wrong.fault))
