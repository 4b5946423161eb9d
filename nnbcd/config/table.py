"""What all tables of a configuration share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A frozen table: unknown keys, wrong kinds, NaN and infinities are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def complain(problems: Any) -> None:
    """Raise one ``ValueError`` that lists the problems; false entries are none."""
    lines = [problem for problem in problems if problem]
    if lines:
        raise ValueError("\n".join(lines))


def show(value: object) -> str:
    """A value as the file would have it."""
    return repr([*value]) if isinstance(value, tuple) else repr(value)
