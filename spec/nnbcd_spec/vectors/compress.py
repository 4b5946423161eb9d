"""Recipes of Z_i."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from nnbcd_spec.compressions import COMPRESSIONS, Factors
from nnbcd_spec.exact import Array
from nnbcd_spec.vectors.case import Answer, Case, Refusal
from nnbcd_spec.vectors.compressed import COMPRESSION_SAMPLES, Compressed, Obj, Shape
from nnbcd_spec.vectors.draw import Draw, power
from nnbcd_spec.vectors.recipe import Plan, Recipe, penalties
from nnbcd_spec.vectors.refused import bad_penalties, bad_values
from nnbcd_spec.vectors.supports import SUPPORTS, tiles, unit

MOODS = ("plain", "tiny", "huge", "wide", "prox_zero", "prox_heavy", "penalties_apart")


def plan(kind: str) -> Plan:
    """The plan of one compression."""
    samples = COMPRESSION_SAMPLES[kind]

    def base(draw: Draw) -> Case:
        return operands(draw, "plain", samples)

    special = SPECIAL.get(kind, sparse if kind in SUPPORTS else factored)
    own = special(samples)
    recipes = [*ordinary(samples), *own, *bad_penalties("update_z", base),
               *bad_values("update_z", base), *bad_fits(samples, base)]  # fmt: skip
    source = COMPRESSIONS[kind].facts.source
    return Plan("update_z", kind, source, tuple(recipes))


def operands(draw: Draw, mood: str, samples: Compressed) -> Case:
    """Operands of Z_i in a mood."""
    member, shape = draw.choice(samples.valid)
    scale = draw.scale(mood)
    w = draw.array(*shape, scale=scale)
    return Case(
        "update_z", member, {"z_old": old_value(draw, member, shape, scale), "w": w},
        penalties(draw, "update_z", mood), (mood,),
    )  # fmt: skip


def old_value(draw: Draw, member: Obj, shape: Shape, scale: Any) -> Factors:
    """Feasible old factors: a matrix on one of the supports, or factors of the scale's root."""
    if member["kind"] in SUPPORTS:
        masks = list(SUPPORTS[member["kind"]](member, shape))
        full = draw.array(*shape, scale=scale)
        return (np.where(draw.choice(masks), full, full * 0),)
    shapes = COMPRESSIONS.from_json(member).shapes(shape)
    if member["kind"] in MATRIX_OF:
        return MATRIX_OF[member["kind"]](draw, member, shape, scale)
    exponent = scale.numerator.bit_length() - scale.denominator.bit_length()
    unit = power(round(exponent / len(shapes)))
    return tuple(draw.array(*s, scale=unit, largest=6) for s in shapes)


def ordinary(samples: Compressed) -> list[Recipe]:
    """Some of each mood."""

    def recipe(mood: str) -> Recipe:
        return Recipe(mood, 12, lambda draw: operands(draw, mood, samples))

    return [recipe(mood) for mood in MOODS]


def sparse(samples: Compressed) -> list[Recipe]:
    """Equal magnitudes, few nonzeros, extreme counts, and an old value that decides."""

    def equal(draw: Draw) -> Case:
        return equal_magnitudes(draw, samples)

    def plain(flag: str) -> Any:
        return lambda draw: relabelled(operands(draw, "plain", samples), flag)

    def few(draw: Draw) -> Case:
        case = relabelled(operands(draw, "prox_zero", samples), "few_nonzero")
        w = case.inputs["w"] * 0
        w.flat[draw.whole(0, w.size - 1)] = Fraction(draw.whole(-9, 9), 2)
        return Case(case.block, case.member, {**case.inputs, "w": w}, case.penalties, case.flags)

    def full(_: Case, answer: Answer) -> bool:
        return bool(all(x != 0 for x in answer.outputs["z"][0].flat))

    return [
        Recipe("equal_magnitudes", 80, equal, "tie"),
        Recipe("few_nonzero", 3, few),
        Recipe("all_kept", 3, plain("all_kept"), accept=full),
        Recipe("old_decides", 10, plain("old_decides"), accept=old_decides),
    ]


def relabelled(case: Case, flag: str) -> Case:
    """The case under one flag alone."""
    return Case(case.block, case.member, case.inputs, case.penalties, (flag,))


def old_decides(case: Case, answer: Answer) -> bool:
    """Whether an entry is kept where W's is smaller than one that is dropped."""
    kept = answer.outputs["z"][0] != 0
    sizes = abs(case.inputs["w"])
    return bool(kept.any() and not kept.all() and sizes[kept].min() < sizes[~kept].max())


def equal_magnitudes(draw: Draw, samples: Compressed) -> Case:
    """The weighted mean M has units (entries, rows, blocks) of equal norm, in other guises.

    Units are signed rearrangements of one pattern, some halved or doubled; W is what makes M the
    weighted mean of W and the old value.
    """
    member, shape = draw.choice(samples.valid)
    units = tiles(shape, unit(member, shape))
    pattern = [Fraction(draw.whole(1, 15), 4) for _ in range(int(units[0].sum()))]
    mean = draw.array(*shape) * 0
    for tile in units:
        size = draw.choice((Fraction(1), Fraction(1), Fraction(1), Fraction(1, 2), Fraction(2)))
        at = draw.whole(0, len(pattern) - 1)
        turned = [*pattern[at:], *pattern[:at]]
        mean[tile] = [x * size * draw.choice((-1, 1)) for x in turned]
    old = old_value(draw, member, shape, Fraction(1))
    tau, alpha = draw.choice(((1, 0), (1, 1), (3, 1), (1, 3), (7, 1), (2, 1)))
    w = ((tau + alpha) * mean - alpha * old[0]) / Fraction(tau)
    scale, weight = power(draw.whole(-20, 20)), power(draw.whole(-8, 8))
    if any(x.denominator & (x.denominator - 1) for x in w.flat):
        raise ValueError("W is no binary number")
    return Case(
        "update_z", member, {"z_old": (old[0] * scale,), "w": w * scale},
        {"tau": tau * weight, "alpha_z": alpha * weight}, ("equal_magnitudes",),
    )  # fmt: skip


def factored(samples: Compressed) -> list[Recipe]:
    """Singular neighbours with and without the proximal term."""

    def zero_factor(draw: Draw) -> Case:
        case = relabelled(operands(draw, "plain", samples), "zero_factor")
        return without_factor(draw, case)

    def singular(draw: Draw) -> Case:
        case = relabelled(operands(draw, "prox_zero", samples), "singular")
        return without_factor(draw, case) if draw.chance(2) else repeated(case)

    return [Recipe("zero_factor", 10, zero_factor), Recipe("singular", 40, singular, "tie")]


def without_factor(draw: Draw, case: Case) -> Case:
    """The case with one old factor zero."""
    z = list(case.inputs["z_old"])
    at = draw.whole(0, len(z) - 1)
    z[at] = z[at] * 0
    return with_old(case, z)


def repeated(case: Case) -> Case:
    """The case with the last factor constant along its first axis: dependent slices."""
    z = list(case.inputs["z_old"])
    z[-1] = np.repeat(z[-1][:1], z[-1].shape[0], axis=0)
    return with_old(case, z)


def with_old(case: Case, z: list[Array]) -> Case:
    """The case with other old factors."""
    inputs: Mapping[str, Any] = {**case.inputs, "z_old": tuple(z)}
    return Case(case.block, case.member, inputs, case.penalties, case.flags)


def bad_fits(samples: Compressed, base: Any) -> list[Recipe]:
    """Member data that no matrix of this shape allows."""

    def recipe(member: Obj, shape: Shape, why: str) -> Recipe:
        def make(draw: Draw) -> Case:
            case = base(draw)
            w = draw.array(*shape)
            inputs = {"z_old": (w.copy(),), "w": w}
            return Case("update_z", member, inputs, case.penalties, ("bad_fit",))

        return Recipe("bad_fit", 1, make, "reject", refusal=Refusal("fit", why))

    return [recipe(*sample) for sample in samples.invalid]


def old_low_rank(draw: Draw, member: Obj, shape: Shape, scale: Any) -> Factors:
    """A product of two thin factors."""
    left = draw.array(shape[0], member["rank"], largest=6)
    return (left @ draw.array(member["rank"], shape[1], largest=6) * scale,)


def old_grid(draw: Draw, member: Obj, shape: Shape, scale: Any) -> Factors:
    """Codes in range, and a scale."""
    most = 2 ** (member["bits"] - 1) - 1
    codes = 4 * draw.array(*shape, largest=most)
    return (codes, np.array([scale * power(draw.whole(-2, 1))], dtype=object))


def equal_singular_values(draw: Draw, samples: Compressed) -> Case:
    """M is a multiple of a matrix with orthonormal rows or columns of signs."""
    member, shape = draw.choice([s for s in samples.valid if s[0]["rank"] < min(s[1])])
    mean = draw.array(*shape) * 0
    places = list(range(max(shape)))
    for k in range(min(shape)):
        at = places.pop(draw.whole(0, len(places) - 1))
        i, j = (k, at) if shape[0] <= shape[1] else (at, k)
        mean[i, j] = Fraction(draw.choice((-1, 1)))
    size = Fraction(draw.whole(1, 15), 4) * power(draw.whole(-8, 8))
    own = penalties(draw, "update_z", "prox_zero")
    old = old_low_rank(draw, member, shape, power(draw.whole(-3, 3)))
    inputs = {"z_old": old, "w": mean * size}
    return Case("update_z", member, inputs, own, ("equal_singular_values",))


def gridded(samples: Compressed) -> list[Recipe]:
    """Quotients midway between codes, beyond the largest, and near 0."""

    def at(flag: str, quotient: Any) -> Any:
        def make(draw: Draw) -> Case:
            case = relabelled(operands(draw, "prox_zero", samples), flag)
            most = 2 ** (case.member["bits"] - 1) - 1
            size = case.inputs["w"].shape
            draws = [quotient(draw, most) for _ in range(int(np.prod(size)))]
            w = np.array([None, *draws], dtype=object)[1:].reshape(size)
            inputs = {**case.inputs, "w": w * case.inputs["z_old"][1][0]}
            return Case(case.block, case.member, inputs, case.penalties, case.flags)

        return make

    def midway(draw: Draw, most: int) -> Fraction:
        half = Fraction(2 * draw.whole(-most, most - 1) + 1, 2)
        return half if draw.chance(3) else Fraction(draw.whole(-4 * most, 4 * most), 4)

    def beyond(draw: Draw, most: int) -> Fraction:
        return draw.choice((-1, 1)) * Fraction(4 * most + draw.whole(1, 40), 4)

    def small(draw: Draw, _: int) -> Fraction:
        return Fraction(draw.whole(-7, 7), 16)

    return [
        Recipe("code_tie", 60, at("code_tie", midway), "tie"),
        Recipe("saturated", 8, at("saturated", beyond)),
        Recipe("zero_codes", 8, at("zero_codes", small)),
    ]


MATRIX_OF: Mapping[str, Callable[[Draw, Obj, Shape, Any], Factors]] = {
    "low_rank": old_low_rank,
    "grid": old_grid,
}
SPECIAL: Mapping[str, Callable[[Compressed], list[Recipe]]] = {
    "tt_svd": lambda _: [],
    "grid": gridded,
    "low_rank": lambda samples: [
        Recipe("equal_singular_values", 30, lambda d: equal_singular_values(d, samples), "tie")
    ],
}
"""Recipes of kinds that are neither sparse nor factored; TT-SVD has no minimiser to tie."""
