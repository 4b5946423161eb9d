"""The penalties as unknown numbers: rational functions of them are the words' coefficients."""

from __future__ import annotations

from typing import Any, NoReturn


class Penalty:
    """An unknown number; code that asks anything of it but whether it is 0 is refused.

    It is not 0: a branch for 0 has to be run with the number 0.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __add__(self, other: Any) -> Any:
        return Penalty(self.value + _plain(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return Penalty(self.value - _plain(other))

    def __rsub__(self, other: Any) -> Any:
        return Penalty(_plain(other) - self.value)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Penalty | int | float):
            return Penalty(self.value * _plain(other))
        return other.__rmul__(self.value)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return Penalty(self.value / _plain(other))

    def __rtruediv__(self, other: Any) -> Any:
        return Penalty(_plain(other) / self.value)

    def __neg__(self) -> Any:
        return Penalty(-self.value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | float) and other == 0:
            return False
        raise TypeError(f"an unknown penalty compared with {other!r}")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("an unknown penalty decides a branch")

    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # == may refuse


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Penalty) else x


def unknowns(names: str) -> tuple[Any, ...]:
    """Independent unknowns of one field of fractions over the rationals, by their names."""
    from sympy import QQ
    from sympy.polys.fields import field

    return tuple(map(Penalty, field(names, QQ)[1:]))
