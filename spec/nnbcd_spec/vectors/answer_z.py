"""The answers to Z's block, by the shape of its set."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from nnbcd_spec import blocks
from nnbcd_spec.compressions import COMPRESSIONS, Factors
from nnbcd_spec.compressions.base import block_objective
from nnbcd_spec.exact import Array, exact, rational, to_fraction
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.quadratic import differentiate, generators, solve_semidefinite
from nnbcd_spec.values import z_value
from nnbcd_spec.vectors.binary import VALUE_BITS, few
from nnbcd_spec.vectors.case import Answer, Case
from nnbcd_spec.vectors.supports import SUPPORTS

MOST = 32
"""A tie with more minimisers than this is not written."""


def answer_z(case: Case) -> Answer:
    """The new factors, with all the minimisers where the set is a union of supports."""
    kind = case.member["kind"]
    if kind in SUPPORTS:
        return _on_supports(case)
    return OTHERS.get(kind, _factored)(case)


def update(case: Case, **changed: Any) -> Factors:
    """The specification's own update of a case."""
    compression = COMPRESSIONS.from_json(changed.pop("member", case.member))
    new = blocks.update_z(**{**case.inputs, **changed}, compression=compression, **case.penalties)
    return tuple(new)


def value(case: Case, z: Factors) -> Any:
    """The value of the block's problem at any ``z``."""
    compression = COMPRESSIONS.from_json(case.member)
    return z_value(z, **case.inputs, compression=compression, **case.penalties)


def _on_supports(case: Case) -> Answer:
    """The set is a union of coordinate subspaces, and the problem a sum over entries.

    So the least value on a support is the value at 0 less the gains of the support's entries.
    The specification's own minimiser must be among those of least value.
    """
    (new,) = update(case)
    free = {"kind": "prune", "nonzeros": new.size}
    (best,) = update(case, member=free)
    gain = _gains(case, best)
    supports = list(SUPPORTS[case.member["kind"]](case.member, new.shape))
    most = max(gain[mask].sum() for mask in supports)
    points = [np.where(mask, best, best * 0) for mask in supports if gain[mask].sum() == most]
    distinct = [p for i, p in enumerate(points) if not any(map(_same(p), points[:i]))]
    if not any(map(_same(new), distinct)):
        raise AssertionError(f"the update is no minimiser: {case}")
    if len(distinct) > MOST:
        raise ValueError("more tied minimisers than are written")
    others = tuple({"z": (p,)} for p in distinct if not _same(new)(p))
    return Answer({"z": (new,)}, value(case, (new,)), others, required=_exact_sums(case, best))


def _same(array: Array) -> Callable[[Array], bool]:
    return lambda other: np.array_equal(array, other)


def _gains(case: Case, best: Array) -> Array:
    """How far each entry, moved from 0 to its best, lowers the value."""
    zero = best * 0
    at_zero = value(case, (zero,))
    gains = zero.copy()
    for at in np.ndindex(best.shape):
        one = zero.copy()
        one[at] = best[at]
        gains[at] = at_zero - value(case, (one,))
    return np.asarray(gains, dtype=object)


def _exact_sums(case: Case, best: Array) -> bool:
    """Whether magnitudes and sums of squares are exact in binary arithmetic."""
    operands = [x for array in (*case.inputs["z_old"], case.inputs["w"], best) for x in array.flat]
    squares = [to_fraction(x) ** 2 for x in best.flat]
    sums = few([*squares, sum(squares)], VALUE_BITS)
    return few(operands) and sums


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


OTHERS: dict[str, Callable[[Case], Answer]] = {"tt_svd": _from_svd}
