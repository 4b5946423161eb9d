"""From two consecutive states to one audit row: nothing is judged here, only measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.block_b import judge_b
from nnbcd_checks.block_u import judge_u, judge_u_linear
from nnbcd_checks.block_v import judge_v
from nnbcd_checks.block_v_out import judge_v_out
from nnbcd_checks.block_w import judge_w
from nnbcd_checks.constants import block_constants, least_constant
from nnbcd_checks.errors import TraceError
from nnbcd_checks.feasible import feasibility, outside_of
from nnbcd_checks.judged import Bench, Judged
from nnbcd_checks.lipschitz import Bounds, relative_error_matrix
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.objective import Gaps, gaps_of, gradient_error, objective, objective_error
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import BlockRow, Row, SubgradientRow, SweepRow
from nnbcd_checks.states import larger, made, sizes_of, take_data, take_state, take_targets
from nnbcd_checks.subgradient import distance, element_norm, why_no_element
from nnbcd_checks.targets import Targets


class Meter:
    """Holds the state before a sweep with its products, and measures the sweep to the next.

    ``x`` (n, d_0), ``y`` (n, d_N), ``weights`` (n,) of a weighted loss and states are of the
    problem's dtype; ``start`` is the state after ``sweep`` sweeps.  ``constant``: the tensors
    that no block updates, of the run's first state; those of ``start`` where not given.
    """

    def __init__(
        self,
        problem: Problem,
        x: NDArray[Any],
        y: NDArray[Any],
        start: Mapping[str, NDArray[Any]],
        sweep: int = 0,
        weights: NDArray[Any] | None = None,
        constant: Mapping[str, Array] | None = None,
    ) -> None:
        self.problem, self.sweep = problem, sweep
        with judgeable(f"state {sweep}"):
            own_x, self._fixed, self._fixed_columns = take_data(problem, x)
            targets = Targets(problem.loss, *take_targets(problem, y, weights))
            taken, self._norms, self._columns = self._take(start, f"state {sweep}", constant)
            self._mixed = Mixed(problem, own_x, targets, taken)
            self._terms, self._terms_error = self._objective(gaps_of(self._mixed))
            lightest = float(targets.weights.min())
            self._constants = block_constants(problem, lightest)
            self._least = least_constant(problem, lightest)
            self._no_element = why_no_element(problem)

    def _take(
        self, state: Mapping[str, NDArray[Any]], where: str, constant: Mapping[str, Array] | None
    ) -> tuple[dict[str, Array], dict[str, float], dict[str, Array]]:
        """A state as it is judged, with norms: W of its factors, Z of no block that of the start.

        Before that, as stored, the feasibility of both is measured.
        """
        taken, norms, columns = take_state(self.problem, state, where)
        names = self.problem.constant_tensors
        self.constant = {name: taken[name] for name in names} if constant is None else constant
        self._outside = outside_of(self.problem, taken, {**taken, **self.constant})
        weights, weight_norms, weight_columns = made(self.problem, taken, where)
        return (
            {**taken, **self.constant, **weights},
            norms | self._fixed | weight_norms,
            columns | self._fixed_columns | weight_columns,
        )

    @property
    def terms(self) -> Mapping[str, float]:
        """The objective's terms at the last state."""
        return self._terms

    @property
    def terms_error(self) -> float:
        """How far the total of `terms` may be off."""
        return self._terms_error

    @property
    def targets(self) -> float:
        """``||Y||``."""
        return norm(self._mixed.targets.y)

    def outside(self) -> tuple[float | None, ...]:
        """`outside_of` the last state."""
        return self._outside

    def step(self, state: Mapping[str, NDArray[Any]]) -> Row:
        """Measure the sweep from the held state to ``state``, and hold that.

        `TraceError` where its numbers are too large for float64.
        """
        with judgeable(f"state {self.sweep + 1}"):
            return self._step(state)

    def _step(self, state: Mapping[str, NDArray[Any]]) -> Row:
        new, norms, columns = self._take(state, f"state {self.sweep + 1}", self.constant)
        old, self._norms = self._norms, norms
        sizes = larger(old, norms, self._columns, columns)
        self._columns = columns
        bench = Bench(self.problem, self._mixed, sizes)
        judged = [
            figures for block in self.problem.order for figures in self._judge(bench, block, new)
        ]
        before, before_error = self._terms, self._terms_error
        gaps = gaps_of(self._mixed)
        self._terms, self._terms_error = self._objective(gaps)
        row = Row(
            sweep=self.sweep + 1,
            before=before,
            after=self._terms,
            total=_total(judged, before, self._terms, before_error + self._terms_error),
            blocks=tuple(_block_row(figures) for figures in judged),
            subgradient=self._subgradient(bench, judged, gaps, (old, norms)),
            feasibility=feasibility(self.problem, gaps, norms, self._outside),
        )
        self.sweep += 1
        if not math.isfinite(self._terms["total"]):
            raise TraceError(f"state {self.sweep}: the objective overflows float64")
        return row

    def _judge(self, bench: Bench, block: str, new: Mapping[str, Array]) -> list[Judged]:
        kind, i = block[0], int(block[1:])
        if kind == "Z":
            layers = self.problem.z_blocks[block]
            return self.problem.layer(i).compression.judge(bench, layers, new, self._constants)
        if kind == "V":
            judge_one = judge_v_out if i == self.problem.depth else judge_v
            return [judge_one(bench, i, new, self._constants[block])]
        if kind == "W":
            judge_w_or_b = judge_b if self.problem.layer(i).compression.makes_w else judge_w
            return [judge_w_or_b(bench, i, new, self._constants[block])]
        if self.problem.layer(i).activation.linear:
            return [judge_u_linear(bench, i, new, self._constants[block])]
        return [judge_u(bench, i, new, self._constants[block])]

    def _objective(self, gaps: Gaps) -> tuple[dict[str, float], float]:
        """The objective's terms now, and how far their total may be off."""
        terms, sizes = (
            objective(self._mixed, gaps, self._norms),
            sizes_of(self._norms, self._columns),
        )
        return terms, objective_error(self._mixed, gaps, sizes, terms["loss"])

    def _subgradient(
        self,
        bench: Bench,
        judged: list[Judged],
        gaps: Gaps,
        norms: tuple[Mapping[str, float], Mapping[str, float]],
    ) -> SubgradientRow:
        mixed, nearest = self._mixed, distance(self._mixed)
        error = gradient_error(mixed, gaps, bench.sizes)
        if self._no_element is not None or bench.no_element:
            return SubgradientRow(nearest, error, None, None, None, self._least, None, None)
        witnesses = {witness.name: witness for witness in bench.witnesses}
        names = list(witnesses)
        element = math.hypot(*(element_norm(mixed, witness) for witness in witnesses.values()))
        limits = Bounds(*norms, gaps, bench.sizes)
        matrix = relative_error_matrix(self.problem, mixed, limits, names)
        steps = np.array([norm(witnesses[name].step) for name in names])
        left = math.hypot(*(figures.residual or 0.0 for figures in judged))
        allowed = math.hypot(*(figures.residual_tolerance for figures in judged))
        return SubgradientRow(
            distance=nearest,
            tolerance=error + allowed,
            element=element,
            bound=float(np.linalg.norm(matrix @ steps)),
            b=float(np.linalg.norm(matrix, 2)),
            lambda_=self._least,
            membership=left,
            membership_tolerance=allowed,
        )


@contextmanager
def judgeable(where: str) -> Iterator[None]:
    """Turns an overflow of float64 inside into a `TraceError` that says where."""
    try:
        yield
    except TraceError:
        raise
    except (OverflowError, ValueError, np.linalg.LinAlgError) as error:
        raise TraceError(f"{where}: numbers too large to be judged ({error})") from error


def _block_row(figures: Judged) -> BlockRow:
    return BlockRow(
        figures.block,
        figures.step,
        figures.decrease,
        figures.constant,
        figures.decrease_tolerance,
        figures.excess,
        figures.excess_tolerance,
        figures.residual,
        figures.residual_tolerance if figures.residual is not None else None,
    )


def _total(
    judged: list[Judged], before: Mapping[str, float], after: Mapping[str, float], error: float
) -> SweepRow:
    decrease = math.fsum(figures.decrease for figures in judged)
    steps = [figures.step for figures in judged]
    step = None if None in steps else math.hypot(*(s for s in steps if s is not None))
    return SweepRow(
        decrease=decrease,
        tolerance=math.fsum(figures.decrease_tolerance for figures in judged),
        step=step,
        gap=decrease - (before["total"] - after["total"]),
        gap_tolerance=math.fsum(figures.audit_error for figures in judged) + error,
    )
