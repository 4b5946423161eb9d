"""The ledger: what is claimed, by what it is proved, and what is only tested or assumed.

A record's status is written by `run` alone.  A claim with dependencies has the weakest status
among its own and theirs.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from nnbcd_checks.proofs.forms import FILES, Forms, source
from nnbcd_checks.proofs.mutants import MUTANTS
from nnbcd_checks.proofs.obligations import Build, Obligation, obligations, statements
from nnbcd_checks.proofs.solve import SOLVERS, Solver
from nnbcd_checks.proofs.terms import Replay, Session

STATUSES = ("two-solver", "one-solver", "tested-only", "assumed", "failed")
"""From the strongest down."""


@dataclass(frozen=True)
class Record:
    """One claim.

    ``covers``: the members whose step it is about.  ``sha256``: of the obligations' text;
    ``source_sha256``: of the shipped files.
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
    seconds: float = 0.0
    mutants_refuted: int = 0

    def to_json(self) -> dict[str, Any]:
        """The record as a JSON object."""
        found = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


SMT = "the shipped function run on symbols, SMT-LIB 2, both solvers; hypotheses satisfiable"
PROVED = {
    "piece": Record("piece", "On every piece, bounded or not, of any slope and intercept, the "
                    "candidate of the shipped form lies on the piece, its value is right, and no "
                    "point of the piece is better.", "real", SMT, ("gamma > 0", "beta > 0")),
    "choice": Record("choice", "Of two, three or four ascending candidates the shipped form takes "
                     "one of least value, of those the nearest to the old value, of two equally "
                     "near the lower.", "real", SMT),
    "join": Record("join", "U's problem is the shipped form's and a constant, with beta = rho + "
                   "alpha and m the weighted mean.", "real", SMT, ("gamma, rho > 0", "alpha >= 0")),
    "decrease": Record("decrease", "A minimiser of f + alpha/2 (u - u_old)^2 lowers f by at least "
                       "alpha/2 times the squared step.", "real", SMT),
    "tight": Record("tight", "For relu alpha/2 cannot be raised: a family of problems comes "
                    "arbitrarily close to it.", "real", SMT),
    "hinge": Record("hinge", "The step of the binary hinge is a global minimiser.", "real", SMT,
                    ("m > 0", "y = -1 or 1"), covers=("binary_hinge",)),
    "huber": Record("huber", "The step of Huber's loss is a global minimiser.", "real", SMT,
                    ("m > 0", "delta > 0"), covers=("huber",)),
}  # fmt: skip
AFFINE = (
    "identity",
    "relu",
    "leaky_relu",
    "abs",
    "hard_tanh",
    "relu6",
    "hard_sigmoid",
    "piecewise",
)
COMPOSED = (
    Record("activation-step", "The step of every continuous piecewise-affine activation of at most "
           "four pieces is a global minimiser, ties as stated, and lowers the objective by at "
           "least alpha/2 times its squared step.", "real", "from the claims it depends on",
           ("the pieces cover the line and agree at their ends",),
           ("piece", "choice", "join", "decrease"), AFFINE, status="two-solver"),
)  # fmt: skip
UNPROVED = (
    Record("smooth-step", "tanh and sigmoid: the step is a global minimiser up to rounding.",
           "float64", "against the specification's isolated stationary points and the auditor's "
           "branch and bound", covers=("tanh", "sigmoid"), status="tested-only"),
    Record("loss-step", "The other losses: the step is the minimiser.", "float64",
           "against the specification and by dual bounds in the auditor",
           covers=("squared", "logistic", "weston_watkins", "crammer_singer", "cross_entropy"),
           status="tested-only"),
    Record("quadratic-blocks", "The steps of V, (W, b), the tensors of factored compressions and "
           "their guaranteed decrease.", "real", "derived in the specification, tested",
           covers=("tt", "tt_matrix", "cp", "tucker"), status="tested-only"),
    Record("sets", "The projections onto sparse sets, rank and grid, and their decrease.", "real",
           "brute force on small cases", status="tested-only",
           covers=("prune", "nm", "rows", "columns", "blocks", "low_rank", "shared_prune",
                   "grid")),
    Record("rounding", "Floating point keeps to the tolerances of the auditor.", "float64",
           "measured on random runs", status="tested-only"),
    Record("boundedness", "The iterates stay bounded where mu = 0 on a layer.", "real",
           "no proof: false in general", status="assumed"),
    Record("kl", "The loss has the Kurdyka-Lojasiewicz property and the iterates converge.", "real",
           "not judged", status="assumed"),
)  # fmt: skip

Progress = Callable[[int, int], None]


def run(*, mutants: bool = True, progress: Progress | None = None) -> tuple[Record, ...]:
    """Prove everything and count the refuted mutants; ``progress`` is told (done, in all)."""
    todo = list(obligations(Forms()))
    total = len(todo) + (len(MUTANTS) if mutants else 0)
    proofs: dict[str, list[tuple[Obligation, bool, float]]] = {}
    with ExitStack() as stack:
        solvers = [stack.enter_context(Solver(name)) for name in SOLVERS]
        for done, obligation in enumerate(todo, 1):
            began = time.perf_counter()
            holds = proved(obligation, solvers)
            proofs.setdefault(claim_of(obligation.id), []).append(
                (obligation, holds, time.perf_counter() - began)
            )
            _tell(progress, done, total)
        killed: dict[str, int] = {}
        for done, mutant in enumerate(MUTANTS if mutants else (), len(todo) + 1):
            claim = refuted(Forms(mutant), solvers)
            if claim is not None:
                killed[claim] = killed.get(claim, 0) + 1
            _tell(progress, done, total)
    records = [_proved(name, proofs[name], killed.get(name, 0)) for name in PROVED]
    return (*composed((*records, *COMPOSED)), *UNPROVED)


def claim_of(name: str) -> str:
    """The claim that an obligation belongs to."""
    return name.partition("-")[0]


def proved(obligation: Obligation, solvers: Sequence[Solver]) -> bool:
    """Whether every solver refutes the negation, and the hypotheses alone can be met."""
    said = [solver.ask(obligation.text).said for solver in solvers]
    return said == ["unsat"] * len(said) and solvers[0].ask(obligation.hypotheses).said == "sat"


def refuted(forms: Forms, solvers: Sequence[Solver]) -> str | None:
    """The claim that wrong forms fail: all solvers say so, and a rational witness is replayed."""
    builds = {name: build for name, _, build in statements()}
    for obligation in obligations(forms):
        build = builds.get(obligation.id)  # none for divisors
        if build is None:
            continue
        answers = [solver.ask(obligation.text) for solver in solvers]
        if any(answer.said != "sat" for answer in answers):
            continue
        given = answers[0].witness
        candidates = [] if given is None else [given]
        names = _names(forms, build)
        if any(breaks(forms, build, w) for w in itertools.chain(candidates, _small(names))):
            return claim_of(obligation.id)
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


def composed(records: Iterable[Record]) -> tuple[Record, ...]:
    """Each record with the weakest status of its own and its dependencies'."""
    by_id: dict[str, Record] = {}
    for record in records:
        parts = [record.status, *(by_id[name].status for name in record.depends_on)]
        by_id[record.id] = replace(record, status=max(parts, key=STATUSES.index))
    return tuple(by_id.values())


def artefacts() -> dict[str, str]:
    """For every proved claim its obligations as one SMT-LIB 2 script; each must answer unsat."""
    scripts: dict[str, list[str]] = {}
    for obligation in obligations(Forms()):
        text = f"; {obligation.id}: {obligation.claim}\n{obligation.text}(reset)\n"
        scripts.setdefault(claim_of(obligation.id), []).append(text)
    return {f"{name}.smt2": "\n".join(texts) for name, texts in scripts.items()}


def _proved(name: str, found: Sequence[tuple[Obligation, bool, float]], killed: int) -> Record:
    text = artefacts()[f"{name}.smt2"]
    return replace(
        PROVED[name],
        artefact=f"proofs_checks/nnbcd_checks/proofs/obligations/{name}.smt2",
        sha256=_sha(text),
        source_sha256=_sha("".join(source(file) for file in FILES)),
        checkers=SOLVERS,
        status="two-solver" if all(holds for _, holds, _ in found) else "failed",
        seconds=round(sum(seconds for *_, seconds in found), 2),
        mutants_refuted=killed,
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)
