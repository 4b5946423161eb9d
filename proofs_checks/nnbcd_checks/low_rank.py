"""Z of bounded rank: C(Z) = Z, and the block is a projection onto the rank variety."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnbcd_checks.arrays import Array, norm, square
from nnbcd_checks.block_z import Verdict, judged, move
from nnbcd_checks.compression import Compression, Held, Refused, State
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.rounding import UNIT, growth


@dataclass(frozen=True)
class LowRank(Compression):
    """``rank Z <= rank``."""

    kind: ClassVar[str] = "low_rank"
    stored: ClassVar[bool] = True
    rank: int

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Z itself."""
        return {"": self.matrix}

    def check(self) -> None:
        """``rank`` is at most the smaller side of W."""
        if self.rank > min(self.matrix):
            raise Refused("rank", self.rank, f"1 to {min(self.matrix)}, the smaller side of W")

    def value(self, tensors: Sequence[Array]) -> Array:
        """C = Z."""
        return tensors[0]

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """The norm of the singular values after ``rank``, less what rounding may leave."""
        values = _singular(layers[0].tensors[0])
        return max(0.0, norm(values[self.rank :]) - self._rounding(unit, norm(values)))

    def _rounding(self, unit: float, size: float) -> float:
        """How far a truncated SVD of norm ``size``, computed and multiplied out, is off.

        The product: entrywise ``growth u |A| S |B|^T`` of two frames, each itself within
        ``growth u`` of an orthonormal one; the norm of that is at most ``sum S <= sqrt(rank)
        size``.  The decomposition: LAPACK's xBDSQR neglects off-diagonals below ``max(10,
        min(100, u^(-1/8)))`` roundoffs of the largest singular value, one a column at most.
        """
        long = growth(self.rank) + growth(self.matrix[0]) + growth(self.matrix[1])
        neglected = max(10.0, min(100.0, math.pow(unit, -1 / 8))) * math.sqrt(min(self.matrix))
        return unit * (long * math.sqrt(self.rank) + neglected) * size

    def _split(self, z: Array, pull: Array, unit: float) -> _Parts:
        left, values, right = np.linalg.svd(z, full_matrices=False)
        known = np.count_nonzero(values[: self.rank] > self._rounding(unit, norm(values)))
        return _split(left[:, :known], right[:known], pull)

    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """Distance of ``tau (W - Z)`` to the limiting normal cone of the variety at Z."""
        (i,) = layers
        pull = mixed.problem.layer(i).penalties.tau * mixed.apart[i]
        unit = UNIT[mixed.problem.dtype]
        return self._split(mixed.tensors(i)[0], pull, unit).gap(self.rank)

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """Z's value against the sum of the trailing squared singular values of M.

        In the bases of Z's column and row space, M is ``[[A, X], [Y, B]]`` and Z ``[[S, 0], [0,
        0]]``.  Against Z compete A, B with both off-diagonals left out, M's rows or columns in
        Z's space, so that

            2/h (F(Z) - min F) >= ||S - A||^2 + max(||X||^2, ||Y||^2, sum_j [b_j^2 - a_j^2]_+)

        with b_j the singular values of B from the largest, a_j those of A from the smallest
        (rank - rank Z zeros first).  The right side has no cancellation; with M stationary
        (S = A, X = Y = 0, which the residual says) it is the excess itself.
        """
        (i,) = layers
        moved, block = move(bench, i, new), f"Z{i}"
        size = norm(moved.value)
        off = norm(moved.off) + self._rounding(bench.unit, size)
        parts = self._split(moved.value, moved.pull, bench.unit)
        swap, allowed = self._swaps(parts, moved.value, off)
        half, old = moved.stiff / 2, norm(moved.pull + moved.step)
        found = Verdict(
            excess=half * (square(parts.inner) + max(parts.beside, parts.below, swap)),
            excess_allowed=half * (2 * off**2 + allowed),
            residual=moved.stiff * parts.gap(self.rank),
            residual_allowed=2 * moved.stiff * off,
            # A projection of M off by e is within 4 e dist + 4 e^2 of the best; so is the old Z.
            lost=half * (4 * off * (norm(parts.others) + old) + 8 * off**2),
        )
        return [judged(bench, block, [moved], constants[block], found)]

    def _swaps(self, parts: _Parts, z: Array, off: float) -> tuple[float, float]:
        """The gain of taking large singular values of B for small ones of A, and its rounding."""
        inside = parts.left.T @ z @ parts.right.T + parts.inner
        held = _singular(inside)[::-1]
        held = np.concatenate([np.zeros(self.rank - len(held)), held])
        many = min(len(held), len(parts.others))
        low, high = held[:many], parts.others[:many]
        gains = np.maximum(0.0, (high - low) * (high + low))
        allowed = (2 * off * (high + low) + 4 * off**2)[gains > 0]
        return float(gains.sum()), float(allowed.sum())


@dataclass(frozen=True)
class _Parts:
    """A matrix P (d, p) in the bases of a column space (d, q) and a row space (q, p)."""

    left: Array
    right: Array
    inner: Array  # (q, q)
    beside: float  # squared norm of the part with columns inside only
    below: float  # of the part with rows inside only
    others: Array  # the min(d, p) - q singular values of B, inside neither, from the largest

    def gap(self, rank: int) -> float:
        """dist(P, N), N the limiting normal cone of {rank <= r} at a point of rank q.

        ``N = {B : inside neither space, rank B <= min(d, p) - r}``: what is inside either, and
        the r - q smallest singular values of B that can be nonzero (Luke, SIAM J. Optim. 23, 2013).
        """
        smallest = self.others[len(self.others) - (rank - len(self.inner)) :]
        return math.sqrt(square(self.inner) + self.beside + self.below + square(smallest))


def _singular(matrix: Array) -> Array:
    """The singular values, from the largest."""
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)


def _split(left: Array, right: Array, matrix: Array) -> _Parts:
    columns, rows = left.T @ matrix, matrix @ right.T
    inner = columns @ right.T
    beside, below = columns - inner @ right, rows - left @ inner
    rest = matrix - left @ columns - below @ right
    others = _singular(rest)[: min(matrix.shape) - len(inner)]
    return _Parts(left, right, inner, square(beside), square(below), others)
