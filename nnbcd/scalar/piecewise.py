"""The proximal step of any continuous piecewise-affine activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nnbcd.scalar.choice import choose
from nnbcd.scalar.ops import Ops


@dataclass(frozen=True)
class Piece:
    """``s(u) = slope * u + intercept`` for ``low <= u <= high``; ``None`` is unbounded."""

    slope: float
    intercept: float = 0.0
    low: float | None = None
    high: float | None = None


def piecewise_prox(
    v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, pieces: Sequence[Piece], ops: Ops
) -> Any:
    """Minimise ``gamma/2 (v - s(u))^2 + beta/2 (u - m)^2`` over ``u``.

    On a piece the objective is a strictly convex parabola, so its minimiser there is the
    stationary point clipped to the piece; the best piece wins.  Globally exact for continuous
    ``s`` with ``beta > 0``.  ``pieces`` ascend.  Of tied minimisers the one nearest to ``u_old``
    is returned, and of two equally near the lower.
    """
    found = [_candidate(v, m, piece, gamma=gamma, beta=beta, ops=ops) for piece in pieces]
    return choose(found, u_old, ops=ops)


def _candidate(
    v: Any, m: Any, piece: Piece, *, gamma: float, beta: float, ops: Ops
) -> tuple[Any, Any]:
    """The piece's clipped minimiser and twice its objective value."""
    k, target = piece.slope, v - piece.intercept if piece.intercept != 0 else v
    u = m if k == 0 else (gamma * k * target + beta * m) / (gamma * k * k + beta)
    if piece.low is not None:
        u = ops.maximum(u, piece.low)
    if piece.high is not None:
        u = ops.minimum(u, piece.high)
    gap, move = target if k == 0 else target - k * u, u - m
    return u, gamma * (gap * gap) + beta * (move * move)
