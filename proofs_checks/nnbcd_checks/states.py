"""Taking a state in: names, shapes, dtype and finiteness, and a private float64 copy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array, matrix_bounds, norm
from nnbcd_checks.errors import TraceError
from nnbcd_checks.judged import Sizes
from nnbcd_checks.problem import Problem


def take_array(
    value: NDArray[Any], name: str, shape: tuple[int, ...], dtype: str, where: str
) -> Array:
    """A float64 copy of one array after checking it; `TraceError` says what is wrong."""
    given = np.asarray(value)
    if given.shape != shape:
        raise TraceError(f"{where}: {name}: shape {given.shape}; declared: {shape}")
    if given.dtype != np.dtype(dtype):
        raise TraceError(f"{where}: {name}: dtype {given.dtype}; declared: {dtype}")
    copy: Array = np.array(given, dtype=np.float64, order="C")
    if not math.isfinite(norm(copy)) and not np.isfinite(copy).all():
        raise TraceError(f"{where}: {name}: holds NaN or infinity")
    return copy


def take_state(problem: Problem, state: Mapping[str, NDArray[Any]], where: str) -> dict[str, Array]:
    """Private float64 copies of a state's tensors: exactly those the problem declares."""
    shapes = problem.shapes()
    missing, unknown = sorted(shapes.keys() - state.keys()), sorted(state.keys() - shapes.keys())
    if missing:
        raise TraceError(f"{where}: tensor {missing[0]} is missing")
    if unknown:
        raise TraceError(f"{where}: unknown tensor {unknown[0]}; declared: {sorted(shapes)}")
    return {
        name: take_array(state[name], name, shape, problem.dtype, where)
        for name, shape in shapes.items()
    }


def tensor_norms(problem: Problem, state: Mapping[str, Array]) -> dict[str, float]:
    """Frobenius norms of a state's tensors, by name, and more where a bound needs it:

    ``C{i}`` bounds ||C(Z_i)||, ``G{i}`` is the product of the cores' norms; for V and W
    ``spectral V{i}`` bounds the spectral norm and ``column V{i}`` is the largest column norm.
    Raises `TraceError` where a square overflows: such a state cannot be judged in float64.
    """
    found = {name: norm(value) for name, value in state.items()}
    for i, layer in enumerate(problem.layers, 1):
        cores = [found[f"Z{i}.{j}"] for j in range(1, len(layer.compression.modes) + 1)]
        if cores:
            found[f"G{i}"] = found[f"C{i}"] = math.prod(cores)
        elif layer.compressed:
            found[f"C{i}"] = found[f"Z{i}"]
    for name in [name for name in state if name[0] in "VW"]:
        found[f"spectral {name}"], found[f"column {name}"] = matrix_bounds(state[name])
    for name, value in found.items():
        if not math.isfinite(value):
            raise TraceError(f"{name}: its squared norm overflows float64")
    return found


def larger(old: Mapping[str, float], new: Mapping[str, float]) -> Sizes:
    """The larger norm of each tensor."""
    return Sizes({name: max(value, new[name]) for name, value in old.items()})
