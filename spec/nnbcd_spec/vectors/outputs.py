"""Recipes of V_N."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from nnbcd_spec.exact import Array
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.vectors.case import Case, Refusal
from nnbcd_spec.vectors.draw import Draw
from nnbcd_spec.vectors.members import LOSS_SAMPLES, Samples
from nnbcd_spec.vectors.recipe import Make, Plan, Recipe, penalties, shape
from nnbcd_spec.vectors.refused import bad_members, bad_penalties, bad_values, misfits

MOODS = ("plain", "tiny", "huge", "wide", "width_one", "one_sample", "prox_zero", "prox_heavy",
         "penalties_apart")  # fmt: skip


WRONG: dict[Any, tuple[str, tuple[Any, ...]]] = {
    "signs": ("entries must be -1 or 1", (0, 2, Fraction(1, 2))),
    "one-hot": ("rows must hold a single 1", (-1, 2, Fraction(1, 2))),
    "zero-one": ("entries must be 0 or 1", (-1, 2, Fraction(1, 2))),
}
"""By the domain of targets: its rule, and entries outside it."""


def plan(kind: str) -> Plan:
    """The plan of one loss."""
    samples = LOSS_SAMPLES[kind]
    unweighted = Samples(tuple(m for m in samples.valid if not m.get("weighted")))

    def base(draw: Draw) -> Case:
        return operands(draw, "plain", unweighted)

    wrong = [*bad_targets(kind, base), *bad_sample_weights(samples)]
    refused = [
        *wrong,
        *bad_members(samples.invalid, base), *bad_penalties("update_v_out", base),
        *bad_values("update_v_out", base), *misfits("update_v_out", base),
    ]  # fmt: skip
    return Plan("update_v_out", kind, LOSSES[kind].facts.source, (*ordinary(samples), *refused))


def operands(draw: Draw, mood: str, samples: Samples) -> Case:
    """Operands of V_N in a mood."""
    member = draw.choice(samples.valid)
    scale, size = draw.scale(mood), shape(draw, mood)
    inputs: dict[str, Any] = {name: draw.array(*size, scale=scale) for name in ("u", "v_old")}
    rule = LOSSES[member["kind"]].facts.targets
    if rule == "one-hot" and size[1] < 2:
        size = (size[0], 2)
        inputs = {name: draw.array(*size, scale=scale) for name in ("u", "v_old")}
    if member.get("weighted"):
        inputs["sample_weights"] = np.array([draw.weight(2) for _ in range(size[0])], dtype=object)
    inputs["y"] = targets(draw, rule, size, scale)
    return Case("update_v_out", member, inputs, penalties(draw, "update_v_out", mood), (mood,))


def targets(draw: Draw, rule: Any, size: tuple[int, int], scale: Any) -> Array:
    """Targets in the domain of a loss."""
    if rule == "signs":
        return np.array([[draw.choice((-1, 1)) for _ in range(size[1])] for _ in range(size[0])])
    if rule == "zero-one":
        return np.array([[draw.whole(0, 1) for _ in range(size[1])] for _ in range(size[0])])
    if rule == "one-hot":
        return np.eye(size[1], dtype=int)[[draw.whole(0, size[1] - 1) for _ in range(size[0])]]
    return draw.array(*size, scale=scale)


def bad_targets(kind: str, base: Make) -> list[Recipe]:
    """Targets outside the loss's domain."""
    rule = LOSSES[kind].facts.targets
    if rule not in WRONG:
        return []
    why, entries = WRONG[rule]

    def recipe(entry: Any) -> Recipe:
        def make(draw: Draw) -> Case:
            case = base(draw)
            y = np.array(case.inputs["y"], dtype=object)
            y.flat[draw.whole(0, y.size - 1)] = entry
            return replace(case, inputs={**case.inputs, "y": y}, flags=("bad_target",))

        return Recipe("bad_target", 2, make, "reject", refusal=Refusal("targets", why))

    return [recipe(entry) for entry in entries]


def bad_sample_weights(samples: Samples) -> list[Recipe]:
    """Weights of samples that are 0 or negative."""
    weighted = Samples(tuple(m for m in samples.valid if m.get("weighted")))

    def recipe(factor: int) -> Recipe:
        def make(draw: Draw) -> Case:
            case = operands(draw, "plain", weighted)
            spoilt = case.inputs["sample_weights"] * 1
            spoilt[draw.whole(0, len(spoilt) - 1)] *= factor
            inputs = {**case.inputs, "sample_weights": spoilt}
            return replace(case, inputs=inputs, flags=("bad_sample_weight",))

        refusal = Refusal("targets", "sample_weights must be > 0")
        return Recipe("bad_sample_weight", 1, make, "reject", refusal=refusal)

    return [recipe(factor) for factor in (0, -1)]


def ordinary(samples: Samples) -> list[Recipe]:
    """Some of each mood."""

    def recipe(mood: str) -> Recipe:
        return Recipe(mood, 12, lambda draw: operands(draw, mood, samples))

    return [recipe(mood) for mood in MOODS]
