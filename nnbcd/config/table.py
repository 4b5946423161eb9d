"""What all tables of a configuration share."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
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


def nearest(name: str, known: Sequence[str], what: str) -> str:
    """The known name nearest to one that is not known, or all of them."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known {what}: {', '.join(known)}"
