"""What one block update did, and the generic judgement of a quadratic block.

With f the objective in one block (all others fixed), quadratic with Hessian H_f, P the new
value, D = P - P_old and R = grad f(P) + a D the residual of the block's optimality condition,
for ANY P

    f(P_old) - f(P) = <D, (a I + H_f / 2) D> - <R, D>,
    F(P) - min F    = 1/2 R^T H^{-1} R,    F = f + a/2 ||. - P_old||^2,  H = H_f + a I,

both by Taylor's formula, which is exact here.  Neither subtracts two objective values, so that
nothing cancels near a fixed point; with R = 0 the first gives the guaranteed decrease
``(a + lambda_min(H_f) / 2) ||D||^2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nnbcd_checks.arrays import Array, Term
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.problem import Problem
from nnbcd_checks.rounding import AUDIT_UNIT, SMALLEST, Slack, growth, iterate_unit

Constants: TypeAlias = Mapping[str, float | None]


@dataclass(frozen=True)
class Judged:
    """The figures of one block update; ``None`` where no theorem or no figure exists.

    ``audit_error``: how far ``decrease`` may be off by the auditor's own rounding.
    ``residual``: distance of the block from stationarity right after its update, prox included.
    """

    block: str
    step: float | None
    decrease: float
    constant: float | None
    decrease_tolerance: float
    excess: float | None
    excess_tolerance: float | None
    residual: float | None
    residual_tolerance: float
    audit_error: float


@dataclass(frozen=True)
class Sizes:
    """Frobenius norms of every tensor, the larger of before and after the sweep."""

    norms: dict[str, float]

    def __call__(self, name: str) -> float:
        """The norm of tensor ``name``, or another bound that `tensor_norms` keeps."""
        return self.norms[name]

    def over_samples(self, samples: int) -> float:
        """`growth` of a sum over so many samples."""
        return growth(samples, self("repeats"))

    def shaped(self, problem: Problem, i: int) -> float:
        """A bound of ``||s(U_i)||`` and of the norms of what it is computed from."""
        layer = problem.layer(i)
        spread = math.sqrt(problem.samples * layer.outputs) * layer.activation.offset
        return layer.activation.lipschitz * self(f"U{i}") + spread

    def prediction(self, problem: Problem, i: int) -> tuple[float, float]:
        """For ``P_i = V_{i-1} W_i^T + b_i``: a bound of ``|V||W|^T + |b|``, and of an error.

        The second is how far a computed ``P_i - U_i`` may be off, in unit roundoffs.
        """
        bias = math.sqrt(problem.samples) * self(f"b{i}")
        product, width = self(f"product {i}"), problem.layer(i).inputs
        return product + bias, growth(width) * product + 2 * (bias + self(f"U{i}"))


@dataclass(frozen=True)
class Witness:
    """One tensor right after its update: the smooth part's gradient there, prox and step."""

    name: str
    terms: tuple[Term, ...]
    prox: float
    step: Array


@dataclass(frozen=True)
class Bench:
    """Everything a block's judge works with; ``mixed`` moves through the sweep."""

    problem: Problem
    mixed: Mixed
    sizes: Sizes
    witnesses: list[Witness] = field(default_factory=list)
    no_element: list[str] = field(default_factory=list)  # why this sweep has no element of dL

    def witness(self, name: str, terms: Sequence[Term], prox: float, step: Array) -> None:
        """Keep what the subgradient element of the sweep is made of."""
        self.witnesses.append(Witness(name, tuple(terms), prox, step))

    @property
    def unit(self) -> float:
        """Unit roundoff of the iterates plus that of the auditor."""
        return iterate_unit(self.problem.dtype)

    def underflow(self, entries: int, weight: float) -> float:
        """How far underflow may put a residual, or a sum of values, of so many entries off.

        Every entry is the result of a few operations on numbers weighted by at most ``weight``;
        each may be off by the smallest normal number of the working dtype.
        """
        return 8 * SMALLEST[self.problem.dtype] * entries * (1 + weight)

    @property
    def double(self) -> bool:
        """Whether the iterates are float64."""
        return self.problem.dtype == "float64"


@dataclass(frozen=True)
class Quadratic:
    """A quadratic block after its update: prox weight a, and the numbers of the identities."""

    prox: float
    step_square: float  # ||D||^2
    curved: float  # <D, H_f D>
    residual_square: float  # ||R||^2
    inner: float  # <R, D>
    cheap: float  # an upper bound of 1/2 R^T H^{-1} R
    exact: Callable[[], float]  # 1/2 R^T H^{-1} R itself
    slack: Slack
    size: int
    curved_error: float = 0.0  # how far `curved` may be off


def judge_quadratic(bench: Bench, block: str, constant: float | None, found: Quadratic) -> Judged:
    """The figures of a quadratic block."""
    unit = bench.unit
    slack = found.slack.with_underflow(bench.underflow(found.size, found.slack.top), unit)
    step, residual = math.sqrt(found.step_square), math.sqrt(found.residual_square)
    in_h = math.sqrt(found.prox * found.step_square + found.curved)
    moved = found.prox * found.step_square + found.curved + residual * step
    many = growth(found.size, bench.sizes("repeats"))
    own = AUDIT_UNIT * many * moved + found.curved_error
    return Judged(
        block=block,
        step=step,
        decrease=found.prox * found.step_square + found.curved / 2 - found.inner,
        constant=constant,
        decrease_tolerance=slack.inner(unit, step, in_h) + own,
        excess=_excess(found, slack, unit),
        excess_tolerance=slack.excess(unit),
        residual=residual,
        residual_tolerance=slack.plain(unit),
        audit_error=slack.inner(AUDIT_UNIT, step, in_h) + own,
    )


def _excess(found: Quadratic, slack: Slack, unit: float) -> float:
    """The excess, by its cheap upper bound where that already settles the matter."""
    least = found.residual_square / (2 * slack.top)
    if slack.singular:
        return least
    if found.cheap <= slack.excess(unit):
        return found.cheap
    return min(max(found.exact(), least), found.cheap)
