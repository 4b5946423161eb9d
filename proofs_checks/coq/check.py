"""Checks the Coq proofs of this folder: no gaps, no axioms but the standard real ones.

Compiles every file, asks Coq on what each listed theorem rests, runs coqchk, and refuses sources
that use a word by which a proof can be left out.  Prints one JSON record a theorem.  Exits 0 if
all is proved, 1 if anything fails, 3 where Coq is not installed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("sums", "rate")
"""In the order in which they need one another."""
THEOREMS = {
    "rate_sum": "If every sweep lowers L by at least lam d^2 and g <= b d, then the sum of g^2 "
    "over K sweeps is at most b^2 (L_0 - L_K)/lam.",
    "rate_sum_varying": "The same with another b each sweep: the largest one counts.",
    "rate_best": "Then some sweep has g^2 at most b^2 (L_0 - L_inf)/(lam K): the rate O(1/K).",
    "rate_two_step": "The form for exact projections, whose subgradient is bounded by that sweep's "
    "step and the next one's.",
    "rate_rounded": "The inequality that the auditor evaluates, with residuals r and decreases "
    "measured up to t.",
}
STANDARD = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}
"""On these Coq's real numbers themselves rest."""
GAPS = re.compile(r"\b(Admitted|admit|Axiom|Axioms|Parameter|Parameters|Conjecture|Abort)\b")
MISSING = "coqc and coqchk are not installed; on Debian: apt-get install coq"


class UnprovedError(Exception):
    """A proof that is missing, has a gap, or rests on more than it may."""


@dataclass(frozen=True)
class Proved:
    """A theorem, on what axioms it rests, and how long its file took to compile."""

    id: str
    statement: str
    file: str
    axioms: tuple[str, ...]
    seconds: float


def check(folder: Path, theorems: dict[str, str] | None = None) -> list[Proved]:
    """Every listed theorem of the folder's files; `UnprovedError` says what is wrong."""
    names = THEOREMS if theorems is None else theorems
    for name in FILES:
        require_no_gap(name, (folder / f"{name}.v").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        work, seconds = Path(scratch), {}
        for name in FILES:
            shutil.copy(folder / f"{name}.v", work)
            began = time.perf_counter()
            _coq(["coqc", "-Q", ".", "NNBCD", f"{name}.v"], work)
            seconds[name] = round(time.perf_counter() - began, 2)
        found = []
        for theorem, statement in names.items():
            axioms = _assumptions(theorem, work)
            more = sorted(set(axioms) - STANDARD)
            if more:
                raise UnprovedError(f"{theorem}: rests on {', '.join(more)}")
            found.append(Proved(theorem, statement, "rate.v", axioms, seconds["rate"]))
        _coq(["coqchk", "-silent", "-Q", ".", "NNBCD", *(f"NNBCD.{n}" for n in FILES)], work)
    return found


def require_no_gap(name: str, text: str) -> None:
    """Raise `UnprovedError` where a source uses a word that leaves a proof out; comments may."""
    gap = GAPS.search(re.sub(r"\(\*.*?\*\)", "", text, flags=re.DOTALL))
    if gap is not None:
        raise UnprovedError(f"{name}.v: uses {gap[0]}")


def _assumptions(theorem: str, work: Path) -> tuple[str, ...]:
    text = f"From NNBCD Require Import {' '.join(FILES)}.\nPrint Assumptions {theorem}.\n"
    (work / "ask.v").write_text(text, encoding="utf-8")
    said = _coq(["coqc", "-Q", ".", "NNBCD", "ask.v"], work)
    names = re.findall(r"^([\w.]+)\s*:", said, flags=re.MULTILINE)
    return tuple(name for name in names if name != "Axioms")  # that line is the heading


def _coq(command: list[str], work: Path) -> str:
    ran = subprocess.run(
        command, cwd=work, capture_output=True, text=True, check=False, timeout=170
    )
    if ran.returncode != 0:
        raise UnprovedError(f"{' '.join(command)}: {(ran.stderr or ran.stdout).strip()[-400:]}")
    return ran.stdout


def main() -> int:
    """Check this folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the records here instead of printing them")
    options = parser.parse_args()
    if shutil.which("coqc") is None or shutil.which("coqchk") is None:
        print(MISSING, file=sys.stderr)
        return 3
    try:
        records = [asdict(proved) for proved in check(HERE)]
    except UnprovedError as error:
        print(f"not proved: {error}", file=sys.stderr)
        return 1
    text = json.dumps(records, indent=2)
    if options.json is None:
        print(text)
    else:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
