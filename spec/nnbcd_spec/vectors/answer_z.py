"""The answers to Z's block, by the shape of its set."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import mpmath
import numpy as np

from nnbcd_spec import blocks
from nnbcd_spec.compressions import COMPRESSIONS, Factors
from nnbcd_spec.compressions.base import block_objective
from nnbcd_spec.exact import exact, next_mpf, rational, to_fraction, to_mpf
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.quadratic import differentiate, generators, solve_semidefinite
from nnbcd_spec.values import z_minimisers, z_value
from nnbcd_spec.vectors.binary import VALUE_BITS, few
from nnbcd_spec.vectors.case import Answer, Case

MOST = 32
"""A tie with more minimisers than this is not written."""


def answer_z(case: Case) -> Answer:
    """The new factors, with all the minimisers where the set is a union of supports."""
    return OTHERS.get(case.member["kind"], _factored)(case)


def update(case: Case, **changed: Any) -> Factors:
    """The specification's own update of a case."""
    compression = COMPRESSIONS.from_json(changed.pop("member", case.member))
    new = blocks.update_z(**{**case.inputs, **changed}, compression=compression, **case.penalties)
    return tuple(new)


def value(case: Case, z: Factors) -> Any:
    """The value of the block's problem at any ``z``."""
    compression = COMPRESSIONS.from_json(case.member)
    return z_value(z, **case.inputs, compression=compression, **case.penalties)


def _listed(case: Case) -> Answer:
    """The update, and the other choices that a tie leaves."""
    compression = COMPRESSIONS.from_json(case.member)
    every = z_minimisers(**case.inputs, compression=compression, **case.penalties)
    if len(every) > MOST:
        raise ValueError("more tied minimisers than are written")
    least = None if case.member["kind"] == "grid" else value(case, every[0])
    others = tuple({"z": z} for z in every[1:])
    return Answer({"z": every[0]}, least, others, required=_exact_sums(case))


def _exact_sums(case: Case) -> bool:
    """Whether the weighted mean M and sums of its squares are exact in binary arithmetic."""
    compression = COMPRESSIONS.from_json(case.member)
    w = case.inputs["w"]
    old = compression.expand(case.inputs["z_old"], w.shape)
    free = COMPRESSIONS.from_json({"kind": "prune", "nonzeros": w.size})
    (mean,) = blocks.update_z((old,), w, compression=free, **case.penalties)
    operands = [x for array in (*case.inputs["z_old"], w, mean) for x in array.flat]
    squares = [to_fraction(x) ** 2 for x in mean.flat]
    return few(operands) and few([*squares, sum(squares)], VALUE_BITS)


def _low_rank(case: Case) -> Answer:
    """A truncated SVD, one of infinitely many where singular values tie at the cut."""
    (new,) = update(case)
    least = value(case, (new,))
    w, rank = case.inputs["w"], case.member["rank"]
    free = COMPRESSIONS.from_json({"kind": "prune", "nonzeros": w.size})
    (mean,) = blocks.update_z(case.inputs["z_old"], w, compression=free, **case.penalties)
    with mpmath.workdps(50):
        rows = [[to_mpf(x) for x in row] for row in (mean if len(w) >= len(w.T) else mean.T)]
        sizes = sorted(mpmath.svd_r(mpmath.matrix(rows), compute_uv=False), reverse=True)
        tied = (
            rank < len(sizes) and sizes[rank - 1] - sizes[rank] < sizes[0] * mpmath.mpf(10) ** -30
        )
        continuum = bool(tied and sizes[rank] > 0)
    exact_value = least if least.denominator < 10**40 else next_mpf(least)
    return Answer({"z": (new,)}, exact_value, continuum=continuum)


def _factored(case: Case) -> Answer:
    """One ascending pass over the factors; not unique where a factor's system is singular."""
    new = update(case)
    free = case.penalties["alpha_z"] == 0 and not all(
        _definite(case, new, j) for j in range(len(new))
    )
    return Answer({"z": new}, continuum=free)


def _definite(case: Case, new: Factors, j: int) -> bool:
    """Whether factor ``j`` is unique with the factors before it new and those after it old."""
    old = tuple(exact(f, "z_old", ndim=np.ndim(f)) for f in case.inputs["z_old"])
    gens = generators(prod(old[j].shape))
    factor = np.array([None, *gens], dtype=object)[1:].reshape(old[j].shape)
    others = tuple(exact(f, "z", ndim=np.ndim(f)) for f in new)
    polynomial = block_objective(
        (*others[:j], factor, *old[j + 1 :]), old, exact(case.inputs["w"], "w"),
        compression=COMPRESSIONS.from_json(case.member), tau=rational(case.penalties["tau"]),
        alpha_z=rational(case.penalties["alpha_z"]), objective=STANDARD,
    )  # fmt: skip
    hessian = differentiate(polynomial, gens).hessian
    dense = [[row.get(k, rational(0)) for k in range(len(gens))] for row in hessian]
    return solve_semidefinite(dense, [])[1]


def _from_svd(case: Case) -> Answer:
    """C(Z) alone: the cores of a TT-SVD are determined up to signs."""
    compression = COMPRESSIONS.from_json(case.member)
    return Answer({"c": compression.expand(update(case), case.inputs["w"].shape)})


OTHERS: dict[str, Callable[[Case], Answer]] = {
    **dict.fromkeys(("prune", "nm", "rows", "columns", "blocks", "shared_prune", "grid"), _listed),
    "low_rank": _low_rank,
    "tt_svd": _from_svd,
}
