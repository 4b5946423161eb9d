"""How good a network is on held-out data: accuracy, or the coefficient of determination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnbcd import prepare
from nnbcd.errors import InputError
from nnbcd.losses.targets import REAL, Targets
from nnbcd.options import Options
from nnbcd.problem import Problem
from nnbcd.start import Weights
from nnbcd.state import State
from nnbcd.sweep import target


@dataclass(frozen=True)
class Scorer:
    """Scores on x (m, d_0) against labels (m,) or targets (m, d_N) of a loss."""

    x: Tensor
    truth: Tensor
    targets: Targets = REAL

    @property
    def metric(self) -> str:
        """``"accuracy"`` for labels and for targets of classes, else ``"r2"``."""
        return "accuracy" if self.truth.ndim == 1 or self.targets.classes else "r2"

    def both(self, problem: Problem, state: State) -> tuple[float, float]:
        """The scores with C(Z) in place of W (the compressed network), and with W itself."""
        dense = [(own.W, own.b) for own in state.layers]
        compressed: list[Weights] = []
        for i, own in enumerate(state.layers, start=1):
            expanded = target(problem, state, i)
            compressed.append((own.W if expanded is None else expanded, own.b))
        return self._score(problem, compressed), self._score(problem, dense)

    def _score(self, problem: Problem, weights: Sequence[Weights]) -> float:
        v = self.x
        for layer, (w, b) in zip(problem.layers, weights, strict=True):
            v = layer.activation(torch.addmm(b, v, w.mT))
        return self.of_outputs(v)

    def of_outputs(self, outputs: Tensor) -> float:
        """The score of outputs (m, d_N)."""
        if self.metric == "accuracy":
            return float(self.targets.right(outputs, self.truth).double().mean())
        truth = self.truth.to(outputs)
        spread = (truth - truth.mean(0)).square().sum()
        return float(1 - (truth - outputs).square().sum() / spread)


def scorer(how: Options, features: Tensor, outputs: int) -> Scorer | None:
    """On the ``evaluation`` data of a run, checked against its features and outputs, if any."""
    if how.evaluation is None:
        return None
    x = prepare.inputs(how.evaluation[0], dtype=how.dtype, device=how.device, name="evaluation x")
    if x.shape[1] != features.shape[1]:
        raise InputError(f"evaluation x: given {x.shape[1]} features; x has {features.shape[1]}")
    truth = prepare.truth(how.evaluation[1], samples=len(x), name="evaluation y")
    loss = how.member()
    prepare.targets(truth, outputs, x, loss, "evaluation y")  # such as the loss takes
    return Scorer(x, torch.as_tensor(truth, device=x.device), loss.targets)
