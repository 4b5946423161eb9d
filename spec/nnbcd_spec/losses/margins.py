"""The margins of a multiclass hinge."""

from __future__ import annotations

from typing import Any

from nnbcd_spec.exact import Array


def excesses(v: Array, y: Array) -> list[Any]:
    """``1 + v_k - v_c`` for every class k other than c, the class of the one-hot ``y``."""
    c = y.tolist().index(1)
    return [1 + v[k] - v[c] for k in range(len(v)) if k != c]
