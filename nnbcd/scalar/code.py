"""Codes on a grid: the whole number nearest to a quotient, and the scale that fits codes."""

from __future__ import annotations

from typing import Any

from nnbcd.scalar.ops import Ops


def nearest_code(m: Any, scale: Any, top: int, *, ops: Ops) -> Any:
    """The whole number in ``-top..top`` nearest to ``m / scale``; of two the lower."""
    return ops.maximum(ops.minimum(ops.ceil(m / scale - 0.5), top), -top)


def nearest_scale(product: Any, square: Any, old: Any, least: float, *, ops: Ops) -> Any:
    """Minimise ``||m - scale c||^2`` over ``scale >= least``, ``product = <m, c>`` and

    ``square = ||c||^2`` of whole numbers c; the old scale where they are all 0.
    """
    best = ops.maximum(product / ops.maximum(square, 1), least)
    return ops.where(square > 0, best, old)
