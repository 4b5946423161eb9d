"""Taking a state in: names, shapes, dtype and finiteness, and a private float64 copy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array
from nnbcd_checks.errors import TraceError
from nnbcd_checks.fused import copy_array, copy_matrix
from nnbcd_checks.judged import Sizes
from nnbcd_checks.problem import Problem
from nnbcd_checks.rounding import SMALLEST


def check_array(
    value: NDArray[Any], name: str, shape: tuple[int, ...], dtype: str, where: str
) -> NDArray[Any]:
    """``value`` if it has the shape and dtype declared; else `TraceError`."""
    given = np.asarray(value)
    if given.shape != shape:
        raise TraceError(f"{where}: {name}: shape {given.shape}; declared: {shape}")
    if given.dtype != np.dtype(dtype):
        raise TraceError(f"{where}: {name}: dtype {given.dtype}; declared: {dtype}")
    return given


def check_norm(value: Array, norm: float, name: str, where: str) -> None:
    """Raise `TraceError` unless ``value`` and its squared norm are finite and do not underflow."""
    if math.isfinite(norm):
        if norm * norm < SMALLEST["float64"] and value.any():
            raise TraceError(f"{where}: {name}: not zero, but its squared norm underflows float64")
        return
    finite = bool(np.isfinite(value).all())
    raise TraceError(
        f"{where}: {name}: "
        + ("its squared norm overflows float64" if finite else "holds NaN or infinity")
    )


def take_state(
    problem: Problem, state: Mapping[str, NDArray[Any]], where: str
) -> tuple[dict[str, Array], dict[str, float]]:
    """Private float64 copies of a state's tensors, exactly those the problem declares, and norms.

    Norms are Frobenius, by the tensors' names, and more where a bound needs it: ``C{i}`` bounds
    ||C(Z_i)|| by the product of Z_i's norms; for V and W ``spectral V{i}`` bounds
    the spectral norm and ``column V{i}`` is the largest column norm.
    """
    shapes = problem.shapes()
    missing, unknown = sorted(shapes.keys() - state.keys()), sorted(state.keys() - shapes.keys())
    if missing:
        raise TraceError(f"{where}: tensor {missing[0]} is missing")
    if unknown:
        raise TraceError(f"{where}: unknown tensor {unknown[0]}; declared: {sorted(shapes)}")
    taken: dict[str, Array] = {}
    norms: dict[str, float] = {}
    for name, shape in shapes.items():
        given = check_array(state[name], name, shape, problem.dtype, where)
        if name[0] in "VW":
            copied = copy_matrix(given)
            taken[name], norms[name] = copied.value, copied.norm
            norms |= {f"spectral {name}": copied.spectral, f"column {name}": copied.column}
        else:
            taken[name], norms[name] = copy_array(given)
        check_norm(taken[name], norms[name], name, where)
    return taken, norms | _compressed_norms(problem, norms)


def _compressed_norms(problem: Problem, norms: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i, layer in enumerate(problem.layers, 1):
        if layer.compressed:
            tensors = [norms[f"Z{i}{suffix}"] for suffix in layer.compression.tensors]
            found[f"C{i}"] = math.prod(tensors)
    return found


def take_data(
    problem: Problem, x: NDArray[Any], y: NDArray[Any]
) -> tuple[Array, Array, dict[str, float]]:
    """Private float64 copies of X and Y, and their norms as `take_state` names them.

    The spectral norm of X is exact, rounded up: it is computed once.
    """
    shape_x = (problem.samples, problem.layers[0].inputs)
    shape_y = (problem.samples, problem.layers[-1].outputs)
    own_x = copy_matrix(check_array(x, "X", shape_x, problem.dtype, "data"))
    own_y, norm_y = copy_array(check_array(y, "Y", shape_y, problem.dtype, "data"))
    check_norm(own_x.value, own_x.norm, "X", "data")
    check_norm(own_y, norm_y, "Y", "data")
    spectral = float(np.linalg.norm(own_x.value, 2)) * (1 + 1e-10)
    norms = {"V0": own_x.norm, "spectral V0": spectral, "column V0": own_x.column, "Y": norm_y}
    return own_x.value, own_y, norms


def larger(old: Mapping[str, float], new: Mapping[str, float]) -> Sizes:
    """The larger norm of each tensor."""
    return Sizes({name: max(value, new[name]) for name, value in old.items()})
