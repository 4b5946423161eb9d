"""The proofs of the shipped scalar forms, done anew; what refutes wrong forms; the ledger."""

from __future__ import annotations

import hashlib
import itertools
import json
from fractions import Fraction
from pathlib import Path

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'nnbcd[proofs]'")
pytest.importorskip("cvc5", reason="cvc5 is not installed: pip install 'nnbcd[proofs]'")

from typer.testing import CliRunner

import family
from nnbcd.activations import ACTIVATIONS, activation_from
from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.cli import app
from nnbcd_checks.proofs import ledger
from nnbcd_checks.proofs.forms import Forms, Mutant
from nnbcd_checks.proofs.mutants import MUTANTS
from nnbcd_checks.proofs.obligations import obligations, statements
from nnbcd_checks.proofs.solve import SOLVERS, Solver
from nnbcd_checks.proofs.terms import Replay

ROOT = Path(__file__).parents[2]
FILES = ROOT / "proofs_checks" / "nnbcd_checks" / "proofs" / "obligations"
LEDGER = json.loads((ROOT / "docs" / "ledger.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def solvers():
    with Solver("z3") as z3, Solver("cvc5") as cvc5:
        yield z3, cvc5


def test_every_obligation_is_proved_by_both_solvers(solvers):
    todo = list(obligations(Forms()))
    assert len(todo) == len({o.id for o in todo}) > 100
    failed = [o.id for o in todo if not ledger.proved(o, solvers)]
    assert not failed


def test_the_committed_files_are_those_of_the_shipped_source():
    wanted = ledger.artefacts()
    assert {path.name for path in FILES.glob("*.smt2")} == set(wanted)
    for name, text in wanted.items():
        assert (FILES / name).read_text(encoding="utf-8") == text, f"{name}: nnbcd prove --write"


def test_the_committed_ledger_is_of_this_source():
    records = {claim["id"]: claim for claim in LEDGER["claims"]}
    for name, text in ledger.artefacts().items():
        found = records[name.removesuffix(".smt2")]
        assert found["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert found["status"] == "two-solver"
        assert found["mutants_refuted"] >= 1 or found["id"] in ("join", "decrease", "tight")
    assert sum(claim["mutants_refuted"] for claim in LEDGER["claims"]) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS[::5], ids=lambda m: f"{m.file}: {m.fault}")
def test_a_wrong_form_is_refuted_with_a_witness(mutant, solvers):
    assert ledger.refuted(Forms(mutant), solvers) is not None


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.file}: {m.new}")
def test_every_wrong_form_is_refuted(mutant, solvers):
    assert ledger.refuted(Forms(mutant), solvers) is not None


def test_an_equal_form_is_refuted_by_nobody(solvers):
    same = Mutant("choice", "value < best_value, ops.both", "best_value > value, ops.both", "equal")
    assert ledger.refuted(Forms(same), solvers) is None


def test_a_mutant_of_text_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="stands there 0 times"):
        Forms(Mutant("choice", "no such text", "", ""))


def test_unknown_timeouts_and_empty_hypotheses_are_no_proof(solvers):
    one = next(iter(obligations(Forms())))
    hard = "(set-logic QF_NRA)(declare-fun x () Real)(assert (= (* x x) 2.0))(check-sat)\n"
    assert not ledger.proved(ledger.Obligation("a", "", hard, one.hypotheses), solvers)
    assert not ledger.proved(ledger.Obligation("b", "", "nonsense", one.hypotheses), solvers)
    never = one.text  # unsatisfiable: as hypotheses it would prove anything
    assert not ledger.proved(ledger.Obligation("c", "", one.text, never), solvers)
    with Solver("cvc5", seconds=0.0) as hurried:
        assert hurried.ask(one.text).said == "timeout"
    assert ledger.proved(one, solvers)
    assert tuple(s.name for s in solvers) == SOLVERS


def test_a_witness_is_replayed_in_exact_fractions():
    (build,) = [b for name, _, b in statements() if name == "hinge-plus"]
    wrong = Forms(next(m for m in MUTANTS if "1 / m, 2)" in m.new))
    witness = {"a": Fraction(1, 2), "m": Fraction(1, 2), "v": Fraction(1)}
    assert ledger.breaks(wrong, build, witness)
    assert not ledger.breaks(Forms(), build, witness)
    assert build(Forms(), Replay(witness)) == (True, True)


def test_a_composed_claim_is_as_weak_as_its_weakest_part():
    part = ledger.Record("part", "", "real", "", status="tested-only")
    whole = ledger.Record("whole", "", "real", "", depends_on=("part",), status="two-solver")
    assert [r.status for r in ledger.composed([part, whole])] == ["tested-only", "tested-only"]


def test_the_pieces_of_the_registry_are_what_the_theorem_asks_for():
    """They cover the line, agree at their ends, and are at most four."""
    kinds = [k for k, member in ACTIVATIONS.items() if issubclass(member, PiecewiseAffine)]
    assert set(kinds) == set(ledger.AFFINE)
    for kind in kinds:
        pieces = activation_from(family.activation(kind)).pieces
        assert 1 <= len(pieces) <= 4
        assert pieces[0].low is None
        assert pieces[-1].high is None
        for left, right in itertools.pairwise(pieces):
            assert left.high == right.low
            t = Fraction(left.high)
            # The sixth of hard_sigmoid is meant, not the float nearest to it.
            values = [Fraction(p.slope).limit_denominator(1000) * t + Fraction(p.intercept)
                      for p in (left, right)]  # fmt: skip
            assert values[0] == values[1], kind


def test_every_member_is_covered_by_one_claim():
    covered = [kind for claim in LEDGER["claims"] for kind in claim["covers"]]
    members = {*family.ACTIVATIONS, *family.LOSSES, *family.COMPRESSIONS} - {"none"}
    assert sorted(covered) == sorted(members)


def test_prove_on_the_command_line(tmp_path):
    ran = CliRunner().invoke(app, ["prove", "--no-mutants", "--json", "--write", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    claims = {claim["id"]: claim for claim in json.loads(ran.stdout)["claims"]}
    assert claims["activation-step"]["status"] == "two-solver"
    assert claims["kl"]["status"] == "assumed"
    assert json.loads((tmp_path / "ledger.json").read_text())["claims"] == list(claims.values())
    assert (tmp_path / "piece.smt2").read_text() == ledger.artefacts()["piece.smt2"]


def test_prove_without_the_solvers_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    ran = CliRunner().invoke(app, ["prove"])
    assert ran.exit_code == 2
    assert "nnbcd[proofs]" in ran.stderr


def test_a_form_that_fails_is_reported_as_failed(monkeypatch):
    wrong = next(m for m in MUTANTS if m.file == "margins")
    monkeypatch.setattr(ledger, "Forms", lambda: Forms(wrong))
    records = {record.id: record for record in ledger.run(mutants=False)}
    assert records["hinge"].status == "failed"
    assert records["piece"].status == "two-solver"
