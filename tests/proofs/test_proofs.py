"""The proofs of the shipped scalar forms, done anew; what refutes wrong forms; the ledger."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'nnbcd[proofs]'")
pytest.importorskip("cvc5", reason="cvc5 is not installed: pip install 'nnbcd[proofs]'")
pytest.importorskip("flint", reason="python-flint is not installed: pip install 'nnbcd[proofs]'")

from typer.testing import CliRunner

import family
from nnbcd.activations import ACTIVATIONS, activation_from
from nnbcd.activations.affine import PiecewiseAffine
from nnbcd.cli import app
from nnbcd_checks.certificate import Claim
from nnbcd_checks.claims import CLAIMS
from nnbcd_checks.proofs import (
    by_balls,
    by_kernel,
    by_solvers,
    by_words,
    catalogue,
    identities,
    ledger,
)
from nnbcd_checks.proofs.catalogue import SYMBOLIC
from nnbcd_checks.proofs.forms import FILES, Forms, Mutant, source
from nnbcd_checks.proofs.mutants import MUTANTS
from nnbcd_checks.proofs.obligations import Obligation, obligations, statements
from nnbcd_checks.proofs.record import STATUSES, Kills, Record, committed, composed, sha, weaker
from nnbcd_checks.proofs.solve import SOLVERS, Solver
from nnbcd_checks.proofs.terms import Replay

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "proofs_checks" / "nnbcd_checks" / "proofs"
LEDGER = {record.id: record for record in committed()}


@pytest.fixture(scope="module")
def solvers():
    with Solver("z3") as z3, Solver("cvc5") as cvc5:
        yield z3, cvc5


def test_every_obligation_is_proved_by_both_solvers(solvers):
    todo = list(obligations(Forms()))
    assert len(todo) == len({o.id for o in todo}) > 100
    failed = [o.id for o in todo if not by_solvers.proved(o, solvers)]
    assert not failed


def test_the_committed_files_are_those_of_the_shipped_source():
    wanted = by_solvers.artefacts()
    assert {path.name for path in (FOLDER / "obligations").glob("*.smt2")} == set(wanted)
    for name, text in wanted.items():
        found = (FOLDER / "obligations" / name).read_text(encoding="utf-8")
        assert found == text, f"{name}: nox -s ledger"


def test_the_committed_ledger_is_of_this_source():
    for name, text in by_solvers.artefacts().items():
        record = LEDGER[name.removesuffix(".smt2")]
        assert record.sha256 == sha(text)
        assert record.source_sha256 == sha("".join(source(file) for file in FILES))
        assert record.status == "two-solver"
    for name, file in identities.RUNS.items():
        assert LEDGER[name].source_sha256 == sha(identities.shipped_text(file))
        assert LEDGER[name].status == "identity"
    for name in (*catalogue.MATRIX, *catalogue.ENCLOSED):
        path = ROOT / LEDGER[name].artefact
        assert LEDGER[name].sha256 == sha(path.read_text(encoding="utf-8")), name
        assert LEDGER[name].status in ("identity", "enclosure")
    for name, record in catalogue.ENCLOSED.items():
        assert LEDGER[name].source_sha256 == by_balls.shipped(*record.covers), name
    for record in LEDGER.values():
        assert record.artefact is None or (ROOT / record.artefact).exists(), record.id


def test_at_least_two_wrong_variants_a_claim_are_refuted():
    for name in (*catalogue.SYMBOLIC, *catalogue.MATRIX, *catalogue.ENCLOSED):
        assert LEDGER[name].mutants_refuted >= 2, name
    dead = sum(
        record.mutants_refuted for name, record in LEDGER.items() if name != "wrong-variants"
    )
    assert dead == LEDGER["wrong-variants"].mutants_refuted
    assert len(MUTANTS) >= 60
    assert len(set(MUTANTS)) == len(MUTANTS)


@pytest.mark.parametrize("mutant", by_solvers.OWN[::8], ids=lambda m: f"{m.file}: {m.fault}")
def test_a_wrong_form_is_refuted_with_a_witness(mutant, solvers):
    assert by_solvers.refuted(mutant, solvers) is not None


@pytest.mark.long
@pytest.mark.parametrize("mutant", by_solvers.OWN, ids=lambda m: f"{m.file}: {m.new}")
def test_every_wrong_form_is_refuted(mutant, solvers):
    broken = by_solvers.refuted(mutant, solvers)
    assert broken is not None
    assert mutant.claim in (None, broken)


def test_an_equal_form_is_refuted_by_nobody(solvers):
    same = Mutant("choice", "value < best_value, ops.both", "best_value > value, ops.both", "equal")
    assert by_solvers.refuted(same, solvers) is None


def test_a_mutant_of_text_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="stands there 0 times"):
        Forms(Mutant("choice", "no such text", "", ""))


def test_unknown_timeouts_and_empty_hypotheses_are_no_proof(solvers):
    one = next(iter(obligations(Forms())))
    hard = "(set-logic QF_NRA)(declare-fun x () Real)(assert (= (* x x) 2.0))(check-sat)\n"
    assert not by_solvers.proved(Obligation("a", "", hard, one.hypotheses), solvers)
    assert not by_solvers.proved(Obligation("b", "", "nonsense", one.hypotheses), solvers)
    never = one.text  # unsatisfiable: as hypotheses it would prove anything
    assert not by_solvers.proved(Obligation("c", "", one.text, never), solvers)
    with Solver("cvc5", seconds=0.0) as hurried:
        assert hurried.ask(one.text).said == "timeout"
    assert by_solvers.proved(one, solvers)
    assert tuple(s.name for s in solvers) == SOLVERS


def test_a_witness_is_replayed_in_exact_fractions():
    (build,) = [b for name, _, b in statements() if name == "hinge-plus"]
    wrong = Forms(next(m for m in MUTANTS if "1 / m, 2)" in m.new))
    witness = {"a": Fraction(1, 2), "m": Fraction(1, 2), "v": Fraction(1)}
    assert by_solvers.breaks(wrong, build, witness)
    assert not by_solvers.breaks(Forms(), build, witness)
    assert build(Forms(), Replay(witness)) == (True, True)


def test_a_composed_claim_is_as_weak_as_its_weakest_part():
    part = Record("part", "", "real", "", status="tested-only")
    whole = Record("whole", "", "real", "", depends_on=("part",), status="kernel")
    assert [r.status for r in composed([part, whole])] == ["tested-only", "tested-only"]
    with pytest.raises(ValueError, match="whole depends on part, not listed before it"):
        composed([whole, part])


def test_a_claim_that_lost_its_standing_is_named():
    strong = Record("a", "", "real", "", status="kernel")
    assert weaker([strong], [strong]) == ()
    assert weaker([replace(strong, status="tested-only")], [strong]) == ("a",)
    assert weaker([strong], [replace(strong, status="tested-only")]) == ()
    assert weaker([], [strong]) == ("a",)


def test_every_claim_of_a_certificate_has_an_entry_that_leads_to_files():
    def files(name):
        record = LEDGER[name]
        found = {record.artefact} - {None}
        return found.union(*(files(part) for part in record.depends_on))

    for claim in (*CLAIMS, "recorded_rows"):
        record = LEDGER[f"certificate/{claim}"]
        assert {"auditor", "rounding"} <= set(record.depends_on)
        assert STATUSES.index(record.status) >= STATUSES.index("tested-only")
    assert any(file.endswith("rate.v") for file in files("certificate/rate"))
    steps = files("certificate/refuted")
    assert {Path(file).suffix for file in steps} == {".smt2", ".py", ".v", ".json"}


def test_without_coq_a_theorem_keeps_its_standing_only_while_its_source_does(monkeypatch):
    monkeypatch.setattr(by_kernel.check, "installed", lambda: False)

    def found(before):
        records = by_kernel.records(lambda: None, again=True, before=before)
        return {record.id: record for record in records}

    same = found(LEDGER)
    assert same
    assert all(r.status == "kernel" and not r.checked for r in same.values())
    changed = {name: replace(record, sha256="0") for name, record in LEDGER.items()}
    assert {record.status for record in found(changed).values()} == {"failed"}
    assert {record.status for record in found({}).values()} == {"failed"}


def test_the_page_is_that_of_the_ledger():
    ran = subprocess.run(
        [sys.executable, "docs/proofs.py", "--check"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_pieces_of_the_registry_are_what_the_theorem_asks_for():
    """They cover the line, agree at their ends, and are at most four."""
    kinds = [k for k, member in ACTIVATIONS.items() if issubclass(member, PiecewiseAffine)]
    assert set(kinds) == set(catalogue.AFFINE)
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
    covered = [kind for record in LEDGER.values() for kind in record.covers]
    members = {*family.ACTIVATIONS, *family.LOSSES, *family.COMPRESSIONS, "support"} - {"none"}
    assert sorted(covered) == sorted(members)


def test_an_identity_that_fails_is_reported_as_failed(monkeypatch):
    builders = by_words.identities.BUILDERS
    monkeypatch.setitem(builders, "v-step", lambda _: iter([("decrease", "1 = 2", False)]))
    monkeypatch.setitem(builders, "u-out-step", lambda _: iter([]))
    found = {r.id: r.status for r in by_words.records(lambda: None, Kills(), mutants=False)}
    assert (found["v-step"], found["u-out-step"]) == ("failed", "failed")
    assert found["w-step"] == "identity"


def test_a_recorded_step_that_is_refused_is_reported_as_failed(monkeypatch):
    def moved(member):
        first, *rest = recorded[member]
        return [replace(first, output=(*first.output[:-1], first.output[-1] + 1e-3)), *rest]

    recorded = {member: by_balls.duals.recorded(member) for member in by_balls.duals.MEMBERS}
    monkeypatch.setattr(by_balls.duals, "recorded", moved)
    held = by_balls.enclosures.check()
    worse = {**held, "tanh": replace(held["tanh"], certified=held["tanh"].certified - 1)}
    monkeypatch.setattr(by_balls.enclosures, "check", lambda: worse)
    found = {r.id: r.status for r in by_balls.records(lambda: None, Kills(), mutants=False)}
    failed = {"tanh-step", "weston-watkins-step", "crammer-singer-step"}
    assert {name for name, status in found.items() if status == "failed"} == failed


def test_the_claims_of_a_certificate_name_their_entries():
    names = (*CLAIMS, "recorded_rows")
    claims = [Claim(name, "certified", None, None, None, "", (), "", ()) for name in names]
    assert {claim.to_json()["ledger"] for claim in claims} <= set(LEDGER)
    assert len({claim.ledger for claim in claims}) == len(claims)


def test_prove_on_the_command_line(tmp_path):
    ran = CliRunner().invoke(
        app, ["prove", "--no-mutants", "--no-coq", "--json", "--write", str(tmp_path)]
    )
    assert ran.exit_code == 0, ran.output
    claims = {claim["id"]: claim for claim in json.loads(ran.stdout)["claims"]}
    assert claims["activation-step"]["status"] == "identity"
    assert claims["kl"]["status"] == "assumed"
    assert {name: claim["status"] for name, claim in claims.items()} == {
        name: record.status for name, record in LEDGER.items()
    }
    assert json.loads((tmp_path / "ledger.json").read_text())["claims"] == list(claims.values())
    text = (tmp_path / "obligations" / "piece.smt2").read_text()
    assert text == by_solvers.artefacts()["piece.smt2"]


def test_a_claim_is_shown_with_all_it_rests_on():
    ran = CliRunner().invoke(app, ["prove", "--show", "certificate/rate"])
    assert ran.exit_code == 0, ran.output
    for word in ("coq/rate_rounded: kernel", "rate.v", "rounding: tested-only"):
        assert word in ran.stdout
    assert "assumed, because of: calculus" in ran.stdout
    assert CliRunner().invoke(app, ["prove", "--show", "rate"]).stdout == ran.stdout
    ran = CliRunner().invoke(app, ["prove", "--show", "no-such-claim"])
    assert ran.exit_code == 2
    assert "given 'no-such-claim'" in ran.stderr


def test_a_claim_is_shown_where_no_checker_is_installed():
    absent = "".join(f"sys.modules[{m!r}] = None; " for m in ("z3", "cvc5", "flint", "sympy"))
    code = f"import sys; {absent}from nnbcd.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "prove", "--show", "certificate/rate"], cwd=ROOT,
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([".", "proofs_checks"])},
    )  # fmt: skip
    assert "coq/rate_rounded: kernel" in ran.stdout, ran.stderr


def test_prove_without_the_solvers_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    ran = CliRunner().invoke(app, ["prove"])
    assert ran.exit_code == 2
    assert "nnbcd[proofs]" in ran.stderr


def test_a_form_that_fails_is_reported_as_failed_and_exits_with_1(monkeypatch):
    wrong = next(m for m in MUTANTS if m.file == "margins" and "1, 2" not in m.new)
    monkeypatch.setattr(by_solvers, "Forms", lambda: Forms(wrong))
    monkeypatch.setattr(by_balls, "records", lambda *_, **__: map(LEDGER.get, catalogue.ENCLOSED))
    ran = CliRunner().invoke(app, ["prove", "--no-mutants", "--no-coq", "--json"])
    found = json.loads(ran.stdout)
    claims = {claim["id"]: claim["status"] for claim in found["claims"]}
    assert ran.exit_code == 1
    assert (claims["hinge"], claims["loss-step"], claims["piece"]) == (
        "failed",
        "failed",
        "two-solver",
    )
    assert {"hinge", "loss-step", "certificate/refuted"} <= set(found["lost"])


def test_a_wrong_variant_that_nobody_refutes_is_a_failure(monkeypatch):
    same = Mutant("blocks", "residual = pre - u", "residual = -1 * (u - pre)", "equal")
    assert by_words.refuted(same) is None
    monkeypatch.setattr(by_words, "OWN", (same,))
    monkeypatch.setattr(by_solvers, "records", lambda *_, **__: map(LEDGER.get, SYMBOLIC))
    monkeypatch.setattr(by_balls, "records", lambda *_, **__: map(LEDGER.get, catalogue.ENCLOSED))
    records = {record.id: record for record in ledger.run(kernel=False)}
    assert records["wrong-variants"].status == "failed"
    assert records["w-step"].status == "identity"
