"""Held-out parts, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnbcd.data.dataset import Dataset
from nnbcd.errors import InputError


def split(dataset: Dataset, held_out: float = 0.2, *, seed: int = 0) -> tuple[Dataset, Dataset]:
    """The part to train on and the part held out, of ``ceil(held_out n)`` samples.

    Classification is stratified: each class gives its share, by largest remainder, and keeps at
    least one sample on both sides (which can move the total by a few).  Rows keep their order.

    Raises:
        InputError: ``held_out`` not in (0, 1), or too few samples.
    """
    if not 0 < held_out < 1:
        raise InputError(f"data.held_out: given {held_out}; allowed: a fraction in (0, 1)")
    if len(dataset) < 2:
        raise InputError(f"{dataset.source}: a split needs two samples; given {len(dataset)}")
    rng = np.random.default_rng(seed)
    if dataset.task == "classification":
        chosen = _stratified(dataset, held_out, rng)
    else:
        count = min(_ceil(held_out, len(dataset)), len(dataset) - 1)
        chosen = rng.permutation(len(dataset))[:count]
    mask = np.zeros(len(dataset), dtype=bool)
    mask[chosen] = True
    return dataset.take(np.flatnonzero(~mask)), dataset.take(np.flatnonzero(mask))


def _stratified(dataset: Dataset, held_out: float, rng: np.random.Generator) -> NDArray[np.int64]:
    labels = dataset.labels
    present, counts = np.unique(labels, return_counts=True)
    for label, count in zip(present, counts, strict=True):
        if count < 2:
            raise InputError(
                f"{dataset.source}: class {dataset.classes[label]} has one sample; a stratified "
                'split needs two a class (for real targets set task = "regression")'
            )
    shares = _shares(counts, held_out, _ceil(held_out, len(dataset)))
    parts = [
        rng.permutation(np.flatnonzero(labels == label))[:share]
        for label, share in zip(present, shares, strict=True)
    ]
    return np.concatenate(parts)


def _shares(counts: NDArray[np.int64], held_out: float, total: int) -> NDArray[np.int64]:
    """Whole numbers near ``held_out * counts``, their sum ``total`` where the limits allow."""
    exact = counts * held_out
    shares = np.floor(exact).astype(np.int64)
    largest = np.argsort(shares - exact, kind="stable")  # most negative: largest remainder
    shares[largest[: max(0, total - int(shares.sum()))]] += 1
    return np.asarray(np.clip(shares, 1, counts - 1), dtype=np.int64)


def _ceil(fraction: float, n: int) -> int:
    # The nudge keeps 0.1 * 30, a hair above 3 in floats, from taking a fourth sample.
    return max(1, int(np.ceil(fraction * n * (1 - 1e-12))))
