"""The torch solver under the live auditor, for tests."""

from __future__ import annotations

from nnbcd.loop import arrays
from nnbcd.sweep import sweep
from nnbcd_checks import Auditor
from nnbcd_checks import Problem as Claimed


def judge(case, sweeps, *, claimed=None):
    """The certificate of so many sweeps from a case's start, as ``claimed`` or as they are."""
    problem, data = case.problem, case.data
    auditor = Auditor(
        Claimed.from_json((claimed or problem).to_json()),
        data.X.numpy(),
        data.Y.numpy(),
        arrays(problem, case.start),
        weights=None if data.S is None else data.S.numpy(),
    )
    state = case.start
    for _ in range(sweeps):
        state = sweep(problem, data, state)
        auditor.step(arrays(problem, state))
    return auditor.certificate()


def complaints(certificate):
    """Every claim that is not certified, with its place and reason."""
    return [
        (c.claim, c.verdict, c.where, c.why) for c in certificate.claims if c.verdict != "certified"
    ]
