"""The Coq proofs, where Coq is installed; that their checker refuses gaps, everywhere it can."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "proofs_checks" / "nnbcd_checks" / "proofs" / "coq"
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
    texts = {name: (FOLDER / f"{name}.v").read_text() for name in checker.THEOREMS}
    assert {path.stem for path in FOLDER.glob("*.v")} == set(texts)
    for name, text in texts.items():
        checker.require_no_gap(name, text)
        stated = re.findall(r"^Theorem (\w+)", text, flags=re.MULTILINE)
        assert stated == list(checker.THEOREMS[name]), name
    names = [theorem for listed in checker.THEOREMS.values() for theorem in listed]
    assert len(set(names)) == len(names)
    assert all(words.endswith(".") for listed in checker.THEOREMS.values()
               for words in listed.values())  # fmt: skip


@pytest.mark.parametrize(
    "gap",
    ["Admitted.", "Axiom easy : False.", "admit.", "Parameter p : nat.", "Unset Guard Checking."],
)
def test_a_gap_is_refused(checker, gap):
    with pytest.raises(checker.UnprovedError, match=gap.split()[0].rstrip(".")):
        checker.require_no_gap("rate", f"(* a (* nested *) comment *) Lemma a : 0 = 0.\n{gap}")
    checker.require_no_gap("rate", f"(* {gap} (* *) {gap} *)")


@pytest.mark.long
@needs_coq
def test_all_theorems_are_proved(checker):
    proved = checker.check(FOLDER)
    assert [p.id for p in proved] == [n for listed in checker.THEOREMS.values() for n in listed]
    assert all(set(p.axioms) <= checker.STANDARD for p in proved)


@pytest.mark.long
@needs_coq
def test_what_does_not_compile_is_missing_or_rests_on_more_is_refused(checker, copy):
    rate, few = copy / "rate.v", {"sums": {}, "rate": {"rate_sum": ""}}
    whole = rate.read_text()
    rate.write_text(
        whole.replace("lam * d k ^ 2 <= L k - L (S k)", "lam * d k <= L k - L (S k)", 1)
    )
    with pytest.raises(checker.UnprovedError, match="coqc"):
        checker.check(copy, few)
    rate.write_text(whole)
    with pytest.raises(checker.UnprovedError, match="no_such_theorem"):
        checker.check(copy, {"sums": {}, "rate": {"no_such_theorem": ""}})
    rate.write_text(whole + "\nRequire Import Classical.\nTheorem odd : forall P, P \\/ ~ P.\n"
                    "Proof. exact classic. Qed.\n")  # fmt: skip
    with pytest.raises(checker.UnprovedError, match="classic"):
        checker.check(copy, {"sums": {}, "rate": {"odd": ""}})


WRONG = {
    "prox": ("Rmax (y * a) (Rmin (y * a + 1 / m) 1).", "Rmax (y * a) (Rmin (y * a + 1 / m) 2)."),
    "sweep": ("<= b ^ 2 * (1 + betamax) ^ 2 * ((L O - L K) / del).\nProof.\n  intros L d e g beta",
              "<= b ^ 2 * ((L O - L K) / del).\nProof.\n  intros L d e g beta"),
    "sets": ("(target tau alpha W Z0) Z ->\n  alpha / 2 * square", "(target tau alpha W Z0) Z ->\n"
             "  alpha * square"),
    "quadratic": ("f V0 - f V1 = (a + gamma / 2)", "f V0 - f V1 = (a + gamma)"),
}  # fmt: skip
"""In each file a statement with a wrong constant."""


@pytest.mark.long
@needs_coq
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_constant_is_not_proved(checker, copy, name):
    path, (old, new) = copy / f"{name}.v", WRONG[name]
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    files = list(checker.THEOREMS)
    needed = {file: {} for file in files[: files.index(name) + 1]}
    with pytest.raises(checker.UnprovedError, match=f"coqc .*{name}.v"):
        checker.check(copy, needed)
