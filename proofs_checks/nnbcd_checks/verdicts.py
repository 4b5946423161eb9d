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
    Tolerance,
    why_not_checkable,
)
from nnbcd_checks.problem import Problem, block_kind
from nnbcd_checks.rounding import AUDIT_UNIT, UNIT
from nnbcd_checks.row import BlockRow, Row

COARSE = 0.01
"""A wrong update is taken to cost at least this part of the objective."""


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
    targets: float = 0.0  # ||Y||
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in CLAIMS})
    sweeps: list[int] = field(default_factory=list)
    distances: list[tuple[int, float]] = field(default_factory=list)
    last: Row | None = None
    largest: float = 0.0  # objective
    prefix: Prefix = field(default_factory=Prefix)
    whole: bool = True  # every sweep from 1 on was seen

    def __post_init__(self) -> None:
        self.not_checkable = why_not_checkable(self.problem)
        self._own = AUDIT_UNIT / (UNIT[self.problem.dtype] + AUDIT_UNIT)

    def see_state(self, sweep: int, outside: Sequence[float | None]) -> None:
        """Judge the feasibility of a state that no row speaks of, such as the start."""
        self._feasibility(sweep, outside)

    def see(self, row: Row) -> None:
        """Judge one sweep."""
        self.whole = self.whole and row.sweep == len(self.sweeps) + 1
        self.sweeps.append(row.sweep)
        self.distances.append((row.sweep, row.subgradient.distance))
        self.last, self.largest = row, max(self.largest, row.before["total"])
        self._feasibility(row.sweep, row.feasibility.beyond)
        for block in row.blocks:
            self._block(row, block)
        self._sweep(row)
        if row.subgradient.element is not None:
            self._subgradient(row)
        else:
            for claim in ELEMENT_CLAIMS:
                self.not_checkable.setdefault(claim, f"sweep {row.sweep}: {UNKNOWN_ELEMENT}")
        if self.whole:
            self._rate(row)

    def _check(
        self, claim: str, found: float, allowed: float, whole: float, place: Place,
        harm: float = math.inf,
    ) -> None:  # fmt: skip
        tolerance = Tolerance(whole, whole * self._own, harm)
        self.tallies[claim].check(found, allowed, tolerance, place)

    def _feasibility(self, sweep: int, outside: Sequence[float | None]) -> None:
        for i, over in enumerate(outside, 1):
            block = f"{self.problem.layer(i).compression.keeper}{i}" if over else None
            self._check("feasibility", float(over or 0), 0.0, 0.0, Place(sweep, block))

    def _block(self, row: Row, block: BlockRow) -> None:
        place, harm = Place(row.sweep, block.block), self._harm(row)
        allowed = block.decrease_tolerance
        self._check("monotone_decrease", -block.decrease, 0.0, allowed, place, harm)
        if block.excess is not None and block.excess_tolerance is not None:
            over = block.excess_tolerance
            self._check("block_optimality", block.excess, 0.0, over, place, harm)
        else:
            self.tallies["block_optimality"].lack(place)
        if block.residual is None or block.residual_tolerance is None:
            self.tallies["block_optimality"].lack(place)
        elif not self._kinked(block.block):
            self._check("block_optimality", block.residual, 0.0, block.residual_tolerance, place)
        if block.constant is not None and block.step is not None:
            promised = -block.constant * block.step**2
            self._check("descent", -block.decrease, promised, allowed, place, harm)
        else:
            self.tallies["descent"].lack(place)

    def _kinked(self, block: str) -> bool:
        """Whether a right update may leave a large residual: where its values tie in rounding."""
        kind, i = block_kind(block)
        known = kind == "U" and i <= self.problem.depth
        return known and not self.problem.layer(i).activation.linear

    def _sweep(self, row: Row) -> None:
        place, total, harm = Place(row.sweep), row.total, self._harm(row)
        rise = row.after["total"] - row.before["total"]
        allowed = total.tolerance + total.gap_tolerance
        self._check("monotone_decrease", rise, 0.0, allowed, place, harm)
        gap = abs(total.gap)
        self._check("objective_consistency", gap, 0.0, total.gap_tolerance, place, harm)
        least = row.subgradient.lambda_
        if least is not None and total.step is not None:
            promised, tolerance = -least * total.step**2, total.tolerance
            self._check("sufficient_decrease", -total.decrease, promised, tolerance, place, harm)
        else:
            self.tallies["sufficient_decrease"].lack(place)

    def _subgradient(self, row: Row) -> None:
        place, figures = Place(row.sweep), row.subgradient
        element, bound = figures.element or 0.0, figures.bound or 0.0
        left, allowed = figures.membership or 0.0, figures.membership_tolerance or 0.0
        steep = self._steep(row)
        self._check("membership", left, 0.0, allowed, place, max(element, steep))
        tolerance, harm = figures.tolerance, max(bound, steep)
        self._check("relative_error", figures.distance, element, tolerance, place, harm)
        self._check("relative_error", element, bound, tolerance, place, harm)

    def _harm(self, row: Row) -> float:
        """What a wrong update costs at least: a part of the largest L so far, or of 1/2 ||Y||^2.

        The second keeps a run checkable that starts at an exact fit; where L is 0 and stays so,
        nothing can be wrong.
        """
        if row.before["total"] == row.after["total"] == 0.0:
            return math.inf
        return COARSE * max(self.largest, self.targets**2 / 2)

    def _steep(self, row: Row) -> float:
        """The gradient of ``c/2 ||r||^2`` in r of that size, for the largest weight c."""
        weights = (max(la.penalties.gamma, la.penalties.rho) for la in self.problem.layers)
        return math.sqrt(2 * max(weights) * self._harm(row))

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
        if self.tallies[claim].refuted:
            return "refuted", "the inequality fails where stated"
        reason = self._why_unknown(claim)
        if reason is not None:
            return "not_checkable", reason
        return "certified", "the inequality holds in every sweep covered"

    def _why_unknown(self, claim: str) -> str | None:
        tally = self.tallies[claim]
        if claim in self.not_checkable:
            return self.not_checkable[claim]
        if not self.sweeps:
            return "no sweep was judged"
        if claim in PREFIX_CLAIMS and not self.whole:
            return "sweeps from 1 on are not all at hand"
        if tally.missing is not None or tally.seen == 0:
            return _missing(tally.missing)
        return None if tally.hidden is None else _hidden(tally.hidden)


def _missing(place: Place | None) -> str:
    where = "" if place is None else f": {place.block or 'the sweep'} of sweep {place.sweep}"
    return f"a figure that this claim needs is missing{where}"


def _hidden(place: Place) -> str:
    return (
        f"{place.block or 'the whole'} of sweep {place.sweep}: off by less than rounding may be, "
        "but by as much as a wrong update would be; scale the data, or use float64"
    )
