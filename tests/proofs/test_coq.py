"""The Coq proofs, where Coq is installed; that their checker refuses gaps, everywhere it can."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "proofs_checks" / "coq"
needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None or shutil.which("coqchk") is None,
    reason="Coq is not installed: apt-get install coq",
)


@pytest.fixture(scope="module")
def checker():
    found = importlib.util.spec_from_file_location("coq_check", FOLDER / "check.py")
    module = importlib.util.module_from_spec(found)
    sys.modules["coq_check"] = module
    found.loader.exec_module(module)
    yield module
    del sys.modules["coq_check"]


@pytest.fixture
def copy(tmp_path):
    for path in FOLDER.glob("*.v"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_sources_have_no_gap_and_hold_every_listed_theorem(checker):
    texts = {name: (FOLDER / f"{name}.v").read_text() for name in checker.FILES}
    assert {path.stem for path in FOLDER.glob("*.v")} == set(texts)
    for name, text in texts.items():
        checker.require_no_gap(name, text)
    stated = set(re.findall(r"^Theorem (\w+)", texts["rate"], flags=re.MULTILINE))
    assert stated == set(checker.THEOREMS)


@pytest.mark.parametrize(
    "gap", ["Admitted.", "Axiom easy : False.", "admit.", "Parameter p : nat."]
)
def test_a_gap_is_refused(checker, gap):
    with pytest.raises(checker.UnprovedError, match=gap.split()[0].rstrip(".")):
        checker.require_no_gap("rate", f"Lemma a : 0 = 0.\n{gap}")
    checker.require_no_gap("rate", f"(* {gap} *)")


@pytest.mark.long
@needs_coq
def test_all_theorems_are_proved(checker):
    proved = checker.check(FOLDER)
    assert [p.id for p in proved] == list(checker.THEOREMS)
    assert all(set(p.axioms) <= checker.STANDARD for p in proved)


@pytest.mark.long
@needs_coq
def test_what_does_not_compile_is_missing_or_rests_on_more_is_refused(checker, copy):
    rate = copy / "rate.v"
    whole = rate.read_text()
    rate.write_text(
        whole.replace("lam * d k ^ 2 <= L k - L (S k)", "lam * d k <= L k - L (S k)", 1)
    )
    with pytest.raises(checker.UnprovedError, match="coqc"):
        checker.check(copy)
    rate.write_text(whole)
    with pytest.raises(checker.UnprovedError, match="no_such_theorem"):
        checker.check(copy, {"no_such_theorem": ""})
    rate.write_text(whole + "\nRequire Import Classical.\nTheorem odd : forall P, P \\/ ~ P.\n"
                    "Proof. exact classic. Qed.\n")  # fmt: skip
    with pytest.raises(checker.UnprovedError, match="classic"):
        checker.check(copy, {"odd": ""})
