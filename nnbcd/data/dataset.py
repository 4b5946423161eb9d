"""The one shape that all data take, and the checks they pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnbcd.errors import InputError

Task = Literal["classification", "regression"]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples as rows.

    Attributes:
        x: features (n, d), float64, finite.
        y: one-hot labels (n, c) or real targets (n, c), float64, finite.
        task: ``"classification"`` or ``"regression"``.
        classes: the name of each column of ``y``; empty for regression.
        source: where the data came from, for people.
    """

    x: Array
    y: Array
    task: Task
    classes: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.x)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each sample as a column number of ``y``; classification only."""
        if self.task != "classification":
            raise InputError(f"{self.source}: a regression has targets, not labels")
        return np.asarray(self.y.argmax(axis=1), dtype=np.int64)

    def take(self, rows: NDArray[np.int64], source: str | None = None) -> Dataset:
        """The samples ``rows``, in that order; classes stay, even those with no sample left."""
        return Dataset(self.x[rows], self.y[rows], self.task, self.classes, source or self.source)


def classification(
    x: ArrayLike, labels: ArrayLike, *, source: str, classes: int | None = None
) -> Dataset:
    """A data set of labelled samples.

    Labels are integers, names, or one-hot rows.  With ``classes`` given they must be integers in
    ``0..classes-1``; otherwise the distinct labels, sorted, are the classes.

    Raises:
        InputError: what is wrong and where.
    """
    features = _features(x, source)
    codes, names = _codes(np.asarray(labels), source, classes)
    _same_length(features, codes, source, "labels")
    if len(names) < 2:
        raise InputError(
            f"{source}: labels: given one class only ({names[0]}); allowed: two or more classes"
        )
    one_hot = np.zeros((len(codes), len(names)))
    one_hot[np.arange(len(codes)), codes] = 1.0
    return Dataset(features, one_hot, "classification", names, source)


def regression(x: ArrayLike, targets: ArrayLike, *, source: str) -> Dataset:
    """A data set of samples with real targets, one column or more.

    Raises:
        InputError: what is wrong and where.
    """
    features = _features(x, source)
    y = _floats(targets, source, "targets")
    y = y[:, None] if y.ndim == 1 else y
    if y.ndim != 2 or y.shape[1] == 0:
        raise InputError(f"{source}: targets: given shape {y.shape}; allowed: (n,) or (n, c)")
    _same_length(features, y, source, "targets")
    check_finite(y, source, "targets")
    return Dataset(features, y, "regression", (), source)


def check_finite(values: Array, source: str, what: str) -> None:
    """Raise ``InputError`` that counts the NaN and infinite entries and places the first."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    row, column = (int(i) for i in np.argwhere(bad)[0])
    raise InputError(
        f"{source}: {what}: {int(bad.sum())} of {values.size} entries are NaN or infinite, the "
        f"first in row {row}, column {column} (counted from 0): {values[row, column]}"
    )


def _features(x: ArrayLike, source: str) -> Array:
    values = _floats(x, source, "features")
    if values.ndim == 0 or values.size == 0:
        raise InputError(f"{source}: features: given shape {values.shape}, which is empty")
    values = values.reshape(len(values), -1)
    check_finite(values, source, "features")
    return values


def _floats(values: ArrayLike, source: str, what: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{source}: {what}: given {array.dtype} entries; allowed: real numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


def _same_length(features: Array, y: NDArray[Any], source: str, what: str) -> None:
    if len(features) != len(y):
        raise InputError(
            f"{source}: {len(features)} rows of features but {len(y)} {what}; they must match"
        )


def _codes(
    labels: NDArray[Any], source: str, classes: int | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels as column numbers, and the columns' names."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        return _from_one_hot(labels, source)
    labels = labels.reshape(len(labels)) if labels.ndim == 2 else labels
    if labels.ndim != 1 or labels.size == 0:
        raise InputError(f"{source}: labels: given shape {labels.shape}; allowed: (n,), not empty")
    if labels.dtype.kind not in "biufU":
        raise InputError(
            f"{source}: labels: given {labels.dtype} entries; allowed: integers or text"
        )
    if labels.dtype.kind == "f":
        labels = _whole(labels, source)
    if classes is not None:
        _in_range(labels, source, classes)
        return labels.astype(np.int64), tuple(str(k) for k in range(classes))
    names, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64), tuple(str(name) for name in names)


def _from_one_hot(labels: NDArray[Any], source: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    values = _floats(labels, source, "labels")
    good = np.isin(values, (0.0, 1.0)).all(axis=1) & (values.sum(axis=1) == 1)
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{source}: labels: row {row} (counted from 0) is not one-hot; allowed: one label a "
            'sample, or one-hot rows (for real targets set task = "regression")'
        )
    return values.argmax(axis=1).astype(np.int64), tuple(str(k) for k in range(values.shape[1]))


def _whole(labels: NDArray[Any], source: str) -> NDArray[np.int64]:
    good = np.isfinite(labels) & (labels == np.floor(labels)) & (np.abs(labels) < 2**53)
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{source}: labels: given {labels[row]} in row {row} (counted from 0); allowed: whole "
            'numbers (for real targets set task = "regression")'
        )
    return labels.astype(np.int64)


def _in_range(labels: NDArray[Any], source: str, classes: int) -> None:
    bad = (labels < 0) | (labels >= classes)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{source}: labels: {int(bad.sum())} out of range, the first in row {row} (counted "
            f"from 0): {labels[row]}; allowed: 0 to {classes - 1}"
        )
