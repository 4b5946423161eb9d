"""The scalar forms, proved by two SMT solvers; their wrong variants, refuted by both."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from random import Random

from nnbcd_checks.proofs.catalogue import SYMBOLIC
from nnbcd_checks.proofs.forms import FILES, Forms, Mutant, source
from nnbcd_checks.proofs.margins import Build
from nnbcd_checks.proofs.mutants import MUTANTS
from nnbcd_checks.proofs.obligations import Obligation, obligations, stated, statements
from nnbcd_checks.proofs.record import FOLDER, Kills, Record, Tick, sha
from nnbcd_checks.proofs.solve import SOLVERS, Solver
from nnbcd_checks.proofs.terms import Replay, Session

OWN = tuple(mutant for mutant in MUTANTS if mutant.file in FILES)


def steps(*, mutants: bool) -> int:
    """How often `records` tells that it goes on."""
    return sum(1 for _ in obligations(Forms())) + (len(OWN) if mutants else 0)


def records(tick: Tick, kills: Kills, *, mutants: bool) -> Iterator[Record]:
    """The claims of `SYMBOLIC`, proved anew."""
    proofs: dict[str, list[tuple[bool, float]]] = {}
    with ExitStack() as stack:
        solvers = [stack.enter_context(Solver(name)) for name in SOLVERS]
        for obligation in obligations(Forms()):
            began = time.perf_counter()
            holds = proved(obligation, solvers)
            spent = time.perf_counter() - began
            proofs.setdefault(claim_of(obligation.id), []).append((holds, spent))
            tick()
        for mutant in OWN if mutants else ():
            kills.note(refuted(mutant, solvers), mutant)
            tick()
    texts = artefacts()
    for name, record in SYMBOLIC.items():
        yield replace(
            record,
            artefact=f"{FOLDER}/obligations/{name}.smt2",
            sha256=sha(texts[f"{name}.smt2"]),
            source_sha256=sha("".join(source(file) for file in FILES)),
            checkers=SOLVERS,
            status="two-solver" if all(holds for holds, _ in proofs[name]) else "failed",
            seconds=round(sum(seconds for _, seconds in proofs[name]), 2),
            mutants_refuted=kills.dead[name],
        )


def claim_of(name: str) -> str:
    """The claim that an obligation belongs to."""
    return name.partition("-")[0]


def proved(obligation: Obligation, solvers: Sequence[Solver]) -> bool:
    """Whether every solver refutes the negation, and the hypotheses alone can be met."""
    said = [solver.ask(obligation.text).said for solver in solvers]
    return said == ["unsat"] * len(said) and solvers[0].ask(obligation.hypotheses).said == "sat"


def refuted(mutant: Mutant, solvers: Sequence[Solver]) -> str | None:
    """The claim that a wrong form fails: all solvers say so, and a rational witness is replayed.

    A form that cannot be run on symbols, since it asks what is not known of them, fails too.
    """
    forms = Forms(mutant)
    for statement in statements():
        (_, _, build), claim = statement, claim_of(statement[0])
        if mutant.claim not in (None, claim):
            continue
        try:
            obligation = next(stated(forms, statement))
            names = _names(forms, build)
        except TypeError:
            return claim
        answers = [solver.ask(obligation.text) for solver in solvers]
        if any(answer.said != "sat" for answer in answers):
            continue
        given = answers[0].witness
        candidates = [] if given is None else [given]
        if any(breaks(forms, build, w) for w in itertools.chain(candidates, _small(names))):
            return claim
    return None


def breaks(forms: Forms, build: Build, witness: Mapping[str, Fraction]) -> bool:
    """Whether a witness meets the hypotheses and breaks the goal, in exact fractions."""
    try:
        hypotheses, goal = build(forms, Replay(witness))
    except (KeyError, ZeroDivisionError):
        return False
    return bool(hypotheses) and not goal


def _names(forms: Forms, build: Build) -> list[str]:
    session = Session()
    build(forms, session)
    return session.names


def _small(names: Sequence[str], tries: int = 4000) -> Iterator[dict[str, Fraction]]:
    """Small fractions for every unknown, for where a solver's own values are irrational."""
    random = Random(0)
    for _ in range(tries):
        yield {name: Fraction(random.randint(-6, 6), random.choice((1, 2))) for name in names}


def artefacts() -> dict[str, str]:
    """For every claim its obligations as one SMT-LIB 2 script; each must answer unsat."""
    scripts: dict[str, list[str]] = {}
    for obligation in obligations(Forms()):
        text = f"; {obligation.id}: {obligation.claim}\n{obligation.text}(reset)\n"
        scripts.setdefault(claim_of(obligation.id), []).append(text)
    return {f"{name}.smt2": "\n".join(texts) for name, texts in scripts.items()}
