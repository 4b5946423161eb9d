"""Taking a state in: names, shapes, dtype and finiteness, and a private float64 copy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

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


def check_scale(value: Array, norm: float, name: str) -> None:
    """Raise `TraceError` where the data is so small that no square of it can be judged."""
    if norm * norm < SMALLEST["float64"] and value.any():
        raise TraceError(f"data: {name}: not zero, but its squared norm underflows float64")


def check_norm(value: Array, norm: float, name: str, where: str) -> None:
    """Raise `TraceError` unless ``value`` and its squared norm are finite."""
    if math.isfinite(norm):
        return
    finite = bool(np.isfinite(value).all())
    raise TraceError(
        f"{where}: {name}: "
        + ("its squared norm overflows float64" if finite else "holds NaN or infinity")
    )


Columns: TypeAlias = Mapping[str, Array]
"""The column norms (d,) of V_0 .. V_N and W_1 .. W_N."""


def take_state(
    problem: Problem, state: Mapping[str, NDArray[Any]], where: str
) -> tuple[dict[str, Array], dict[str, float], dict[str, Array]]:
    """Private float64 copies of a state's tensors, exactly those the problem declares, and norms.

    Norms are Frobenius, by the tensors' names, and more where a bound needs it: ``C{i}`` bounds
    ||C(Z_i)|| by the product of Z_i's norms; for V and W ``spectral V{i}`` bounds the spectral
    norm.  Third, the column norms of V and W.  A W that is made of factors is as stored; what
    stands for it is `made`'s.
    """
    shapes = problem.shapes()
    missing, unknown = sorted(shapes.keys() - state.keys()), sorted(state.keys() - shapes.keys())
    if missing:
        raise TraceError(f"{where}: tensor {missing[0]} is missing")
    if unknown:
        raise TraceError(f"{where}: unknown tensor {unknown[0]}; declared: {sorted(shapes)}")
    taken: dict[str, Array] = {}
    norms: dict[str, float] = {}
    columns: dict[str, Array] = {}
    for name, shape in shapes.items():
        given = check_array(state[name], name, shape, problem.dtype, where)
        if name[0] in "VW":
            copied = copy_matrix(given)
            taken[name], norms[name] = copied.value, copied.norm
            norms[f"spectral {name}"], columns[name] = copied.spectral, copied.columns
        else:
            taken[name], norms[name] = copy_array(given)
        check_norm(taken[name], norms[name], name, where)
    return taken, norms | _compressed_norms(problem, norms), columns


def made(
    problem: Problem, taken: Mapping[str, Array], where: str
) -> tuple[dict[str, Array], dict[str, float], dict[str, Array]]:
    """``W_i = C(Z_i)`` of every layer where W is made of its factors, and norms as `take_state`'s.

    ``size W{i}`` and the column norms are those of the magnitudes that roundings are relative to,
    as C may be far smaller than the products it sums up.
    """
    found: dict[str, Array] = {}
    norms: dict[str, float] = {}
    columns: dict[str, Array] = {}
    for i, layer in enumerate(problem.layers, 1):
        if layer.compression.makes_w:
            tensors = [taken[f"Z{i}{suffix}"] for suffix in layer.compression.tensors]
            copied = copy_matrix(layer.compression.value(tensors))
            size = copy_matrix(layer.compression.weight_size(tensors, copied.value))
            name = f"W{i}"
            found[name], norms[name], columns[name] = copied.value, copied.norm, size.columns
            norms |= {f"spectral {name}": copied.spectral, f"size {name}": size.norm}
            check_norm(size.value, size.norm, f"C(Z{i})", where)
    return found, norms, columns


def _compressed_norms(problem: Problem, norms: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i, layer in enumerate(problem.layers, 1):
        if layer.compression.tensors:
            tensors = [norms[f"Z{i}{suffix}"] for suffix in layer.compression.tensors]
            found[f"C{i}"] = math.prod(tensors)
    return found


def take_data(
    problem: Problem, x: NDArray[Any]
) -> tuple[Array, dict[str, float], dict[str, Array]]:
    """A private float64 copy of X, its norms as `take_state` names them, its column norms.


    The spectral norm of X is exact, rounded up: it is computed once.  ``repeats`` is the mean
    number of rows of X nearly equal to a row, itself included.
    """
    shape = problem.data_shapes()["X"]
    own_x = copy_matrix(check_array(x, "X", shape, problem.dtype, "data"))
    check_norm(own_x.value, own_x.norm, "X", "data")
    check_scale(own_x.value, own_x.norm, "X")
    spectral = float(np.linalg.norm(own_x.value, 2)) * (1 + 1e-10)
    norms = {"V0": own_x.norm, "spectral V0": spectral, "repeats": _repeats(own_x.value)}
    return own_x.value, norms, {"V0": own_x.columns}


def take_targets(
    problem: Problem, y: NDArray[Any], weights: NDArray[Any] | None
) -> tuple[Array, Array]:
    """Private float64 copies of Y, checked by the loss, and of the sample weights, or ones."""
    shapes = problem.data_shapes()
    own_y, norm_y = copy_array(check_array(y, "Y", shapes["Y"], problem.dtype, "data"))
    check_norm(own_y, norm_y, "Y", "data")
    check_scale(own_y, norm_y, "Y")
    try:
        problem.loss.check(own_y)
    except ValueError as error:
        raise TraceError(f"data: {error}") from None
    if ("S" in shapes) != (weights is not None):
        raise TraceError(
            f"data: S: given {'none' if weights is None else 'weights'}; allowed: "
            f"{'one weight a sample' if 'S' in shapes else 'none'}, as the loss is declared"
        )
    if weights is None:
        return own_y, np.ones(problem.samples)
    own, _ = copy_array(check_array(weights, "S", shapes["S"], problem.dtype, "data"))
    wrong = np.flatnonzero(~(np.isfinite(own) & (own > 0)))
    if wrong.size:
        raise TraceError(
            f"data: S: row {wrong[0]}: given {own[wrong[0]]}; allowed: a finite number > 0"
        )
    return own_y, own


NEARLY = 0.01
"""Rows whose entries differ by less than this part of their column's size round alike."""


def _repeats(x: Array) -> float:
    size = np.sqrt(np.square(x).mean(axis=0))
    coarse = np.round(x / (NEARLY * np.where(size > 0, size, 1.0)))
    counts = np.array(list(Counter(row.tobytes() for row in coarse + 0.0).values()), float)
    return float(np.square(counts).sum()) / len(x)


def larger(
    old: Mapping[str, float], new: Mapping[str, float], before: Columns, after: Columns
) -> Sizes:
    """The larger norm of each tensor and column."""
    norms = {name: max(value, new[name]) for name, value in old.items()}
    return sizes_of(norms, {name: np.maximum(part, after[name]) for name, part in before.items()})


def sizes_of(norms: Mapping[str, float], columns: Columns) -> Sizes:
    """Norms, with ``column V{i}`` the largest column norm, and ``product {i}`` a bound of the
    Frobenius norm of ``|V_{i-1}| |W_i|^T``: the sum of its rank-one terms' norms.  A W that is
    made of factors counts by its magnitude.
    """
    magnitudes = {name[5:]: norms[name] for name in norms if name.startswith("size ")}
    found = {**norms, **magnitudes} | {
        f"column {name}": float(part.max()) for name, part in columns.items()
    }
    for name, part in columns.items():
        if name[0] == "W":
            i = int(name[1:])
            found[f"product {i}"] = float(np.dot(columns[f"V{i - 1}"], part))
    return Sizes(found)
