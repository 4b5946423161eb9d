"""Auditing a run folder: recompute every stored pair, compare, and judge all sweeps covered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from threadpoolctl import ThreadpoolController

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.certificate import Certificate, Claim, certify, ranges
from nnbcd_checks.claims import Place
from nnbcd_checks.compare import Difference, differences, inconsistencies, term_differences
from nnbcd_checks.measure import Meter
from nnbcd_checks.row import Row
from nnbcd_checks.states import take_targets
from nnbcd_checks.trace import Run, read_run
from nnbcd_checks.verdicts import Verdicts

Progress = Callable[[int, int], None]


def audit_run(
    path: str | os.PathLike[str], *, progress: Progress | None = None, threads: int | None = None
) -> Certificate:
    """The certificate of a run folder; `TraceError` if it cannot be read.

    Every stored pair of consecutive states is recomputed; a recorded row of that sweep must
    agree with it.  Sweeps without a pair are judged from their recorded rows.  ``progress`` is
    told (sweeps done, sweeps in all).
    """
    run = read_run(path)
    with ThreadpoolController().limit(limits=threads or os.cpu_count() or 1, user_api="blas"):
        return _Audit(run).go(progress)


@dataclass
class _Audit:
    run: Run
    found: list[Difference] = field(default_factory=list)
    pairs: list[int] = field(default_factory=list)
    _meter: Meter | None = None
    _constant: Mapping[str, Array] | None = None  # what no block updates, of the first state read

    def go(self, progress: Progress | None) -> Certificate:
        run = self.run
        y, weights = take_targets(run.problem, *run.data[1:])
        verdicts, lightest = Verdicts(run.problem, norm(y)), float(weights.min())
        rows = {row.sweep: row for row in run.rows}
        stored = set(run.sweeps)
        paired = {k for k in stored if k - 1 in stored}
        sweeps = sorted(paired | rows.keys())
        last: Row | None = None
        for done, k in enumerate(sweeps, 1):
            row = rows.get(k)
            if row is not None:
                self.found += inconsistencies(run.problem, row, last, lightest)
                last = row
            if k in paired:
                row = self._recompute(verdicts, k, row)
            if row is not None:
                verdicts.see(row)
            if progress is not None:
                progress(done, len(sweeps))
        for k in sorted(stored - paired - {k - 1 for k in paired}):
            self._alone(verdicts, k, rows)
        extra = [_rows_claim(self.found, sorted(rows), self.pairs)] if rows else []
        return certify(verdicts, _basis(sweeps, self.pairs), extra)

    def _alone(self, verdicts: Verdicts, k: int, rows: dict[int, Row]) -> None:
        """A state without a neighbour: readable, feasible, and of the objective its rows say."""
        meter = self._meter_at(k)
        verdicts.see_state(k, meter.outside())
        for row, side in ((rows.get(k), "after"), (rows.get(k + 1), "before")):
            if row is not None:
                self.found += term_differences(row, side, meter.terms, 2 * meter.terms_error)

    def _meter_at(self, k: int) -> Meter:
        x, y, weights = self.run.data
        meter = Meter(self.run.problem, x, y, self.run.load(k), k, weights, self._constant)
        self._constant = meter.constant
        return meter

    def _recompute(self, verdicts: Verdicts, k: int, recorded: Row | None) -> Row:
        if self._meter is None or self._meter.sweep != k - 1:
            self._meter = self._meter_at(k - 1)
            verdicts.see_state(k - 1, self._meter.outside())
        row = self._meter.step(self.run.load(k))
        self.pairs.append(k)
        if recorded is not None and len(recorded.blocks) == len(row.blocks):
            self.found += differences(self.run.problem, recorded, row)
        return row


def _basis(sweeps: list[int], pairs: list[int]) -> str:
    if len(pairs) == len(sweeps):
        return "recomputed pairs"
    if not pairs:
        return "recorded rows"
    listed = ", ".join(f"{a}-{b}" if a < b else str(a) for a, b in ranges(pairs))
    return f"recorded rows; recomputed from states for sweeps {listed}"


def _rows_claim(found: Iterable[Difference], rows: list[int], pairs: list[int]) -> Claim:
    """``recorded_rows``: the rows agree with the states, the claim, each other and themselves."""
    first = next(iter(found), None)
    why = "every row agrees with the claim, the row before it, and the states stored"
    if first is not None:
        why = (
            f"sweep {first.sweep}: {first.key}: recorded {first.given}; expected "
            f"{first.expected} within {first.allowed:.3g}"
        )
    return Claim(
        claim="recorded_rows",
        verdict="certified" if first is None else "refuted",
        where=None if first is None else Place(first.sweep, first.block),
        margin=None,
        tolerance=None if first is None else first.allowed,
        why=why,
        assumptions=(
            f"rows without stored states are taken at their word: {len(pairs)} recomputed",
        ),
        basis="recorded rows against recomputed pairs",
        sweeps=ranges(rows),
    )
