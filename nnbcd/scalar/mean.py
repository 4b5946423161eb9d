"""Two quadratic terms as one."""

from __future__ import annotations

from typing import Any


def weighted_mean(near: Any, old: Any, *, weight: float, prox: float) -> Any:
    """Where ``weight/2 (x - near)^2 + prox/2 (x - old)^2`` is least, entry by entry.

    It is ``(weight + prox)/2 (x - mean)^2`` and a constant: so a proximal term joins its block's
    own quadratic term.
    """
    return near if prox == 0 else (weight * near + prox * old) / (weight + prox)
