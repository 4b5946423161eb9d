"""Sets of matrices with few nonzero groups: how the projection onto them is judged.

The entries of Z (of all layers that share the block) are cut into *groups*, and the groups into
*contests*; in each contest at most ``most`` groups may be nonzero, and C(Z) = Z.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.block_z import Verdict, judged, move
from nnbcd_checks.compression import Compression, Held, State
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.kinks import sparse_normal_gap
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.rounding import growth

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupSet(Compression):
    """At most `most` nonzero groups of `members` entries each, in every contest."""

    stored: ClassVar[bool] = True

    @property
    @abstractmethod
    def most(self) -> int:
        """How many groups of a contest may be nonzero."""

    @property
    def members(self) -> int:
        """How many entries make a group."""
        return 1

    @abstractmethod
    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """(d, p) to (contests, groups): the sums over each group."""

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Z itself."""
        return {"": self.matrix}

    def value(self, tensors: Sequence[Array]) -> Array:
        """C = Z."""
        return tensors[0]

    def pooled(self, layers: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The sums over each group, the groups of several layers side by side."""
        folded = [self.fold(entries) for entries in layers]
        return folded[0] if len(folded) == 1 else np.concatenate(folded, axis=1)

    def kept(self, layers: Sequence[Array]) -> Mask:
        """Which groups are nonzero (contests, groups)."""
        found: Mask = self.pooled([z != 0 for z in layers]) > 0
        return found

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """How many nonzero groups there are beyond those allowed, in all contests."""
        count = np.count_nonzero(self.kept([held.tensors[0] for held in layers]), axis=1)
        return float(np.maximum(0, count - self.most).sum())

    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """Distance of ``tau (W - Z)`` to the normal cone, by group norms."""
        pulls = [mixed.problem.layer(i).penalties.tau * mixed.apart[i] for i in layers]
        return self._gap(pulls, self.kept([mixed.tensors(i)[0] for i in layers]))

    def _gap(self, pulls: Sequence[Array], kept: Mask) -> float:
        squares = self.pooled([np.square(pull) for pull in pulls])
        return sparse_normal_gap(np.sqrt(squares), kept, self.most)

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """Z's value against that of the exact projection.

        With ``m_g = h ||M_g||^2`` of group g and T the ``most``-th largest of a contest,

            2 (F(Z) - min F) = sum_S h ||Z_g - M_g||^2 + sum_{off S, m_g > T} (m_g - T)
                               + sum_{S, m_g < T} (T - m_g) + (most - |S|) T

        summed over contests, S the nonzero groups: every summand is >= 0, nothing cancels.
        """
        moves = [move(bench, i, new) for i in layers]
        kept = self.kept([moved.value for moved in moves])
        scores, misses, errors = (
            self.pooled([m.stiff * np.square(a) for m, a in zip(moves, arrays, strict=True)])
            for arrays in zip(*((m.target, m.pull, m.off) for m in moves), strict=True)
        )
        compared = bench.unit * growth(self.members) / 2  # of a group's norm as computed
        off = np.sqrt(errors) + compared * np.sqrt(scores)
        excess, allowed = contest_excess(scores, kept, off, self.most)
        allowed = (allowed + float(errors[kept].sum())) / 2
        residual = self._gap([m.stiff * m.pull for m in moves], kept)
        found = Verdict(
            excess=(excess + float(misses[kept].sum())) / 2,
            excess_allowed=allowed,
            residual=residual,
            residual_allowed=math.hypot(*(m.stiff * norm(m.off) for m in moves)),
            lost=allowed,
        )
        block = f"Z{layers[0]}"
        return [judged(bench, block, moves, constants[block], found)]


def contest_excess(scores: Array, kept: Mask, off: Array, most: int) -> tuple[float, float]:
    """What the choice of groups costs over the best one, and what is rounding in it.

    ``scores`` (contests, groups): the squared weights of the groups; ``off``: how far the square
    roots of those compared may be off.
    """
    last = scores.shape[1] - most
    threshold = np.partition(scores, last, axis=1)[:, last, None]
    wrong = np.where(kept, scores < threshold, scores > threshold)
    free = np.maximum(0, most - np.count_nonzero(kept, axis=1))
    excess = float(np.abs(scores - threshold)[wrong].sum() + (free * threshold[:, 0]).sum())
    if excess == 0:
        return 0.0, 0.0
    # An error of those compared moves each score, and the threshold's, by that much.
    contested = wrong | (scores == threshold)
    worst = np.where(contested, off, 0.0).max(axis=1, keepdims=True)
    each = 2 * (np.sqrt(scores) + np.sqrt(threshold)) * (off + worst)
    return excess, float(each[wrong].sum() + (free * off.max(axis=1) ** 2).sum())
