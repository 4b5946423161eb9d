"""Checks the Coq proofs of this folder: no gaps, no axioms but the standard real ones.

Compiles every file, asks Coq on what each listed theorem rests, runs coqchk, and refuses sources
that use a word by which a proof can be left out.  Prints one JSON record a theorem.  Exits 0 if
all is proved, 1 if anything fails, 3 where Coq is not installed.  Needs nothing but Python.
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
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
Theorems = Mapping[str, Mapping[str, str]]
"""For each file, in the order in which they need one another, its theorems and their words."""
THEOREMS: Theorems = json.loads((HERE / "theorems.json").read_text("utf-8"))
STANDARD = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}
"""On these Coq's real numbers themselves rest."""
GAPS = re.compile(
    r"\b(Admitted|admit|Axiom|Axioms|Parameter|Parameters|Conjecture|Abort|give_up|"
    r"Unset\s+Guard\s+Checking|bypass_check|Unset\s+Universe\s+Checking|Declare\s+ML)\b"
)
MISSING = (
    "coqc and coqchk are not installed; on Debian: "
    "apt-get install --no-install-recommends coq libcoq-coquelicot"
)
SECONDS = 170


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


def installed() -> bool:
    """Whether Coq and its checker are at hand."""
    return shutil.which("coqc") is not None and shutil.which("coqchk") is not None


def check(folder: Path = HERE, theorems: Theorems = THEOREMS) -> list[Proved]:
    """Every listed theorem of the folder's files; `UnprovedError` says what is wrong."""
    for name in theorems:
        require_no_gap(name, (folder / f"{name}.v").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        work, seconds, found = Path(scratch), {}, []
        for name in theorems:
            shutil.copy(folder / f"{name}.v", work)
            began = time.perf_counter()
            _coq(["coqc", "-Q", ".", "NNBCD", f"{name}.v"], work)
            seconds[name] = round(time.perf_counter() - began, 2)
        for name, listed in theorems.items():
            for theorem, axioms in _assumptions(name, list(listed), work).items():
                more = sorted(set(axioms) - STANDARD)
                if more:
                    raise UnprovedError(f"{theorem}: rests on {', '.join(more)}")
                file = f"{name}.v"
                found.append(Proved(theorem, listed[theorem], file, axioms, seconds[name]))
        # Libraries are taken as they are compiled; every proof of this folder is checked again.
        _coq(["coqchk", "-silent", "-Q", ".", "NNBCD", *(f"NNBCD.{n}" for n in theorems)], work)
    return found


def require_no_gap(name: str, text: str) -> None:
    """Raise `UnprovedError` where a source uses a word that leaves a proof out; comments may."""
    gap = GAPS.search(_bare(text))
    if gap is not None:
        raise UnprovedError(f"{name}.v: uses {gap[0]}")


def _bare(text: str) -> str:
    """The source without its comments, which nest."""
    found, depth, k = [], 0, 0
    while k < len(text):
        pair = text[k : k + 2]
        if pair in ("(*", "*)"):
            depth = max(0, depth + (1 if pair == "(*" else -1))
            k += 2
            continue
        if depth == 0:
            found.append(text[k])
        k += 1
    return "".join(found)


def _assumptions(name: str, theorems: list[str], work: Path) -> dict[str, tuple[str, ...]]:
    asked = "".join(f"Print Assumptions {theorem}.\n" for theorem in theorems)
    (work / "ask.v").write_text(f"From NNBCD Require Import {name}.\n{asked}", encoding="utf-8")
    said = _coq(["coqc", "-Q", ".", "NNBCD", "ask.v"], work) if theorems else ""
    # One answer a theorem: that it is closed, or a heading and its axioms.
    parts = re.split(r"^(?=Axioms:|Closed under)", said, flags=re.MULTILINE)[1:]
    if len(parts) != len(theorems):
        raise UnprovedError(f"{name}.v: {len(parts)} answers to {len(theorems)} questions")
    # Names stand at the start of a line, their types beside or below them, set in.
    return {
        theorem: tuple(re.findall(r"^([\w.']+)(?=\s)", part.removeprefix("Axioms:"), re.MULTILINE))
        if part.startswith("Axioms:")
        else ()
        for theorem, part in zip(theorems, parts, strict=True)
    }


def _coq(command: list[str], work: Path) -> str:
    try:
        ran = subprocess.run(
            command, cwd=work, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise UnprovedError(f"{' '.join(command)}: not done after {SECONDS} s") from None
    if ran.returncode != 0:
        raise UnprovedError(f"{' '.join(command)}: {(ran.stderr or ran.stdout).strip()[-400:]}")
    return ran.stdout


def main() -> int:
    """Check this folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the records here instead of printing them")
    options = parser.parse_args()
    if not installed():
        print(MISSING, file=sys.stderr)
        return 3
    try:
        records = [asdict(proved) for proved in check()]
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
