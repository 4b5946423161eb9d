"""Compressions by several factors, on each of which ``C(Z)`` depends linearly."""

from __future__ import annotations

from typing import Any

from nnbcd_spec.compressions.base import Compression, Factors, OwnBlock, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Listed, Whole
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.symbols import alpha_z, d, p

FACTORED = Facts(
    constant=alpha_z,
    source="Oseledets, SIAM Journal on Scientific Computing 2011; Li et al., arXiv 2303.06815",
    keys={"modes": Listed(Whole(1), least=2, product=d * p), "ranks": Listed(Whole(1))},
    unique=True,
)
"""What holds factor by factor: the constant counts the squared step of every factor."""


class Factored(OwnBlock):
    """One Gauss-Seidel pass over the factors."""

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """One pass, ascending: each factor the exact minimiser with the others at their newest.

        Unique where ``alpha_z > 0``; otherwise the minimiser nearest to the old factor.
        """
        member: Compression = self  # type: ignore[assignment]  # every subclass is a compression
        factors = z_old
        for j in range(len(factors)):

            def factor_objective(factor: Array, j: int = j, factors: Factors = factors) -> Any:
                return block_objective(
                    (*factors[:j], factor, *factors[j + 1 :]), z_old, w,
                    compression=member, tau=tau, alpha_z=alpha_z, objective=objective,
                )  # fmt: skip

            (factor,) = minimise(factor_objective, factors[j])
            factors = (*factors[:j], factor, *factors[j + 1 :])
        return factors

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """The one update."""
        return (self.update(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective),)
