"""Where data come from, by name."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnbcd.data.csv_file import load_csv
from nnbcd.data.dataset import Dataset, Task, classification, regression
from nnbcd.data.idx import load_mnist, mnist_parts
from nnbcd.data.splits import split
from nnbcd.errors import InputError

if TYPE_CHECKING:
    from nnbcd.config import DataConfig

ENVIRONMENT = "NNBCD_DATA"
"""The environment variable with the folder of data files."""


def train_and_test(config: DataConfig) -> tuple[Dataset, Dataset]:
    """The training and the held-out part that ``[data]`` of a configuration asks for.

    MNIST with both official parts present is split as published; all else by ``split``.

    Raises:
        InputError: data missing or unusable.
    """
    if config.source == "mnist":
        folder = data_folder(config.data_dir)
        if mnist_parts(folder) == ("train", "t10k"):
            return load_mnist(folder, "train"), load_mnist(folder, "t10k")
        dataset = load_mnist(folder)
    elif config.source == "digits":
        dataset = load_digits()
    elif config.path is None:
        raise InputError(f'data.path: missing; source = "{config.source}" reads a file')
    elif config.source == "npz":
        dataset = load_npz(config.path, task=config.task)
    else:
        dataset = load_csv(config.path, target=config.target, task=config.task)
    return split(dataset, config.held_out, seed=config.seed)


def data_folder(given: Path | None = None) -> Path:
    """The folder given, or the one ``NNBCD_DATA`` names.

    Raises:
        InputError: neither is given, or it is no folder.
    """
    named = given or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is None:
        raise InputError(
            "data.data_dir: missing; name the folder of the data files with --data-dir, data_dir "
            f"under [data], or the environment variable {ENVIRONMENT}"
        )
    if not named.is_dir():
        raise InputError(f"{named}: no such folder (from --data-dir, data_dir or {ENVIRONMENT})")
    return named


def load_digits() -> Dataset:
    """The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn, scaled to 0..1."""
    try:
        from sklearn.datasets import load_digits as read
    except ImportError as error:
        raise InputError(
            'the digits data come with scikit-learn: install it, or "nnbcd[demo]"'
        ) from error
    bunch = read()
    return classification(bunch.data / 16.0, bunch.target, source="digits", classes=10)


def load_npz(path: Path, *, task: Task = "classification") -> Dataset:
    """Arrays ``x`` (n, ...) and ``y`` (or ``X``, ``Y``, ``data``, ``target``) of an .npz file.

    Raises:
        InputError: what is wrong and where.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        arrays = np.load(path, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise InputError(f"{path}: given a single array; allowed: an .npz with x and y")
        with arrays:
            x, y = (_named(arrays, path, names) for names in (_X_NAMES, _Y_NAMES))
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable .npz file of numbers: {error}") from error
    if task == "regression":
        return regression(x, y, source=str(path))
    return classification(x, y, source=str(path))


_X_NAMES = ("x", "X", "data")
_Y_NAMES = ("y", "Y", "target", "labels")


def _named(arrays: Any, path: Path, names: tuple[str, ...]) -> NDArray[Any]:
    for name in names:
        if name in arrays.files:
            found: NDArray[Any] = arrays[name]
            return found
    raise InputError(
        f"{path}: no array named {' or '.join(names)}; given: {', '.join(arrays.files) or 'none'}"
    )
