"""Recipes of the blocks that have no member: U_N, V_i and (W_i, b_i)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nnbcd_spec.exact import Array
from nnbcd_spec.vectors.case import Case
from nnbcd_spec.vectors.draw import Draw, power
from nnbcd_spec.vectors.recipe import Plan, Recipe, penalties, shape
from nnbcd_spec.vectors.refused import bad_penalties, bad_values, misfits

MOODS = ("plain", "tiny", "huge", "wide", "width_one", "one_sample", "penalties_apart")


def u_out(draw: Draw, mood: str) -> Case:
    """Operands of U_N."""
    scale, size = draw.scale(mood), shape(draw, mood)
    inputs = {name: draw.array(*size, scale=scale) for name in ("v", "pre")}
    if mood == "fixed_point":
        inputs["pre"] = inputs["v"].copy()
    return Case("update_u_out", {}, inputs, penalties(draw, "update_u_out", mood), (mood,))


def v_hidden(draw: Draw, mood: str) -> Case:
    """Operands of V_i, i < N."""
    scale, (n, d), d_next = draw.scale(mood), shape(draw, mood), draw.whole(1, 3)
    w = draw.array(d_next, d, scale=power(draw.whole(-2, 2)))
    if mood == "zero_weights":
        w = w * 0
    inputs = {
        "s_u": draw.array(n, d, scale=scale),
        "u_next": draw.array(n, d_next, scale=scale),
        "w_next": w,
        "b_next": draw.array(d_next, scale=scale),
    }
    return Case("update_v", {}, inputs, penalties(draw, "update_v", mood), (mood,))


def weights(draw: Draw, mood: str) -> Case:
    """Operands of (W_i, b_i)."""
    scale, (n, p), d = draw.scale(mood), shape(draw, mood), draw.whole(1, 2)
    v_prev = features(draw, mood, n, p)
    target = None if mood in {"no_target", "singular"} else draw.array(d, p, scale=scale)
    own = penalties(draw, "update_w", "prox_zero" if mood == "singular" else mood)
    if target is None:
        own["tau"] = Fraction(0)
    if mood != "decay" and not (mood == "wide" and draw.chance(2)):
        own["mu"] = Fraction(0)
    inputs: dict[str, Any] = {
        "w_old": draw.array(d, p, scale=scale),
        "b_old": draw.array(d, scale=scale),
        "u": draw.array(len(v_prev), d, scale=scale),
        "v_prev": v_prev,
        "target": target,
    }
    return Case("update_w", {}, inputs, own, (mood,))


def features(draw: Draw, mood: str, n: int, p: int) -> Array:
    """V_{i-1}: of full rank as a rule, deficient where the mood says so."""
    if mood == "few_samples":
        n, p = draw.whole(1, 2), 3
    elif mood in {"rank_deficient", "singular"}:
        n, p = draw.whole(2, 4), max(p, 2)
    elif mood != "one_sample":
        n = p + 1 + draw.whole(0, 1)
    v = draw.array(n, p, scale=power(draw.whole(-1, 1)))
    if mood in {"rank_deficient", "singular"}:
        return _deficient(draw, v)
    return v


def _deficient(draw: Draw, v: Array) -> Array:
    """A column that repeats another, is constant, or is empty; or all columns parallel."""
    match draw.whole(0, 3):
        case 0:
            v[:, -1] = v[:, 0] * power(draw.whole(-1, 1))
        case 1:
            v[:, -1] = Fraction(draw.whole(1, 7), 4)
        case 2:
            v[:, -1] = Fraction(0)
        case _:
            v = np.outer(v[:, 0], draw.array(v.shape[1]))
    return v


def _moods(make: Any, counts: dict[str, int]) -> list[Recipe]:
    def recipe(mood: str, count: int) -> Recipe:
        result = "tie" if mood == "singular" else "exact"
        return Recipe(mood, count, lambda draw: make(draw, mood), result)

    return [recipe(mood, count) for mood, count in counts.items()]


def plans() -> list[Plan]:
    """The plans of the three plain blocks."""
    common = dict.fromkeys(MOODS, 20)
    w_only = ("no_target", "target", "decay", "prox_zero", "prox_heavy", "few_samples",
              "rank_deficient")  # fmt: skip
    u_counts = dict.fromkeys(MOODS, 12) | {"fixed_point": 4}
    v_counts = common | {"zero_weights": 6}
    w_counts = common | dict.fromkeys(w_only, 16) | {"singular": 90}
    made = (
        ("update_u_out", u_out, u_counts, "min gamma/2 ||v - U||^2 + rho/2 ||U - pre||^2"),
        ("update_v", v_hidden, v_counts,
         "min gamma/2 ||V - s_u||^2 + rho/2 ||u_next - V w_next^T - b_next||^2"),
        ("update_w", weights, w_counts,
         "min rho/2 ||u - v_prev W^T - b||^2 + tau/2 ||W - target||^2 + mu/2 (||W||^2 + ||b||^2)"
         " + alpha/2 (||W - w_old||^2 + ||b - b_old||^2)"),
    )  # fmt: skip
    found = []
    for block, make, counts, source in made:
        base = _base(make)
        refused = [*bad_penalties(block, base), *bad_values(block, base), *misfits(block, base)]
        found.append(Plan(block, "", source, (*_moods(make, counts), *refused)))
    return found


def _base(make: Any) -> Any:
    return lambda draw: make(draw, "plain")
