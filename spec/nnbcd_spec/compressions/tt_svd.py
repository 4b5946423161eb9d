"""Tensor trains by truncated SVDs, as published: no minimiser, covered by no descent theorem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import mpmath
import numpy as np

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.factored import DIRECT, FACTORED
from nnbcd_spec.compressions.tt import Train
from nnbcd_spec.exact import DIGITS, Array, to_fraction
from nnbcd_spec.facts import Facts
from nnbcd_spec.objective import Objective


@dataclass(frozen=True)
class TensorTrainSVD(Train):
    """The set of the trains; Z is set to the left-to-right TT-SVD of W.

    Uncertified: quasi-optimal within sqrt(q - 1) of the nearest train (Oseledets, SISC 2011), and
    able to raise the objective.  Its numbers are algebraic: mpmath ``mpf`` of 50 digits.
    """

    kind: ClassVar[str] = "tt_svd"
    facts: ClassVar[Facts] = replace(
        FACTORED,
        constant=None,
        keys={name: domain for name, domain in FACTORED.keys.items() if name not in DIRECT},
        unique=False,
        ties=("any",),
        closed_form=False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        columns = [r * m for r, m in zip((1, *self.ranks[:-1]), self.modes[:-1], strict=True)]
        if any(rank > most for rank, most in zip(self.ranks, columns, strict=True)):
            raise ValueError(f"ranks: given {self.ranks}; allowed: at most {columns} left to right")

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """The contracted cores as a matrix, at 50 digits whatever mpmath's working precision."""
        with mpmath.workdps(DIGITS):
            return super().expand(z, shape)

    def update(
        self,
        z_old: Factors,
        w: Array,
        *,
        tau: Any,
        alpha_z: Any,
        objective: Objective,
    ) -> Factors:
        """``TT-SVD(w)``, whatever the old cores, the penalties and the objective.

        Where singular values tie at a cut, one of the possible truncations, and each core is
        determined up to signs only: compare ``C(Z)`` or values, never cores.
        """
        with mpmath.workdps(DIGITS):
            return tt_svd(w, self.modes, self.ranks)

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """The one update, no minimiser."""
        return (self.update(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective),)


def tt_svd(w: Array, modes: tuple[int, ...], ranks: tuple[int, ...]) -> Factors:
    """Left-orthonormal cores, the last one carrying the norm, at mpmath's working precision."""
    rest = np.asarray(np.frompyfunc(_mpf, 1, 1)(w), dtype=object)
    cores, before = [], 1
    for mode, rank in zip(modes[:-1], ranks, strict=True):
        u, s, v = mpmath.svd_r(mpmath.matrix(rest.reshape(before * mode, -1).tolist()))
        left, right = _array(u)[:, :rank], _array(v)[:rank]
        cores.append(left.reshape(before, mode, rank))
        rest, before = np.array(list(s), dtype=object)[:rank, None] * right, rank
    return (*cores, rest.reshape(before, modes[-1], 1))


def _mpf(x: Any) -> Any:
    q = to_fraction(x)
    return mpmath.mpf(q.numerator) / q.denominator


def _array(matrix: Any) -> Array:
    return np.array(matrix.tolist(), dtype=object)
