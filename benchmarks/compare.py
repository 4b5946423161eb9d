"""Ratios against earlier ones: what became worse than an allowance lets it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnbcd.errors import InputError

Row = Mapping[str, Any]
SAME = ("problem", "compression", "dtype", "device", "samples", "sizes")
BETTER_HIGH = {"published_over_ours": True, "ours_over_floor": False, "peak_over_state": False}


def regressions(rows: Sequence[Row], earlier: Sequence[Row], allowance: float) -> list[str]:
    """One line for each ratio worse than the earlier one by more than the fraction allowed.

    Rows belong together where problem, shape, compression, dtype and device agree.  Raises
    ``InputError`` where no row does: such a comparison would say nothing.
    """
    known = {_key(row): row for row in earlier}
    pairs = [(row, known[_key(row)]) for row in rows if _key(row) in known]
    if not pairs:
        raise InputError("compare: no row of the file has the problem and device of a row measured")
    return [
        f"{row['problem']} {row['compression']} {row['dtype']} {row['device']}: {name} "
        f"{row[name]:.3f}, before {old[name]:.3f}, allowed {100 * allowance:.0f}% worse"
        for row, old in pairs
        for name, high in BETTER_HIGH.items()
        if _worse(row[name], old[name], high, allowance)
    ]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a result file; ``InputError`` where it is none."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a benchmark result ({error})") from error
    return list(rows)


def _worse(new: float, old: float, high: bool, allowance: float) -> bool:
    return new < old / (1 + allowance) if high else new > old * (1 + allowance)


def _key(row: Row) -> str:
    return json.dumps([row[name] for name in SAME])
