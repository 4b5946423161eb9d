"""An independent auditor of block coordinate descent runs.

It judges any run from its recorded states, in float64 NumPy, from the definition of the
objective and the optimality conditions of its block problems; it holds no update formula.
"""

from nnbcd_checks.auditor import Auditor
from nnbcd_checks.certificate import Certificate, Claim
from nnbcd_checks.errors import TraceError
from nnbcd_checks.offline import audit_run
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import Row
from nnbcd_checks.trace import Run, read_run

__all__ = [
    "Auditor",
    "Certificate",
    "Claim",
    "Problem",
    "Row",
    "Run",
    "TraceError",
    "audit_run",
    "read_run",
]
