"""Audit rows as series of numbers: pure functions, nothing drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd.report.read import Record, mapping, number, records

Array = NDArray[np.float64]
TERMS = ("total", "loss", "gamma", "rho", "tau", "mu")
MOST = 300
"""Points drawn of one curve; a longer one is thinned, its extremes kept."""


@dataclass(frozen=True, eq=False)
class Series:
    """Values by sweep; NaN where a figure does not exist."""

    sweep: Array
    value: Array

    def thinned(self, most: int = MOST) -> Series:
        """At most about ``most`` points: ends, and the least and greatest of each stretch."""
        count = len(self.value)
        if count <= most:
            return self
        keep = {0, count - 1}
        for part in np.array_split(np.arange(count), max(1, most // 2)):
            known = part[~np.isnan(self.value[part])]
            if len(known):
                keep.add(int(known[np.argmin(self.value[known])]))
                keep.add(int(known[np.argmax(self.value[known])]))
        rows = np.array(sorted(keep))
        return Series(self.sweep[rows], self.value[rows])

    @property
    def empty(self) -> bool:
        """Whether there is nothing finite in it."""
        return not bool(np.isfinite(self.value).any())


@dataclass(frozen=True, eq=False)
class Margins:
    """One block's decrease less what the theory promises, by sweep."""

    block: str
    margin: Series
    tolerance: Series

    @property
    def violated(self) -> NDArray[np.bool_]:
        """Where the margin is below zero by more than its tolerance."""
        slack = np.nan_to_num(self.tolerance.value, nan=0.0)
        return np.asarray(self.margin.value < -slack)


def objective(rows: Sequence[Record]) -> dict[str, Series]:
    """Each term of the objective: before the first row, then after each."""
    if not rows:
        return {}
    sweeps = _sweeps(rows)
    first = mapping(rows[0].get("before"))
    at = np.concatenate([[sweeps[0] - 1], sweeps])
    return {
        term: Series(
            at,
            _array([first.get(term), *(mapping(row.get("after")).get(term) for row in rows)]),
        )
        for term in TERMS
    }


def margins(rows: Sequence[Record]) -> list[Margins]:
    """``decrease - constant * step^2`` of every block, in the order they first come."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for sweep, row in zip(_sweeps(rows), rows, strict=True):
        for block in records(row.get("blocks")):
            name = str(block.get("block", "?"))
            figures = (number(block.get(key)) for key in ("decrease", "constant", "step"))
            decrease, constant, step = figures
            margin = decrease - constant * step * step
            entry = (float(sweep), margin, number(block.get("decrease_tolerance")))
            found.setdefault(name, []).append(entry)
    result = []
    for name, entries in found.items():
        sweep, margin_values, tolerance = (
            np.array(column) for column in zip(*entries, strict=True)
        )
        result.append(Margins(name, Series(sweep, margin_values), Series(sweep, tolerance)))
    return result


def subgradient(rows: Sequence[Record], key: str) -> Series:
    """One figure of ``subgradient`` by sweep."""
    return Series(_sweeps(rows), _array([mapping(r.get("subgradient")).get(key) for r in rows]))


def running_sums(rows: Sequence[Record]) -> tuple[Series, Series]:
    """``sum dist^2`` over the rows so far, and the bound ``b^2 (decrease so far) / lambda``.

    ``b`` is the greatest and ``lambda`` the least of the rows so far; the decrease is summed over
    the rows present, so that the inequality holds where sweeps are missing too.
    """
    sweeps = _sweeps(rows)
    distance = subgradient(rows, "distance").value
    b, least = subgradient(rows, "b").value, subgradient(rows, "lambda").value
    before = _array([mapping(r.get("before")).get("total") for r in rows])
    after = _array([mapping(r.get("after")).get("total") for r in rows])
    with np.errstate(all="ignore"):
        total = np.cumsum(distance**2)
        bound = (
            np.maximum.accumulate(b) ** 2 * np.cumsum(before - after) / np.minimum.accumulate(least)
        )
    return Series(sweeps, total), Series(sweeps, bound)


def gaps(rows: Sequence[Record], key: str) -> tuple[list[tuple[int, Series]], bool]:
    """The feasibility gap ``key`` of each layer that has one, and whether it is relative."""
    fields = [mapping(row.get("feasibility")) for row in rows]
    relative = any(isinstance(mapping(f.get("relative")).get(key), list) for f in fields)
    lists: list[Any] = [(mapping(f.get("relative")) if relative else f).get(key) for f in fields]
    values = [v if isinstance(v, list) else [] for v in lists]
    depth = max((len(v) for v in values), default=0)
    sweeps = _sweeps(rows)
    layers = [
        (i + 1, Series(sweeps, _array([v[i] if i < len(v) else None for v in values])))
        for i in range(depth)
    ]
    return [(i, series) for i, series in layers if not series.empty], relative


def metric(metrics: Sequence[Record], key: str) -> Series:
    """One column of ``metrics.jsonl`` by sweep."""
    return Series(_sweeps(metrics), _array([record.get(key) for record in metrics]))


def _sweeps(rows: Sequence[Record]) -> Array:
    """The rows' sweeps; a row that does not say is taken to follow the one before."""
    sweeps: list[float] = []
    for row in rows:
        given = number(row.get("sweep"))
        last = sweeps[-1] if sweeps else 0.0
        sweeps.append(given if math.isfinite(given) else last + 1)
    return np.array(sweeps)


def _array(values: Sequence[Any]) -> Array:
    return np.array([number(value) for value in values], dtype=np.float64)
