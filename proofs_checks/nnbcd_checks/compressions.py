"""Compressions: how a Z block is judged.  One registry line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nnbcd_checks.arrays import Array
from nnbcd_checks.block_prune import judge_prune
from nnbcd_checks.block_tt import judge_tt, judge_tt_svd
from nnbcd_checks.judged import Bench, Constants, Judged

JudgeZ = Callable[[Bench, int, Mapping[str, Array], Constants], list[Judged]]
"""(bench, layer, new state, constants) to the figures of the block's rows."""


def _judge_none(
    bench: Bench, i: int, new: Mapping[str, Array], constants: Constants
) -> list[Judged]:
    del bench, i, new, constants
    return []


COMPRESSIONS: Mapping[str, JudgeZ] = {
    "none": _judge_none,
    "prune": judge_prune,
    "tt": judge_tt,
    "tt_svd": judge_tt_svd,
}
