"""What a size costs and what a budget pays for."""

from __future__ import annotations

import torch

from nnbcd.errors import InputError

Shape = tuple[int, int]
"""(outputs, inputs) of a weight matrix."""

INDEX_BYTES = 4
"""What it takes to say where a kept entry or group stands."""


def budget(shape: Shape, keep: float) -> int:
    """The whole number of entries at or below the fraction ``keep`` of a matrix's.

    Raises ``InputError`` unless ``0 < keep <= 1``.
    """
    check_keep(keep)
    # The nudge keeps 0.07 * 100, a hair under 7 in floats, from losing an entry.
    return int(keep * shape[0] * shape[1] * (1 + 1e-12))


def affordable(kind: str, shape: Shape, keep: float, *, unit: int, largest: int) -> int:
    """How many units of so many numbers ``keep`` pays for, at most ``largest``.

    Raises ``InputError`` where it pays for none.
    """
    count = min(largest, budget(shape, keep) // unit)
    if count < 1:
        least = unit / (shape[0] * shape[1])
        raise InputError(
            f"compression {kind} keep: given {keep} for a {shape[0]}x{shape[1]} layer; "
            f"allowed: {least:.6g} to 1, since the smallest stores {unit} numbers"
        )
    return count


def check_keep(keep: float) -> None:
    """Raise ``InputError`` unless ``0 < keep <= 1``."""
    if not (isinstance(keep, int | float) and 0 < keep <= 1):
        raise InputError(f"compression keep: given {keep}; allowed: a fraction in (0, 1]")


def check_range(kind: str, name: str, value: int, shape: Shape, largest: int) -> None:
    """Raise ``InputError`` unless ``value`` is a whole number in 1..largest."""
    if not (isinstance(value, int) and 1 <= value <= largest):
        raise InputError(
            f"{kind} {name}: given {value} for a {shape[0]}x{shape[1]} layer; "
            f"allowed: 1 to {largest}"
        )


def itemsize(dtype: str) -> int:
    """Bytes of a number, for ``"float32"`` or ``"float64"``."""
    return torch.finfo(getattr(torch, dtype)).bits // 8
