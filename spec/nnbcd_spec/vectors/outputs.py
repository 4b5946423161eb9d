"""Recipes of V_N."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnbcd_spec.exact import Array
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.vectors.case import Case
from nnbcd_spec.vectors.data import facts_of
from nnbcd_spec.vectors.draw import Draw
from nnbcd_spec.vectors.members import LOSS_SAMPLES, Samples
from nnbcd_spec.vectors.recipe import Plan, Recipe, penalties, shape
from nnbcd_spec.vectors.refused import bad_members, bad_penalties, bad_values, misfits

MOODS = ("plain", "tiny", "huge", "wide", "width_one", "one_sample", "prox_zero", "prox_heavy",
         "penalties_apart")  # fmt: skip


def plan(kind: str) -> Plan:
    """The plan of one loss."""
    samples = LOSS_SAMPLES[kind]

    def base(draw: Draw) -> Case:
        return operands(draw, "plain", samples)

    refused = [
        *bad_members(samples.invalid, base), *bad_penalties("update_v_out", base),
        *bad_values("update_v_out", base), *misfits("update_v_out", base),
    ]  # fmt: skip
    return Plan("update_v_out", kind, facts_of(LOSSES[kind]).source, (*ordinary(samples), *refused))


def operands(draw: Draw, mood: str, samples: Samples) -> Case:
    """Operands of V_N in a mood."""
    member = draw.choice(samples.valid)
    scale, size = draw.scale(mood), shape(draw, mood)
    inputs: dict[str, Any] = {name: draw.array(*size, scale=scale) for name in ("u", "v_old")}
    inputs["y"] = targets(draw, facts_of(LOSSES[member["kind"]]).targets, size, scale)
    return Case("update_v_out", member, inputs, penalties(draw, "update_v_out", mood), (mood,))


def targets(draw: Draw, rule: Any, size: tuple[int, int], scale: Any) -> Array:
    """Targets in the domain of a loss."""
    if rule == "signs":
        return np.array([[draw.choice((-1, 1)) for _ in range(size[1])] for _ in range(size[0])])
    if rule == "one-hot":
        return np.eye(size[1], dtype=int)[[draw.whole(0, size[1] - 1) for _ in range(size[0])]]
    return draw.array(*size, scale=scale)


def ordinary(samples: Samples) -> list[Recipe]:
    """Some of each mood."""

    def recipe(mood: str) -> Recipe:
        return Recipe(mood, 12, lambda draw: operands(draw, mood, samples))

    return [recipe(mood) for mood in MOODS]
