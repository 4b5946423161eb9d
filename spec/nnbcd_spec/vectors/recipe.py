"""How to make cases: a recipe draws one, and says which result and answer it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from nnbcd_spec.vectors.case import Answer, Case, Refusal
from nnbcd_spec.vectors.draw import Draw, power

Make = Callable[[Draw], Case]
Accept = Callable[[Case, Answer], bool]

POSITIVE = ("gamma", "rho")
PENALTIES: Mapping[str, tuple[str, ...]] = {
    "update_v_out": ("gamma", "alpha"),
    "update_u_out": ("gamma", "rho"),
    "update_v": ("gamma", "rho"),
    "update_u": ("gamma", "rho", "alpha"),
    "update_w": ("rho", "tau", "alpha", "mu"),
    "update_z": ("tau", "alpha_z"),
}
PROX = ("alpha", "alpha_z")


def anything(_: Case, __: Answer) -> bool:
    """Every answer is liked."""
    return True


@dataclass(frozen=True)
class Recipe:
    """``count`` cases of ``make`` whose result is ``result`` and whose answer ``accept`` likes.

    A recipe for ``reject`` has the reason in ``refusal``, and its cases must be refused.
    """

    flag: str
    count: int
    make: Make
    result: str = "exact"
    accept: Accept = anything
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Plan:
    """One file: the recipes of one block and one member, and the source of its equation."""

    block: str
    kind: str
    source: str
    recipes: tuple[Recipe, ...]

    @property
    def name(self) -> str:
        """The file's name without its ending, and the beginning of its ids."""
        return f"{self.block}-{self.kind}" if self.kind else self.block


def penalties(draw: Draw, block: str, mood: str) -> dict[str, Fraction]:
    """The penalties of a block in one of the moods of :data:`MOODS`; mu is 0 unless asked."""
    spread = 10 if mood == "wide" else 2
    drawn = {name: draw.weight(spread) for name in PENALTIES[block]}
    for name in drawn:
        if name in PROX:
            if mood == "prox_zero":
                drawn[name] = Fraction(0)
            if mood == "prox_heavy":
                drawn[name] *= power(7)
    if mood == "penalties_apart":
        first, second = PENALTIES[block][:2]
        low, high = (first, second) if draw.chance(2) else (second, first)
        drawn |= {low: drawn[low] * power(-6), high: drawn[high] * power(6)}
    return drawn


def shape(draw: Draw, mood: str) -> tuple[int, int]:
    """Samples and width."""
    n = 1 if mood == "one_sample" else draw.whole(1, 3)
    return n, 1 if mood == "width_one" else draw.whole(2, 3) if mood == "one_sample" else (
        draw.whole(1, 3)
    )


def flagged(case: Case, *flags: str) -> Case:
    """The case under further flags."""
    return replace(case, flags=(*case.flags, *flags))
