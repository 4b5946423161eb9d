"""Recorded rows against recomputed ones, and against themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nnbcd_checks.constants import block_constants, least_constant, row_blocks
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import TERMS, BlockRow, Row
from nnbcd_checks.subgradient import why_no_element

CLOSE = 1e-9
ROUGH = 1e-6
LIKE = 1.0
"""Relative: a tolerance is computed from figures that may themselves be rounding, so that another
number of threads may make it another; one of the same size is as good."""


@dataclass(frozen=True)
class Difference:
    """A figure of a recorded row that is not what it should be."""

    sweep: int
    key: str
    given: float | None
    expected: float | None
    allowed: float
    block: str | None = None


Check = tuple[str, float | None, float | None, float]


def differs(given: float | None, expected: float | None, allowed: float) -> bool:
    """Whether two figures differ by more than ``allowed``; a missing figure only equals itself."""
    if given is None or expected is None:
        return given is not expected
    return not abs(given - expected) <= allowed


def inconsistencies(
    problem: Problem, row: Row, last: Row | None, lightest: float = 1.0
) -> Iterator[Difference]:
    """What a recorded row says against itself, the claim, and the row before it.

    ``lightest``: the least sample weight.
    """
    expected = block_constants(problem, lightest)
    names = [name for block in problem.order for name in row_blocks(problem, block)]
    if [block.block for block in row.blocks] != names:
        yield Difference(row.sweep, "blocks", None, None, 0.0)
        return
    for block in row.blocks:
        want = expected[block.block]
        if differs(block.constant, want, CLOSE * abs(want or 0.0)):
            key = f"blocks.{block.block}.constant"
            yield Difference(row.sweep, key, block.constant, want, 0.0, block.block)
    least = least_constant(problem, lightest)
    checks: list[Check] = [
        ("subgradient.lambda", row.subgradient.lambda_, least, CLOSE * (least or 0))
    ]
    checks += _sums(row)
    if last is not None:
        slack = row.total.gap_tolerance + last.total.gap_tolerance
        for term in TERMS:
            before = row.before[term]
            checks.append((f"before.{term}", before, last.after[term], slack + CLOSE * abs(before)))
    for key, given, want, allowed in checks:
        if differs(given, want, allowed):
            yield Difference(row.sweep, key, given, want, allowed)
    for layer, beyond in zip(problem.layers, row.feasibility.beyond, strict=False):
        if layer.compression.binds_w and beyond is None:
            yield Difference(row.sweep, "feasibility.outside", None, 0.0, 0.0)
    figures = row.subgradient
    missing = [figures.element, figures.bound, figures.b, figures.membership].count(None)
    if missing not in _missing_allowed(problem):
        yield Difference(row.sweep, "subgradient", None, None, 0.0)


def _missing_allowed(problem: Problem) -> tuple[int, ...]:
    """How many of the element's four figures may be missing."""
    if why_no_element(problem) is not None:
        return (4,)
    open_ = any(layer.compression.may_lack_element for layer in problem.layers)
    return (0, 4) if open_ else (0,)


def _sums(row: Row) -> list[Check]:
    """The figures of a row that are sums of others."""
    found: list[Check] = []
    for side, terms in (("before", row.before), ("after", row.after)):
        whole = math.fsum(terms[name] for name in TERMS[:-1])
        found.append((f"{side}.total", terms["total"], whole, CLOSE * abs(whole)))
    total, blocks = row.total, row.blocks
    size = math.fsum(abs(block.decrease) for block in blocks)
    decrease = math.fsum(block.decrease for block in blocks)
    found.append(("total.decrease", total.decrease, decrease, CLOSE * size))
    tolerance = math.fsum(block.decrease_tolerance for block in blocks)
    found.append(("total.tolerance", total.tolerance, tolerance, CLOSE * tolerance))
    gap = total.decrease - (row.before["total"] - row.after["total"])
    scale = abs(row.before["total"]) + abs(row.after["total"]) + size
    found.append(("total.gap", total.gap, gap, total.gap_tolerance + CLOSE**1.5 * scale))
    steps = [block.step for block in blocks if block.step is not None]
    step = math.hypot(*steps) if len(steps) == len(blocks) else None
    found.append(("total.step", total.step, step, CLOSE * (step or 0.0)))
    return found


def term_differences(
    given: Row, side: str, want: Mapping[str, float], tolerance: float
) -> Iterator[Difference]:
    """Where the objective's terms on one side of a row are not those of the state there."""
    recorded: Mapping[str, float] = getattr(given, side)
    for term in TERMS:
        allowed = tolerance + CLOSE * abs(want[term])
        if differs(recorded[term], want[term], allowed):
            yield Difference(given.sweep, f"{side}.{term}", recorded[term], want[term], allowed)


def differences(problem: Problem, given: Row, want: Row) -> Iterator[Difference]:
    """Where a recorded row is not what its two states give, beyond rounding."""
    for side in ("before", "after"):
        yield from term_differences(given, side, getattr(want, side), want.total.gap_tolerance)
    for ours, theirs in zip(given.blocks, want.blocks, strict=True):
        for key, left_, right_, allowed in _block_checks(ours, theirs):
            if differs(left_, right_, allowed):
                name = f"blocks.{theirs.block}.{key}"
                yield Difference(given.sweep, name, left_, right_, allowed, theirs.block)
    for key, left_, right_, allowed in _other_checks(problem, given, want):
        if differs(left_, right_, allowed):
            yield Difference(given.sweep, key, left_, right_, allowed)


def _block_checks(given: BlockRow, want: BlockRow) -> list[Check]:
    step = want.step or 0.0
    found: list[Check] = [
        ("step", given.step, want.step, CLOSE * step),
        (
            "decrease",
            given.decrease,
            want.decrease,
            2 * want.decrease_tolerance + CLOSE * abs(want.decrease),
        ),
    ]
    for key in ("decrease_tolerance", "excess_tolerance", "residual_tolerance"):
        bound = getattr(want, key)
        found.append((key, getattr(given, key), bound, LIKE * abs(bound or 0.0)))
    if want.residual is not None:
        allowed = 2 * (want.residual_tolerance or 0.0) + ROUGH * want.residual
        found.append(("residual", given.residual, want.residual, allowed))
    if want.excess is not None and want.constant:
        allowed = 2 * (want.excess_tolerance or 0.0) + ROUGH * want.excess
        found.append(("excess", given.excess, want.excess, allowed))
    return found


def _other_checks(problem: Problem, given: Row, want: Row) -> Iterator[Check]:
    left, right = given.subgradient, want.subgradient
    for key in ("distance", "element", "bound"):
        value = getattr(right, key)
        allowed = 2 * right.tolerance + ROUGH * abs(value or 0.0)
        yield f"subgradient.{key}", getattr(left, key), value, allowed
    allowed = 2 * (right.membership_tolerance or 0.0)
    yield "subgradient.membership", left.membership, right.membership, allowed
    for key in ("tolerance", "membership_tolerance"):
        bound = getattr(right, key)
        yield f"subgradient.{key}", getattr(left, key), bound, LIKE * abs(bound or 0.0)
    bound = want.total.gap_tolerance
    yield "total.gap_tolerance", given.total.gap_tolerance, bound, LIKE * bound
    yield "subgradient.b", left.b, right.b, ROUGH * (1.0 + abs(right.b or 0.0))
    weights = {"activation": "gamma", "linear": "rho", "compression": "tau"}
    for key, weight in weights.items():
        pairs = zip(getattr(given.feasibility, key), getattr(want.feasibility, key), strict=False)
        for layer, (ours, theirs) in zip(problem.layers, pairs, strict=False):
            scale = getattr(layer.penalties, weight) or 1.0
            off = math.sqrt(2 * want.total.gap_tolerance / scale)
            yield f"feasibility.{key}", ours, theirs, off + ROUGH * abs(theirs or 0.0)
    for key in (*weights, *(f"relative_{key}" for key in weights), "beyond"):
        ours, theirs = (float(len(getattr(row.feasibility, key))) for row in (given, want))
        yield f"feasibility.{key}", ours, theirs, 0.0
    for ours, theirs in zip(given.feasibility.beyond, want.feasibility.beyond, strict=False):
        yield "feasibility.outside", ours, theirs, ROUGH * abs(theirs or 0.0)
