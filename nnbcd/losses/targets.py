"""What targets a loss takes: built from labels, checked, and compared with outputs."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from nnbcd.errors import InputError


class Targets(Protocol):
    """A kind of target rows Y (n, d)."""

    classes: bool
    """Whether a row says right and wrong, so that outputs are scored by accuracy."""

    def encode(self, labels: Tensor, outputs: int, like: Tensor) -> Tensor:
        """Y (n, outputs) from labels (n,); ``InputError`` for a label out of range."""

    def check(self, y: Tensor, name: str) -> None:
        """Raise ``InputError`` naming the first row that does not fit, and its value."""

    def right(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Whether outputs (m, d) decide as the targets ``y`` (m, d) or labels (m,) say."""


class Real:
    """Any numbers; labels become one-hot rows."""

    classes = False

    def encode(self, labels: Tensor, outputs: int, like: Tensor) -> Tensor:
        """One-hot rows."""
        return _one_hot(labels, outputs, like)

    def check(self, y: Tensor, name: str) -> None:
        """Every matrix fits."""

    def right(self, outputs: Tensor, y: Tensor) -> Tensor:
        """By the largest output."""
        return outputs.argmax(1) == (y if y.ndim == 1 else y.argmax(1))


class OneHot(Real):
    """One 1 a row, 0 elsewhere; two columns or more."""

    classes = True

    def check(self, y: Tensor, name: str) -> None:
        """Each row must be one-hot."""
        if y.shape[1] < 2:
            raise InputError(f"{name}: given {y.shape[1]} column; allowed: 2 or more, one a class")
        good = ((y == 0) | (y == 1)).all(1) & (y.sum(1) == 1)
        _first_bad(good, y, name, "labels, or one-hot rows")


class Signs:
    """-1 and 1; labels become columns of one class against the rest, or one column of two."""

    classes = True

    def encode(self, labels: Tensor, outputs: int, like: Tensor) -> Tensor:
        """1 in the label's column and -1 elsewhere; of one column, 1 for label 1."""
        if outputs > 1:
            return 2 * _one_hot(labels, outputs, like) - 1
        return 2 * _one_hot(labels, 2, like)[:, 1:] - 1

    def check(self, y: Tensor, name: str) -> None:
        """Each entry must be -1 or 1."""
        _first_bad((y.abs() == 1).all(1), y, name, "labels, or entries -1 and 1")

    def right(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Labels by the largest of several outputs, else each output by its sign."""
        if y.ndim == 1 and outputs.shape[1] > 1:
            return outputs.argmax(1) == y
        return (outputs > 0) == (y.reshape(outputs.shape) > 0)


class Bits:
    """0 and 1; labels become columns of one class against the rest, or one column of two."""

    classes = True

    def encode(self, labels: Tensor, outputs: int, like: Tensor) -> Tensor:
        """1 in the label's column and 0 elsewhere; of one column, the label itself."""
        return (SIGNS.encode(labels, outputs, like) + 1) / 2

    def check(self, y: Tensor, name: str) -> None:
        """Each entry must be 0 or 1."""
        _first_bad(((y == 0) | (y == 1)).all(1), y, name, "labels, or entries 0 and 1")

    def right(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Labels by the largest of several outputs, else each output by the nearer of 0 and 1."""
        return SIGNS.right(outputs - 0.5, y)


REAL, ONE_HOT, SIGNS, BITS = Real(), OneHot(), Signs(), Bits()


def _one_hot(labels: Tensor, outputs: int, like: Tensor) -> Tensor:
    out = (labels < 0) | (labels >= outputs)
    if bool(out.any()):
        row = int(out.int().argmax())
        raise InputError(
            f"y: label {int(labels[row])} at sample {row} is out of range; "
            f"allowed: 0 to {outputs - 1}"
        )
    return torch.eye(outputs).to(like)[labels.to(like.device)]


def _first_bad(good: Tensor, y: Tensor, name: str, allowed: str) -> None:
    if not bool(good.all()):
        row = int((~good).int().argmax())
        raise InputError(f"{name}: row {row} is {y[row].tolist()}; allowed: {allowed}")
