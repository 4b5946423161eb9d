"""Recipes of U_i: ordinary cases by rejection sampling, ties by search."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.exact import to_fraction
from nnbcd_spec.values import u_candidates
from nnbcd_spec.vectors.case import Answer, Case
from nnbcd_spec.vectors.draw import Draw, power
from nnbcd_spec.vectors.members import ACTIVATION_SAMPLES, Samples
from nnbcd_spec.vectors.recipe import Plan, Recipe, penalties, shape
from nnbcd_spec.vectors.refused import bad_members, bad_penalties, bad_values
from nnbcd_spec.vectors.ties import POSITIONS, Hits, tie_case

MOODS = ("plain", "tiny", "huge", "wide", "width_one", "one_sample", "prox_zero", "prox_heavy",
         "penalties_apart")  # fmt: skip


def plan(kind: str) -> Plan:
    """The plan of one activation."""
    samples = ACTIVATION_SAMPLES[kind]
    own = ACTIVATIONS[kind].facts

    def base(draw: Draw) -> Case:
        return operands(draw, "plain", samples)

    recipes = [*ordinary(samples), *kinked(samples)]
    if own.ties and own.closed_form:
        recipes += tied(samples)
    refused = [
        *bad_members(samples.invalid, base), *bad_penalties("update_u", base),
        *bad_values("update_u", base),
    ]  # fmt: skip
    return Plan("update_u", kind, own.source, (*recipes, *refused))


def operands(draw: Draw, mood: str, samples: Samples, *, scalar: bool = False) -> Case:
    """Operands of U_i in a mood."""
    member = draw.choice(samples.valid)
    size = (1, 1) if scalar else shape(draw, mood)
    scale = draw.scale(mood) * (power(draw.whole(-1, 1)) if breaks(member) else 1)
    if mood == "huge" and not ACTIVATIONS[member["kind"]].facts.closed_form:
        scale = power(draw.whole(2, 4))  # saturated already; beyond, e^u has too many digits
    inputs = {name: draw.array(*size, scale=scale) for name in ("v", "pre", "u_old")}
    return Case("update_u", member, inputs, penalties(draw, "update_u", mood), (mood,))


def breaks(member: Any) -> list[Fraction]:
    """Where the pieces of an activation meet; none where it has no pieces."""
    pieces = getattr(ACTIVATIONS.from_json(member), "pieces", ())
    return [to_fraction(piece.high) for piece in pieces if piece.high is not None]


def ordinary(samples: Samples) -> list[Recipe]:
    """Some of each mood."""

    def recipe(mood: str) -> Recipe:
        return Recipe(mood, 12, lambda draw: operands(draw, mood, samples))

    return [recipe(mood) for mood in MOODS]


def kinked(samples: Samples) -> list[Recipe]:
    """Minimisers at a break, data on a break, and several local minimisers."""

    def scalar(flag: str) -> Any:
        def make(draw: Draw) -> Case:
            case = operands(draw, "plain", samples, scalar=True)
            return Case(case.block, case.member, case.inputs, case.penalties, (flag,))

        return make

    found = [Recipe("two_minima", 12, lambda draw: bumpy(draw, samples), accept=has_two_minima)]
    if all(breaks(member) for member in samples.valid):
        found += [
            Recipe("kink", 12, scalar("kink"), accept=ends_at_break),
            Recipe("boundary", 8, lambda draw: on_break(draw, samples)),
        ]
    return [] if ACTIVATIONS[samples.valid[0]["kind"]].facts.unique else found


def bumpy(draw: Draw, samples: Samples) -> Case:
    """One entry with a heavy gamma and data far apart, where local minimisers are likely."""
    case = operands(draw, "plain", samples, scalar=True)
    inputs = {name: x * (1 if name == "v" else 2) for name, x in case.inputs.items()}
    weights = {**case.penalties, "gamma": case.penalties["gamma"] * power(draw.whole(2, 8))}
    return Case(case.block, case.member, inputs, weights, ("two_minima",))


def ends_at_break(case: Case, answer: Answer) -> bool:
    """Whether U's entry is a break of s."""
    return answer.outputs["u"][0, 0] in breaks(case.member)


def has_two_minima(case: Case, answer: Answer) -> bool:
    """Whether a local minimiser other than the best lies nearer to the old value."""
    entry = {name: array[0, 0] for name, array in case.inputs.items()}
    activation = ACTIVATIONS.from_json(case.member)
    found = [c.point for c in u_candidates(**entry, activation=activation, **case.penalties)]
    inside = [x for x in found if x not in breaks(case.member)]
    away = abs(answer.outputs["u"][0, 0] - entry["u_old"])
    return len(inside) > 1 and any(abs(x - entry["u_old"]) < away for x in inside)


def on_break(draw: Draw, samples: Samples) -> Case:
    """``pre`` and the old value on a break; ``v`` on its image, or beside it."""
    member = draw.choice(samples.valid)
    at, activation = draw.choice(breaks(member)), ACTIVATIONS.from_json(member)
    point = np.array([[at]], dtype=object)
    image = activation(point)
    if draw.chance(2) or not dyadic(image):
        image = draw.array(1, 1)
    inputs = {"v": image, "pre": point, "u_old": point.copy()}
    own = penalties(draw, "update_u", draw.choice(("plain", "wide", "prox_zero")))
    return Case("update_u", member, inputs, own, ("boundary",))


def dyadic(array: Any) -> bool:
    """Whether all entries are power-of-two fractions."""
    denominators = [to_fraction(x).denominator for x in array.flat]
    return all(d & (d - 1) == 0 for d in denominators)


def tied(samples: Samples) -> list[Recipe]:
    """Ties with the old value nearer to the lower, nearer to the higher, and midway."""

    @cache
    def hits() -> list[Hits]:  # a search: only where a tie is drawn
        return [found for found in map(Hits, samples.valid) if found.found]

    def recipe(position: str) -> Recipe:
        def make(draw: Draw) -> Case:
            return tie_case(draw, position, draw.choice(hits()))

        return Recipe(position, 30, make, "tie")

    return [recipe(position) for position in POSITIONS]
