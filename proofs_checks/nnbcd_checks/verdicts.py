"""Verdicts from rows: a fold that sees one row after another, and each row's figures only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from nnbcd_checks.claims import (
    CLAIMS,
    ELEMENT_CLAIMS,
    PREFIX_CLAIMS,
    UNKNOWN_ELEMENT,
    Place,
    Tally,
    why_not_checkable,
)
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import BlockRow, Row


@dataclass
class Prefix:
    """Sums over sweeps 1..K of the quantities in the rate inequality."""

    distance: float = 0.0
    decrease: float = 0.0
    allowance: float = 0.0
    residual: float = 0.0
    b: float = 0.0


@dataclass
class Verdicts:
    """The tallies of a run; `see` takes the rows of sweeps in ascending order."""

    problem: Problem
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in CLAIMS})
    sweeps: list[int] = field(default_factory=list)
    distances: list[tuple[int, float]] = field(default_factory=list)
    last: Row | None = None
    prefix: Prefix = field(default_factory=Prefix)
    whole: bool = True  # every sweep from 1 on was seen

    def __post_init__(self) -> None:
        self.not_checkable = why_not_checkable(self.problem)

    def see_state(self, sweep: int, outside: Sequence[float | None]) -> None:
        """Judge the feasibility of a state that no row speaks of, such as the start."""
        self._feasibility(sweep, outside)

    def see(self, row: Row) -> None:
        """Judge one sweep."""
        self.whole = self.whole and row.sweep == len(self.sweeps) + 1
        self.sweeps.append(row.sweep)
        self.distances.append((row.sweep, row.subgradient.distance))
        self.last = row
        self._feasibility(row.sweep, row.feasibility.beyond)
        for block in row.blocks:
            self._block(row.sweep, block)
        self._sweep(row)
        if row.subgradient.element is not None:
            self._subgradient(row)
        else:
            for claim in ELEMENT_CLAIMS:
                self.not_checkable.setdefault(claim, f"sweep {row.sweep}: {UNKNOWN_ELEMENT}")
        if self.whole:
            self._rate(row)

    def _check(
        self, claim: str, found: float, allowed: float, tolerance: float, place: Place
    ) -> None:
        self.tallies[claim].check(found, allowed, tolerance, place)

    def _feasibility(self, sweep: int, outside: Sequence[float | None]) -> None:
        for i, over in enumerate(outside, 1):
            block = f"Z{i}" if over else None
            self._check("feasibility", float(over or 0), 0.0, 0.0, Place(sweep, block))

    def _block(self, sweep: int, row: BlockRow) -> None:
        place = Place(sweep, row.block)
        self._check("monotone_decrease", -row.decrease, 0.0, row.decrease_tolerance, place)
        if row.excess is not None and row.excess_tolerance is not None:
            self._check("block_optimality", row.excess, 0.0, row.excess_tolerance, place)
        # Of a kinked U a right update may leave a large residual, where its values tie in rounding.
        smooth = not row.block.startswith("U")
        if smooth and row.residual is not None and row.residual_tolerance is not None:
            self._check("block_optimality", row.residual, 0.0, row.residual_tolerance, place)
        if row.constant is not None and row.step is not None:
            promised = -row.constant * row.step**2
            self._check("descent", -row.decrease, promised, row.decrease_tolerance, place)

    def _sweep(self, row: Row) -> None:
        place, total = Place(row.sweep), row.total
        rise = row.after["total"] - row.before["total"]
        allowed = total.tolerance + total.gap_tolerance
        self._check("monotone_decrease", rise, 0.0, allowed, place)
        self._check("objective_consistency", abs(total.gap), 0.0, total.gap_tolerance, place)
        least = row.subgradient.lambda_
        if least is not None and total.step is not None:
            promised = -least * total.step**2
            self._check("sufficient_decrease", -total.decrease, promised, total.tolerance, place)

    def _subgradient(self, row: Row) -> None:
        place, figures = Place(row.sweep), row.subgradient
        element, bound = figures.element or 0.0, figures.bound or 0.0
        left, allowed = figures.membership or 0.0, figures.membership_tolerance or 0.0
        self._check("membership", left, 0.0, allowed, place)
        self._check("relative_error", figures.distance, element, figures.tolerance, place)
        self._check("relative_error", element, bound, figures.tolerance, place)

    def _rate(self, row: Row) -> None:
        """``sum dist^2 <= b^2 (L_0 - L_K) / lambda``, with rounding entering as residuals.

        dist_k <= b_k ||delta_k|| + r_k and lambda ||delta_k||^2 <= decrease_k + t_k, so by
        Minkowski ``sqrt(sum dist^2) <= b sqrt((L_0 - L_K + sum t) / lambda) + sqrt(sum r^2)``.
        """
        figures, sums = row.subgradient, self.prefix
        if figures.b is None or not figures.lambda_ or not figures.lambda_ > 0:
            return
        sums.distance += figures.distance**2
        sums.decrease += row.total.decrease
        sums.allowance += row.total.tolerance
        sums.residual += figures.tolerance**2
        sums.b = max(sums.b, figures.b)
        budget = max(0.0, sums.decrease + sums.allowance) / figures.lambda_
        promised = sums.b * math.sqrt(max(0.0, sums.decrease) / figures.lambda_)
        slack = sums.b * math.sqrt(budget) - promised + math.sqrt(sums.residual)
        self._check("rate", math.sqrt(sums.distance), promised, slack, Place(row.sweep))

    def verdict(self, claim: str) -> tuple[str, str]:
        """``certified``, ``refuted`` or ``not_checkable``, and why."""
        tally = self.tallies[claim]
        if tally.refuted:
            return "refuted", "the inequality fails where stated"
        if claim in self.not_checkable:
            return "not_checkable", self.not_checkable[claim]
        if not self.sweeps:
            return "not_checkable", "no sweep was judged"
        if claim in PREFIX_CLAIMS and not self.whole:
            return "not_checkable", "sweeps from 1 on are not all at hand"
        if tally.seen == 0:
            return "certified", "nothing to judge: no block of this kind"
        return "certified", "the inequality holds in every sweep covered"
