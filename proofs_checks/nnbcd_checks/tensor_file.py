"""Safetensors files: the header is checked against the claim before anything is allocated."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from nnbcd_checks.errors import TraceError

MOST_HEADER = 1 << 24
CODES = {"float32": "F32", "float64": "F64"}
Shapes = Mapping[str, tuple[int, ...]]


def read_tensors(
    path: Path, where: str, shapes: Shapes, dtype: str, sweep: int | None
) -> dict[str, NDArray[Any]]:
    """The tensors of ``path``: exactly those of ``shapes``, of ``dtype``, all finite.

    A state's metadata must name the format, its version and its ``sweep``; data (``sweep`` is
    ``None``) may leave all three out.
    """
    header, length = _header(path, where)
    _check_metadata(header.pop("__metadata__", {}), where, sweep)
    _check_names(header, where, shapes)
    total = 0
    for name, shape in shapes.items():
        total += _check_tensor(header[name], f"{where}: {name}", shape, dtype)
    if total != length:
        raise TraceError(f"{where}: holds {length} bytes of tensors; declared: {total}")
    try:
        with safe_open(path, framework="np") as file:
            found = {name: file.get_tensor(name) for name in shapes}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise TraceError(f"{where}: cannot be read: {error}") from None
    for name, value in found.items():
        if not np.isfinite(value).all():
            raise TraceError(f"{where}: {name}: holds NaN or infinity")
    return found


def _header(path: Path, where: str) -> tuple[dict[str, Any], int]:
    """The header, and how many bytes follow it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            if not 0 < length <= min(MOST_HEADER, size - 8):
                raise TraceError(f"{where}: not a safetensors file, or cut off")
            header = json.loads(file.read(length))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, TraceError):
            raise
        raise TraceError(f"{where}: its header cannot be read: {error}") from None
    if not isinstance(header, dict):
        raise TraceError(f"{where}: its header is not an object")
    return header, size - 8 - length


def _check_metadata(given: object, where: str, sweep: int | None) -> None:
    allowed = {"format": "nnbcd-trace", "version": "1"}
    if sweep is not None:
        allowed["sweep"] = str(sweep)
    found = given if isinstance(given, dict) else {}
    for key, value in allowed.items():
        if (key in found or sweep is not None) and found.get(key) != value:
            raise TraceError(
                f"{where}: metadata {key}: given {found.get(key)!r}; allowed: {value!r}"
            )


def _check_names(header: Mapping[str, Any], where: str, shapes: Shapes) -> None:
    missing, unknown = sorted(shapes.keys() - header.keys()), sorted(header.keys() - shapes.keys())
    if missing:
        raise TraceError(f"{where}: tensor {missing[0]} is missing")
    if unknown:
        raise TraceError(f"{where}: unknown tensor {unknown[0]!r}; declared: {sorted(shapes)}")


def _check_tensor(given: object, where: str, shape: tuple[int, ...], dtype: str) -> int:
    """Check one entry of the header; how many bytes the tensor takes."""
    entry = given if isinstance(given, dict) else {}
    if entry.get("dtype") != CODES[dtype]:
        raise TraceError(f"{where}: dtype {entry.get('dtype')!r}; declared: {CODES[dtype]!r}")
    if entry.get("shape") != list(shape):
        raise TraceError(f"{where}: shape {entry.get('shape')!r}; declared: {list(shape)}")
    size = math.prod(shape) * np.dtype(dtype).itemsize
    offsets = entry.get("data_offsets")
    if not (isinstance(offsets, list) and [type(k) for k in offsets] == [int, int]):
        raise TraceError(f"{where}: bad data_offsets {offsets!r}")
    if offsets[1] - offsets[0] != size:
        raise TraceError(f"{where}: takes {offsets[1] - offsets[0]} bytes; declared: {size}")
    return size
