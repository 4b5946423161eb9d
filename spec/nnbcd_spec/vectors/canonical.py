"""When two cases are the same up to scaling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

GROUPS = (("v_prev",), ("w_next",), ("y",))
"""Operands that scale apart from the others."""


def canonical(vector: Mapping[str, Any]) -> tuple[Any, ...]:
    """What is left of a vector's question when scale is divided out.

    ``vector`` is the JSON object.  The penalties are divided by their first that is not 0; the
    operands in each group of :data:`GROUPS`, and all others together, by their largest magnitude.
    """
    alone = {name for group in GROUPS for name in group}
    others = tuple(name for name in vector["inputs"] if name not in alone)
    parts = [_scaled({k: vector["inputs"][k] for k in g if k in vector["inputs"]}, largest=True)
             for g in (*GROUPS, others)]  # fmt: skip
    return (
        vector["block"], repr(vector["member"]), repr(vector.get("refused")),
        _scaled(vector["penalties"], largest=False), *parts,
    )  # fmt: skip


def _scaled(named: Mapping[str, Any], *, largest: bool) -> str:
    numbers = [abs(Fraction(x)) for x in leaves(list(named.values())) if _finite(x)]
    nonzero = [x for x in numbers if x]
    unit = (max(nonzero) if largest else nonzero[0]) if nonzero else Fraction(1)
    return repr([(name, _divided(x, unit)) for name, x in named.items()])


def _divided(x: Any, unit: Fraction) -> Any:
    if isinstance(x, list):
        return [_divided(entry, unit) for entry in x]
    return str(Fraction(x) / unit) if _finite(x) else x


def _finite(x: Any) -> bool:
    return x not in {None, "nan", "inf", "-inf"}


def leaves(x: Any) -> list[Any]:
    """The numbers of nested lists."""
    return [leaf for entry in x for leaf in leaves(entry)] if isinstance(x, list) else [x]
