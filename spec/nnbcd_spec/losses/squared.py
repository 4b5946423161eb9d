"""``1/2 ||V_N - Y||^2``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.losses.base import CONVEX, Problem, RowSum, Weighted
from nnbcd_spec.objective import square
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.symbols import S_min


@dataclass(frozen=True)
class Squared(RowSum):
    """Half the squared distance, summed over samples and outputs."""

    kind: ClassVar[str] = "squared"
    facts: ClassVar[Facts] = Facts(
        constant=CONVEX + S_min / 2,
        source="Li et al., arXiv 2303.06815, the V_N subproblem",
        unique=True,
        targets="any",
    )

    def row(self, v: Array, y: Array) -> Any:
        """``1/2 ||v - y||^2``."""
        return square(v - y) / 2

    def minimise(self, problem: Problem, y: Array, v_old: Array, weights: Array) -> Array:
        """A polynomial: the minimiser of a quadratic."""
        (v,) = minimise(lambda v: problem(v, Weighted(self, weights)), v_old)
        return v
