"""How far a state is from what it should satisfy: its Z in their sets, and the three gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nnbcd_checks.arrays import Array
from nnbcd_checks.compression import Held
from nnbcd_checks.objective import Gaps
from nnbcd_checks.problem import Problem
from nnbcd_checks.rounding import UNIT
from nnbcd_checks.row import FeasibilityRow


def outside_of(
    problem: Problem, stored: Mapping[str, Array], start: Mapping[str, Array]
) -> tuple[float | None, ...]:
    """Per layer, by how much its Z, or the W bound to it, is out of its set; ``None`` without one.

    What the layers of a group share stands at the layer that names the block.  ``start``: the
    tensors that no block updates, as they were at the start.
    """
    found: dict[int, float | None] = {}
    for layers in problem.z_groups:
        held = []
        for i in layers:
            names = [f"Z{i}{suffix}" for suffix in problem.layer(i).compression.tensors]
            tensors, first = ([state[name] for name in names] for state in (stored, start))
            held.append(Held(tensors, stored[f"W{i}"], first))
        compression = problem.layer(layers[0]).compression
        found[layers[0]] = compression.outside(held, UNIT[problem.dtype])
    return tuple(found.get(i) for i in range(1, problem.depth + 1))


def feasibility(
    problem: Problem,
    gaps: Gaps,
    norms: Mapping[str, float],
    outside: tuple[float | None, ...],
) -> FeasibilityRow:
    """The gaps of the present state, absolute and relative, and what `outside_of` found."""
    depth = range(1, problem.depth + 1)
    return FeasibilityRow(
        tuple(gaps.misfit[i] for i in depth),
        tuple(gaps.linear[i] for i in depth),
        tuple(gaps.apart.get(i) for i in depth),
        tuple(_ratio(gaps.misfit[i], norms[f"V{i}"]) for i in depth),
        tuple(_ratio(gaps.linear[i], norms[f"U{i}"]) for i in depth),
        tuple(_ratio(gaps.apart[i], norms[f"W{i}"]) if i in gaps.apart else None for i in depth),
        _excess_nonzeros(problem, outside),
        outside,
    )


def _excess_nonzeros(problem: Problem, outside: Sequence[float | None]) -> tuple[int | None, ...]:
    counted = [layer.compression.counts_entries for layer in problem.layers]
    pairs = zip(outside, counted, strict=True)
    return tuple(None if count is None or not ours else int(count) for count, ours in pairs)


def _ratio(gap: float, size: float) -> float:
    return gap / size if size > 0 and math.isfinite(gap / size) else 0.0
