"""Recipes of cases outside the domain.  The specification must refuse each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from nnbcd_spec.vectors.case import Case, Refusal
from nnbcd_spec.vectors.draw import Draw
from nnbcd_spec.vectors.recipe import PENALTIES, POSITIVE, Make, Recipe

NOT_FINITE = (float("nan"), float("inf"), float("-inf"))
MISFITS = {
    "update_v_out": ("y:columns", "y:rows"),
    "update_v": ("w_next:columns", "b_next:rows"),
    "update_w": ("w_old:columns", "b_old:rows"),
}
"""Where operands come from different hands, and so must be checked against one another."""


def bad_penalties(block: str, base: Make) -> Iterator[Recipe]:
    """Each penalty of a block negative, not finite, and 0 where it must be positive."""
    for name in PENALTIES[block]:
        positive = name in POSITIVE or (name == "tau" and block == "update_z")
        wrong = [Fraction(-1), *NOT_FINITE[:2], *([Fraction(0)] if positive else [])]
        rule = "> 0" if positive else ">= 0"
        refusal = Refusal("penalties", f"{name} must be finite and {rule}")
        for value in wrong:
            yield Recipe("bad_penalty", 1, _penalty(base, name, value), "reject", refusal=refusal)


def _penalty(base: Make, name: str, value: Any) -> Make:
    def make(draw: Draw) -> Case:
        case = base(draw)
        sized = value * draw.weight(2) if isinstance(value, Fraction) else value
        return replace(case, penalties={**case.penalties, name: sized}, flags=("bad_penalty",))

    return make


def bad_values(block: str, base: Make) -> Iterator[Recipe]:
    """An entry of an operand that is not finite, operand by operand."""
    names = sorted(k for k, x in base(Draw(block)).inputs.items() if x is not None)
    for name in names:
        refusal = Refusal("values", f"{name} must be finite")
        for value in NOT_FINITE[:2]:
            yield Recipe("bad_value", 1, _value(base, name, value), "reject", refusal=refusal)


def _value(base: Make, name: str, value: float) -> Make:
    def spoil(array: Any, draw: Draw) -> Any:
        if isinstance(array, tuple):
            at = draw.whole(0, len(array) - 1)
            return (*array[:at], spoil(array[at], draw), *array[at + 1 :])
        spoilt = np.array(array, dtype=object)
        spoilt.flat[draw.whole(0, spoilt.size - 1)] = value
        return spoilt

    def make(draw: Draw) -> Case:
        case = base(draw)
        inputs = {**case.inputs, name: spoil(case.inputs[name], draw)}
        return replace(case, inputs=inputs, flags=("bad_value",))

    return make


def misfits(block: str, base: Make) -> Iterator[Recipe]:
    """An operand with one row or column too many."""
    for misfit in MISFITS.get(block, ()):
        name, axis = misfit.split(":")
        refusal = Refusal("shapes", f"{name} has {axis} that do not fit the others")
        yield Recipe("bad_shape", 2, _misfit(base, name, axis), "reject", refusal=refusal)


def _misfit(base: Make, name: str, axis: str) -> Make:
    def make(draw: Draw) -> Case:
        case = base(draw)
        old = case.inputs[name]
        at = 0 if axis == "rows" else 1
        wide = np.concatenate([old, np.take(old, [0], axis=at)], axis=at)
        return replace(case, inputs={**case.inputs, name: wide}, flags=("bad_shape",))

    return make


def bad_members(invalid: Any, base: Make) -> Iterator[Recipe]:
    """Member data outside the domain, with operands that are in order."""
    for obj, why in invalid:

        def make(draw: Draw, obj: Any = obj) -> Case:
            return replace(base(draw), member=obj, flags=("bad_member",))

        yield Recipe("bad_member", 1, make, "reject", refusal=Refusal("member", why))
