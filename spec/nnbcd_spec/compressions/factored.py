"""Compressions by several factors, on each of which ``C(Z)`` depends linearly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_spec.compressions.base import Bond, Compression, Factors, OwnBlock, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Flag, Listed, Whole, require
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.symbols import alpha_z, d, p

DIRECT = {"direct": Flag()}
"""The key of a compression of which W can be made."""

FACTORED = Facts(
    constant=alpha_z,
    source="Oseledets, SIAM Journal on Scientific Computing 2011; Li et al., arXiv 2303.06815",
    keys={"modes": Listed(Whole(1), least=2, product=d * p), "ranks": Listed(Whole(1)), **DIRECT},
    unique=True,
)
"""What holds factor by factor: the constant counts the squared step of every factor."""


def one_pass(problem: Callable[[Factors], Any], z_old: Factors) -> Factors:
    """One pass, ascending: each factor the exact minimiser with the others at their newest.

    ``problem`` is the block's objective as a function of the factors.  Unique where it is strictly
    convex in a factor; otherwise the minimiser nearest to the old factor.
    """
    factors = z_old
    for j in range(len(factors)):

        def in_factor(factor: Array, j: int = j, factors: Factors = factors) -> Any:
            return problem((*factors[:j], factor, *factors[j + 1 :]))

        (factor,) = minimise(in_factor, factors[j])
        factors = (*factors[:j], factor, *factors[j + 1 :])
    return factors


@dataclass(frozen=True, kw_only=True)
class Factored(OwnBlock):
    """One Gauss-Seidel pass over the factors; ``direct`` says that W is made of them."""

    kind: ClassVar[str]
    direct: bool = False

    def __post_init__(self) -> None:
        require(f"{self.kind} direct", Flag(), self.direct)

    @property
    def bond(self) -> Bond:
        """``direct`` where W is made of the factors, else ``penalty``."""
        return "direct" if self.direct else "penalty"

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """:func:`one_pass` towards ``w``."""
        member: Compression = self  # type: ignore[assignment]  # every subclass is a compression

        def problem(z: Factors) -> Any:
            return block_objective(
                z, z_old, w, compression=member, tau=tau, alpha_z=alpha_z, objective=objective
            )

        return one_pass(problem, z_old)

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """The one update."""
        return (self.update(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective),)
