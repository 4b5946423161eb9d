"""Matrices of low rank, by a truncated SVD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import mpmath
import numpy as np
import sympy as sp
from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.matrix import MatrixSet
from nnbcd_spec.exact import Array, at_working_precision, to_mpf
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.objective import Objective
from nnbcd_spec.symbols import alpha_z, d, p


@dataclass(frozen=True)
class LowRank(MatrixSet):
    """``rank Z <= rank``, ``C(Z) = Z``."""

    kind: ClassVar[str] = "low_rank"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Eckart and Young, Psychometrika 1936",
        keys={"rank": Whole(1, sp.Min(d, p))},
        ties=("any",),
        closed_form=False,
    )
    rank: int

    @at_working_precision
    def update(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """The truncated SVD of the unconstrained minimiser: exact where that has the rank, else
        ``mpf``; one of the possible truncations where singular values tie.

        Raises ValueError where the objective is not a multiple of a squared distance in Z.
        """
        quadratic = self.quadratic(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective)
        scale = quadratic.hessian[0].get(0, QQ(0))
        if scale <= 0 or any(row != {i: scale} for i, row in enumerate(quadratic.hessian)):
            raise ValueError("Z's objective is no multiple of a squared distance: no SVD solves it")
        free = np.array([-g / scale for g in quadratic.slope], dtype=object).reshape(w.shape)
        if DomainMatrix(free.tolist(), w.shape, QQ).rank() <= self.rank:
            return (free,)
        return (truncated(free, self.rank),)

    def minimisers(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """One of them: where singular values tie they may be infinitely many."""
        return (self.update(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective),)


def truncated(matrix: Array, rank: int) -> Array:
    """The ``rank`` leading terms of the SVD, at mpmath's working precision."""
    rows = np.frompyfunc(to_mpf, 1, 1)(matrix).tolist()
    tall = len(rows) >= len(rows[0])
    u, s, v = mpmath.svd_r(mpmath.matrix(rows if tall else [*map(list, zip(*rows, strict=True))]))
    left, right = (np.array(m.tolist(), dtype=object) for m in (u, v))
    values = np.array(list(s), dtype=object)[:rank]
    product = (left[:, :rank] * values) @ right[:rank]
    return np.asarray(product if tall else product.T, dtype=object)
