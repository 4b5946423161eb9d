"""Any continuous piecewise-affine ``s`` with at least one break."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

from nnbcd_spec.activations.affine import PIECEWISE, Piece, PiecewiseAffine
from nnbcd_spec.exact import rational
from nnbcd_spec.facts import Facts, Listed, Real, require


@dataclass(frozen=True)
class Piecewise(PiecewiseAffine):
    """``slopes`` k_0..k_m between ``breaks`` t_1 < ... < t_m, and ``value`` = s(t_1).

    Raises ValueError for breaks that do not ascend, or not one slope more than breaks.
    """

    kind: ClassVar[str] = "piecewise"
    facts: ClassVar[Facts] = replace(
        PIECEWISE,
        keys={
            "breaks": Listed(Real(), ascending=True),
            "slopes": Listed(Real(), least=2),
            "value": Real(),
        },
    )
    breaks: tuple[Any, ...]
    slopes: tuple[Any, ...]
    value: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "breaks", tuple(self.breaks))
        object.__setattr__(self, "slopes", tuple(self.slopes))
        for name, domain in self.facts.keys.items():
            require(f"piecewise {name}", domain, getattr(self, name))
        if len(self.slopes) != len(self.breaks) + 1:
            raise ValueError(
                f"piecewise slopes: given {len(self.slopes)}; allowed: {len(self.breaks) + 1}, "
                "one more than breaks"
            )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Each piece continues the one before it at their common break."""
        breaks = [rational(t) for t in self.breaks]
        slopes = [rational(k) for k in self.slopes]
        value = rational(self.value)
        found = [Piece(slopes[0], value - slopes[0] * breaks[0], None, breaks[0])]
        for slope, (low, high) in zip(slopes[1:], pairwise([*breaks, None]), strict=True):
            found.append(Piece(slope, value - slope * low, low, high))
            value = value if high is None else value + slope * (high - low)
        return tuple(found)
