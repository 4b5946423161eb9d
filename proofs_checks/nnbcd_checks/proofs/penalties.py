"""The penalties as unknown numbers: rational functions of them are the words' coefficients."""

from __future__ import annotations

from typing import Any


def unknowns(names: str) -> tuple[Any, ...]:
    """Independent unknowns of one field of fractions over the rationals, by their names."""
    from sympy import QQ
    from sympy.polys.fields import field

    return tuple(field(names, QQ)[1:])
