"""Tables of numbers with one target column."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nnbcd.data.dataset import Dataset, Task, classification, regression
from nnbcd.errors import InputError


class _Row(NamedTuple):
    line: int
    cells: list[str]


def load_csv(
    path: Path, *, target: str | int | None = None, task: Task = "classification"
) -> Dataset:
    """Read a table: one sample a line, a header or none, every column but one a feature.

    ``target`` names the target column, or counts it from 0 (from the end if negative); the last
    by default.  Columns are parted by commas, semicolons or tabs.  A first line is the header
    when none of its feature cells is a number, or when its target cell alone is no number.
    Labels may be text.

    Raises:
        InputError: the file, line and column of the first cell that cannot be used.
    """
    rows = _rows(path)
    header = _header(rows, path, target)
    names = header.cells if header else [str(k) for k in range(len(rows[0].cells))]
    column = _column(names, target, header is not None, path)
    body = rows[1:] if header else rows
    if not body:
        raise InputError(f"{path}: no samples: the file holds a header only")
    if len(names) < 2:
        raise InputError(f"{path}: given one column; allowed: at least one feature and the target")
    x = [_numbers(row, column, names, path) for row in body]
    y = [row.cells[column] for row in body]
    if task == "regression":
        targets = [_number(row, column, names, path) for row in body]
        return regression(x, targets, source=str(path))
    for row in body:
        if not row.cells[column]:
            raise _bad_cell(row, column, names, path, "a label")
    return classification(x, _labels(y), source=str(path))


def _rows(path: Path) -> list[_Row]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=_delimiter(first), strict=True)
            rows = [_Row(reader.line_num, [c.strip() for c in cells]) for cells in reader if cells]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not a CSV line: {error}") from error
    if not rows:
        raise InputError(f"{path}: the file is empty")
    width = len(rows[0].cells)
    for row in rows:
        if len(row.cells) != width:
            raise InputError(
                f"{path}, line {row.line}: {len(row.cells)} cells, where line {rows[0].line} has "
                f"{width}"
            )
    return rows


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _header(rows: Sequence[_Row], path: Path, target: str | int | None) -> _Row | None:
    first = rows[0]
    if isinstance(target, str):
        return first
    cells = list(first.cells)
    column = _column(cells, target, False, path)
    own = cells.pop(column)
    if cells and not any(_is_number(cell) for cell in cells):
        return first
    numeric_below = len(rows) > 1 and _is_number(rows[1].cells[column])
    return first if not _is_number(own) and numeric_below else None


def _column(names: Sequence[str], target: str | int | None, named: bool, path: Path) -> int:
    width = len(names)
    if isinstance(target, str):
        if names.count(target) != 1:
            times = "twice or more" if target in names else "nowhere"
            raise InputError(
                f'{path}: target column "{target}" stands {times} in the header: {_list(names)}'
            )
        return names.index(target)
    index = width - 1 if target is None else target
    if not -width <= index < width:
        shown = f" ({_list(names)})" if named else ""
        raise InputError(f"{path}: target column: given {target}; allowed: 0 to {width - 1}{shown}")
    return index % width


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _numbers(row: _Row, skip: int, names: Sequence[str], path: Path) -> list[float]:
    return [_number(row, k, names, path) for k in range(len(row.cells)) if k != skip]


def _number(row: _Row, column: int, names: Sequence[str], path: Path) -> float:
    try:
        value = float(row.cells[column])
    except ValueError:
        raise _bad_cell(row, column, names, path, "a number") from None
    if not math.isfinite(value):
        raise _bad_cell(row, column, names, path, "a finite number")
    return value


def _bad_cell(row: _Row, column: int, names: Sequence[str], path: Path, allowed: str) -> InputError:
    found = row.cells[column]
    shown = f'"{found[:40]}"' if found else "an empty cell"
    return InputError(
        f"{path}, line {row.line}, column {column + 1} ({names[column]}): given {shown}; "
        f"allowed: {allowed}"
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _labels(cells: Sequence[str]) -> list[str] | list[float]:
    """Numbers where all are, so that classes sort as numbers and 1.0 means 1; else text."""
    return [float(c) for c in cells] if all(_is_number(c) for c in cells) else list(cells)
