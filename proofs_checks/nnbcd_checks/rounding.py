"""Rounding bounds: how large a residual a right run may leave, and how far arithmetic may be off.

Every tolerance of the auditor is ``unit * (magnitudes that enter)``: the unit roundoff of the
iterates' dtype (a correct solver rounds in it) plus that of float64 (the auditor rounds in it),
times norms of the operands, times a factor that grows with the length of a sum like its square
root (the probabilistic bound of Higham and Mary, SIAM J. Sci. Comput. 41, 2019).  Nothing is a
fraction of the objective: where a net fits exactly the operands remain and the objective is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}
AUDIT_UNIT = UNIT["float64"]
SMALLEST = {"float32": 2.0**-126, "float64": 2.0**-1022}
"""Smallest normal numbers: below them an operation may be off by as much, whatever its operands."""


def iterate_unit(dtype: str) -> float:
    """Unit roundoff of the iterates plus that of the auditor."""
    return UNIT[dtype] + AUDIT_UNIT


def smallest(unit: float) -> float:
    """The smallest normal number of the dtype with that unit roundoff."""
    return next(SMALLEST[dtype] for dtype, roundoff in UNIT.items() if roundoff == unit)


def positive(curvature: float) -> float:
    """A largest curvature to divide by: where it is 0, so is every residual."""
    return max(curvature, SMALLEST["float64"])


def kink_band(dtype: str) -> float:
    """Relative to a break, how far from it an iterate may be that was put on it.

    The break itself may not be a number of the working dtype.
    """
    return 2 * UNIT[dtype]


def growth(length: int, repeats: float = 1.0) -> float:
    """How many unit roundoffs a sum of ``length`` products may be off, relative to magnitudes.

    Rounding errors are modelled as independent with mean 0, so that they grow like the square
    root of the length; the factor 1/2 stands for summation in blocks, as every BLAS does.  Equal
    terms make equal errors: where each term occurs ``repeats`` times on average (sum of squared
    counts over their sum), variances add up to ``length * repeats``.  Never more than the
    worst case of summation in blocks of 32 to 2048 terms, whatever the terms.
    """
    return 4.0 + min(0.5 * math.sqrt(length * repeats), 2048 + length / 32)


@dataclass(frozen=True)
class Slack:
    """The residual R a right update may leave in a quadratic block, in unit roundoffs.

    With H the Hessian of the block problem (prox included), R is a sum of
    - *structured* parts ``H^{1/2} e``: errors in the data the block is fitted to, and in storing
      the result; ``structured`` bounds the sum of ``||e||``, which is their H^{-1} norm;
    - *generic* parts in any direction: ``(bound of ||R||, floor)`` with ``H >= floor`` on the
      space they live in, so that their H^{-1} norm is at most ``bound / sqrt(floor)``.
    ``top >= ||H||_2`` turns the structured parts back into a plain norm.
    """

    structured: float
    generic: tuple[tuple[float, float], ...]
    top: float

    @property
    def singular(self) -> bool:
        """Whether no positive floor of H is known: then only the plain norm is bounded."""
        return any(bound > 0 and floor <= 0 for bound, floor in self.generic)

    def plain(self, unit: float) -> float:
        """The bound of ``||R||``."""
        return unit * (self.structured * math.sqrt(self.top) + sum(b for b, _ in self.generic))

    def energy(self, unit: float) -> float:
        """The bound of the H^{-1} norm of R; infinite where H may be singular."""
        if self.singular:
            return math.inf
        parts = sum(bound / math.sqrt(floor) for bound, floor in self.generic if bound > 0)
        return unit * (self.structured + parts)

    def with_underflow(self, error: float, unit: float) -> Slack:
        """This slack, and a residual of norm ``error`` that no magnitude of an operand explains."""
        floor = min((f for bound, f in self.generic if bound > 0), default=self.top)
        return Slack(self.structured, (*self.generic, (error / unit, floor)), self.top)

    def excess(self, unit: float) -> float:
        """The bound of ``1/2 R^T H^{-1} R``; of its lower bound ``||R||^2/(2 top)`` if singular."""
        if self.singular:
            size = self.plain(unit)
            return 0.5 * (size / self.top) * size
        size = self.energy(unit)
        return 0.5 * size * size  # infinite where ``size ** 2`` would raise

    def inner(self, unit: float, step: float, step_in_h: float) -> float:
        """The bound of ``|<R, D>|`` for a step with ``||D||`` and ``||D||_H`` as given."""
        return min(self.plain(unit) * step, self.energy(unit) * step_in_h if step_in_h else 0.0)
