"""Certified enclosures of the steps that have no closed form, and the verdicts on recorded ones.

For given exact inputs ball arithmetic (Arb) encloses every global minimiser; a recorded output of
the solver is then certified, refused, or, where the last precision does not decide, unknown.
Neither the solver's brackets nor the auditor's are used.
"""

from nnbcd_checks.proofs.enclosures.claims import CLAIMS, Claim
from nnbcd_checks.proofs.enclosures.judge import BITS, CAP, Verdict, judge
from nnbcd_checks.proofs.enclosures.records import COLUMNS, Case, cases_from, recorded, to_json
from nnbcd_checks.proofs.enclosures.report import Result, check
from nnbcd_checks.proofs.enclosures.steps import Enclosed, UndecidedError
from nnbcd_checks.proofs.enclosures.wrong import WRONG, Wrong, killed, refused

MEMBERS = tuple(COLUMNS)
"""The members that have enclosures."""

__all__ = [
    "BITS",
    "CAP",
    "CLAIMS",
    "MEMBERS",
    "WRONG",
    "Case",
    "Claim",
    "Enclosed",
    "Result",
    "UndecidedError",
    "Verdict",
    "Wrong",
    "cases_from",
    "check",
    "judge",
    "killed",
    "recorded",
    "refused",
    "to_json",
]
