"""The best of a few candidates, by the rule that settles ties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnbcd.scalar.ops import Ops


def choose(found: Sequence[tuple[Any, Any]], u_old: Any, *, ops: Ops) -> Any:
    """The candidate ``u`` of least value among pairs ``(u, value)`` that ascend in ``u``.

    Of those of equal value the one nearest to ``u_old``, of two equally near the lower.
    """
    best, best_value = found[0]
    for position, (u, value) in enumerate(found[1:], start=1):
        nearer = ops.absolute(u - u_old) < ops.absolute(best - u_old)
        wins = ops.either(value < best_value, ops.both(value == best_value, nearer))
        best = ops.where(wins, u, best)
        if position < len(found) - 1:  # the last comparison needs no value after it
            best_value = ops.where(wins, value, best_value)
    return best
