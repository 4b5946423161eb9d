"""Z on a scaled grid of whole numbers: ``C = scale * codes``, a union of lines through 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array, norm, square
from nnbcd_checks.block_z import Moved, Verdict, judged, move
from nnbcd_checks.compression import Compression, Held, State
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.rounding import growth


@dataclass(frozen=True)
class Grid(Compression):
    """Codes of ``bits`` bits, symmetric about 0, and one positive scale."""

    kind: ClassVar[str] = "grid"
    may_lack_element: ClassVar[bool] = True
    bits: int

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The codes, and the scale."""
        return {".1": self.matrix, ".2": (1,)}

    @property
    def largest(self) -> int:
        """The largest code."""
        return (1 << (self.bits - 1)) - 1

    def value(self, tensors: Sequence[Array]) -> Array:
        """The codes times the scale."""
        codes, scale = tensors
        found: Array = scale[0] * codes
        return found

    def change(self, new: Sequence[Array], old: Sequence[Array]) -> Array:
        """By product rule, so that a change of the scale far below its roundoff in C is kept."""
        (codes, scale), (codes_old, scale_old) = new, old
        found: Array = scale[0] * (codes - codes_old) + (scale[0] - scale_old[0]) * codes_old
        return found

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """How many codes are not whole or out of range, and one more if the scale is not > 0."""
        codes, scale = layers[0].tensors
        bad = (codes != np.rint(codes)) | (np.abs(codes) > self.largest)
        return float(np.count_nonzero(bad) + (not scale[0] > 0))

    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """Distance of ``tau (W - C)`` to the limiting normal cone of the union of lines at C.

        At C != 0 that is the complement of the codes' line.  At 0 it is the union of the
        complements of all lines, and the distance a search over all codes: given is the least
        over the lines of one nonzero code, an upper bound.
        """
        (i,) = layers
        pull = mixed.problem.layer(i).penalties.tau * mixed.apart[i]
        codes = mixed.tensors(i)[0]
        return _along(codes, pull) if codes.any() else float(np.abs(pull).min())

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """The two steps on ``h/2 ||C - M||^2``: codes at the old scale, then the scale.

        The excess is the sum of both: of each code over the nearest one, by the difference of
        squares factored, and of the scale over least squares, ``<C - M, codes>^2/||codes||^2``.
        """
        (i,) = layers
        before, block = float(bench.mixed.tensors(i)[1][0]), f"Z{i}"
        moved = move(bench, i, new)
        codes = bench.mixed.tensors(i)[0]
        chosen, chosen_allowed = self._choice(moved, codes, before, bench.unit)
        along, allowed = 0.0, 0.0
        if codes.any():
            along = _along(codes, moved.pull)
            products = growth(codes.size) * (norm(moved.target) + 2 * norm(moved.value))
            allowed = norm(moved.off) + bench.unit * products
        else:
            bench.no_element.append(
                f"all codes of {block} are 0, where every line of its set meets"
            )
        half = moved.stiff / 2
        found = Verdict(
            excess=half * (chosen + along**2),
            excess_allowed=half * (chosen_allowed + allowed**2),
            residual=moved.stiff * along,
            residual_allowed=moved.stiff * allowed,
            lost=half * (chosen_allowed + allowed**2),
        )
        return [judged(bench, block, [moved], constants[block], found)]

    def _choice(self, moved: Moved, codes: Array, scale: float, unit: float) -> tuple[float, float]:
        """``sum (s c - M)^2 - min over codes``, and what is rounding in it (ties either way)."""
        target = moved.target
        nearest = np.rint(np.divide(target, scale, out=codes.copy(), where=scale != 0))
        best = np.clip(nearest, -self.largest, self.largest)
        other = codes != best
        c, b, m = codes[other], best[other], target[other]
        apart = abs(scale) * np.abs(c - b)
        excess = np.maximum(0.0, scale * (c - b) * (scale * (c + b) - 2 * m))
        # Compared is M / s with half-way points: rounded once more, and so are s c and s b.
        off = moved.off[other] + 4 * unit * (np.abs(m) + scale * np.abs(b))
        return float(excess.sum()), float((2 * apart * off).sum())


def _along(codes: Array, matrix: Array) -> float:
    """The length of a matrix's part on the line of the codes."""
    return abs(float(np.vdot(codes, matrix))) / float(np.sqrt(square(codes)))
