"""Members of a family as JSON: frozen dataclasses with a ``kind``, numbers and lists of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

from nnbcd.errors import InputError

T = TypeVar("T")


def member_to_json(member: Any) -> dict[str, Any]:
    """``{"kind": ..., FIELD: ...}``, tuples as lists."""
    values = {own.name: getattr(member, own.name) for own in fields(member)}
    listed = {name: [*v] if isinstance(v, tuple) else v for name, v in values.items()}
    return {"kind": member.kind} | listed


def member_from_json(registry: Mapping[str, type[T]], given: object, where: str) -> T:
    """The member that a kind, or a mapping with ``kind`` and the member's keys, names.

    ``where`` begins every message.  Raises ``InputError`` for another kind, an unknown or missing
    key, a value that is no finite number (or no list of them), or one the member refuses.
    """
    if isinstance(given, str):
        given = {"kind": given}
    if not isinstance(given, Mapping) or "kind" not in given:
        raise InputError(f"{where}: given {given!r}; allowed: a kind, or a table with kind")
    kind = given["kind"]
    if kind not in registry:
        raise InputError(f'{where}: given kind "{kind}"; allowed: {", ".join(registry)}')
    member: Any = registry[kind]
    hints, known = get_type_hints(member), {own.name: own for own in fields(member)}
    values = {name: value for name, value in given.items() if name != "kind"}
    for name in values:
        if name not in known:
            keys = ", ".join(known) or "none beside kind"
            raise InputError(f'{where}: given key "{name}"; allowed for {kind}: {keys}')
    for name, own in known.items():
        if name not in values and own.default is MISSING:
            raise InputError(f"{where}: {name} is missing; {kind} needs {', '.join(known)}")
    cast = {n: _cast(v, hints[n] is float, f"{where}: {kind} {n}") for n, v in values.items()}
    try:
        made: T = member(**cast)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return made


def _cast(value: object, number: bool, where: str) -> float | tuple[float, ...]:
    if number and _real(value):
        return float(value)  # type: ignore[arg-type]  # _real saw to it
    if not number and isinstance(value, list | tuple) and all(_real(v) for v in value):
        return tuple(float(v) for v in value)
    allowed = "a finite number" if number else "a list of finite numbers"
    raise InputError(f"{where}: given {value!r}; allowed: {allowed}")


def _real(value: object) -> bool:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return real and math.isfinite(value)  # type: ignore[arg-type]  # real saw to it
