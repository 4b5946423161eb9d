"""What the specification answers to a case: the outputs, all the minimisers, the least value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from nnbcd_spec import blocks
from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.exact import Array, next_mpf
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.values import u_minimisers, u_value
from nnbcd_spec.vectors.answer_z import answer_z
from nnbcd_spec.vectors.binary import required_u
from nnbcd_spec.vectors.case import Answer, Case

MOST = 32
"""A tie with more minimisers than this is not written."""


def answer(case: Case) -> Answer:
    """The answer to a case; ValueError where the specification refuses it."""
    return ANSWERS[case.block](case)


def _update(case: Case, **specification: Any) -> Any:
    update = getattr(blocks, case.block)
    return update(**case.inputs, **specification, **case.penalties)


def _v_out(case: Case) -> Answer:
    return Answer({"v": _update(case, loss=LOSSES.from_json(case.member))})


def _u_out(case: Case) -> Answer:
    return Answer({"u": _update(case)})


def _v(case: Case) -> Answer:
    return Answer({"v": _update(case)})


def _u(case: Case) -> Answer:
    activation = ACTIVATIONS.from_json(case.member)
    new = _update(case, activation=activation)
    value = u_value(new, **case.inputs, activation=activation, **case.penalties)
    value = value if activation.facts.closed_form else next_mpf(value)
    tied = [_tied_points(case, activation, at) for at in np.ndindex(new.shape)]
    if np.prod([len(points) for points in tied]) > MOST:
        raise ValueError("more tied minimisers than are written")
    every = (np.array(points, dtype=object).reshape(new.shape) for points in product(*tied))
    others = tuple({"u": other} for other in every if not np.array_equal(other, new))
    return Answer({"u": new}, value, others, required=required_u(case, activation, tied))


def _tied_points(case: Case, activation: Any, at: tuple[int, ...]) -> list[Any]:
    entry = {name: array[at] for name, array in case.inputs.items()}
    return list(u_minimisers(**entry, activation=activation, **case.penalties))


def _w(case: Case) -> Answer:
    w, b = _update(case)
    return Answer({"w": w, "b": b}, continuum=_w_is_free(case, w, b))


def _w_is_free(case: Case, w: Array, b: Array) -> bool:
    """Whether the minimiser depends on the old value without a proximal term: it is not unique.

    Where it is not unique, the nearest minimiser moves with the old value along some direction;
    every unit direction is tried.
    """
    if case.penalties["alpha"] > 0:
        return False
    for w_old, b_old in _unit_moves(case.inputs["w_old"], case.inputs["b_old"]):
        moved = Case(
            case.block, case.member, {**case.inputs, "w_old": w_old, "b_old": b_old},
            case.penalties, case.flags,
        )  # fmt: skip
        other_w, other_b = _update(moved)
        if not (np.array_equal(other_w, w) and np.array_equal(other_b, b)):
            return True
    return False


def _unit_moves(w: Array, b: Array) -> Iterator[tuple[Array, Array]]:
    unit = Fraction(1)
    for j in range(w.shape[1]):
        moved = w.copy()
        moved[:, j] += unit
        yield moved, b
    yield w, b + unit


ANSWERS: dict[str, Callable[[Case], Answer]] = {
    "update_v_out": _v_out,
    "update_u_out": _u_out,
    "update_v": _v,
    "update_u": _u,
    "update_w": _w,
    "update_z": answer_z,
}
