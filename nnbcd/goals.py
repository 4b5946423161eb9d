"""What the outputs are to approach: the targets of a loss, and the weight of each sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from nnbcd import prepare
from nnbcd.errors import InputError
from nnbcd.losses import Loss


@dataclass(frozen=True)
class Goals:
    """Y (n, d), and the class of each sample (n,) where it has one."""

    y: Tensor
    labels: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, truth: NDArray[Any], outputs: int, like: Tensor, loss: Loss) -> Goals:
        """From labels (n,) or targets (n, d); ``InputError`` where the loss takes no such."""
        y = prepare.targets(truth, outputs, like, loss)
        if truth.ndim == 1:
            return cls(y, truth)
        if not loss.targets.classes:
            return cls(y)
        found = y.argmax(1) if outputs > 1 else (y[:, 0] > 0).long()
        return cls(y, found.cpu().numpy())

    @classmethod
    def of_network(cls, model: nn.Module, features: Tensor, first: Tensor, loss: Loss) -> Goals:
        """A network's own outputs on ``features``, in its first weight's dtype and on its device.

        Raises ``InputError`` where the loss takes classes, or the features do not fit.
        """
        if loss.targets.classes:
            raise InputError(f"y: missing; loss {loss.kind} takes labels, not a network's outputs")
        if features.shape[1] != first.shape[1]:
            raise InputError(
                f"x: given {features.shape[1]} features; the network takes {first.shape[1]}"
            )
        training = model.training
        model.eval()
        try:
            with torch.no_grad():
                outputs: Tensor = model(features.to(first))
        finally:
            model.train(training)
        return cls(outputs.to(features))

    def weights(
        self,
        sample_weight: ArrayLike | Tensor | None,
        class_weight: str | Mapping[int, float] | None,
    ) -> Tensor | None:
        """S (n,): the samples' weights times their classes'; ``None`` where neither is given.

        ``class_weight`` is "balanced" (n over classes present times samples of the class) or
        numbers by class, 1 for a class not named.  Raises ``InputError`` for weights that are
        not finite and positive, a class that does not exist, or samples without classes.
        """
        if sample_weight is None and class_weight is None:
            return None
        s = np.ones(len(self.y))
        if sample_weight is not None:
            s = s * _sample_weights(sample_weight, len(self.y))
        if class_weight is not None:
            s = s * self._by_class(class_weight)
        return _positive(torch.as_tensor(s).to(self.y))

    def _by_class(self, given: str | Mapping[int, float]) -> NDArray[np.float64]:
        if self.labels is None:
            raise InputError(
                f"class_weight: given {given!r}; allowed: with labels, or targets of classes"
            )
        if isinstance(given, Mapping):
            table = np.ones(max(self.y.shape[1], 2))
            for label, weight in given.items():
                if not (isinstance(label, int | np.integer) and 0 <= label < len(table)):
                    raise InputError(
                        f"class_weight: given class {label!r}; allowed: 0 to {len(table) - 1}"
                    )
                table[label] = _one(weight, f"class_weight[{label}]")
            by_class: NDArray[np.float64] = table[self.labels]
            return by_class
        if given != "balanced":
            raise InputError(
                f'class_weight: given {given!r}; allowed: "balanced", or numbers by class'
            )
        present, place, counts = np.unique(self.labels, return_inverse=True, return_counts=True)
        balanced: NDArray[np.float64] = (len(place) / (len(present) * counts))[place]
        return balanced


def _sample_weights(given: ArrayLike | Tensor, samples: int) -> NDArray[np.float64]:
    array = given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
    if array.shape != (samples,) or array.dtype.kind not in "biuf":
        raise InputError(
            f"sample_weight: given {array.dtype} of shape {array.shape}; allowed: numbers of "
            f"shape ({samples},)"
        )
    good = np.isfinite(array) & (array > 0)
    if not good.all():
        where = int(np.argmin(good))
        raise InputError(
            f"sample_weight: given {array[where]} at sample {where}; allowed: finite numbers > 0"
        )
    return array.astype(np.float64)


def _one(weight: object, name: str) -> float:
    real = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not (real and np.isfinite(weight) and weight > 0):  # type: ignore[call-overload, operator]  # real saw to it
        raise InputError(f"{name}: given {weight!r}; allowed: a finite number > 0")
    return float(weight)  # type: ignore[arg-type]  # real saw to it


def _positive(s: Tensor) -> Tensor:
    """The weights, unless the working precision made one 0 or infinite."""
    good = torch.isfinite(s) & (s > 0)
    if not bool(good.all()):
        where = int((~good).int().argmax())
        raise InputError(
            f"sample weights: {float(s[where])} at sample {where} in {s.dtype}; "
            "allowed: finite numbers > 0 in the run's dtype"
        )
    return s
