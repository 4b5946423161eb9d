"""How exactly the direct-form V solves meet their equations, on a few rows of each."""

from __future__ import annotations

import torch
from torch import Tensor

from nnbcd.problem import Problem
from nnbcd.state import State

ROWS = 16


class ResidualProbe:
    """An observer of block updates: the largest relative residual of the hidden V solves.

    On at most ``ROWS`` evenly spaced rows of V_i: ``||V H - rhs|| / (||V|| ||H|| + ||rhs||)`` with
    ``H = gamma I + rho W^T W`` of the next layer, in the working dtype; about its unit roundoff
    for a backward-stable solve.  Stays on the device until ``take`` is called.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._seen: list[Tensor] = []

    def __call__(self, block: str, before: State, after: State) -> None:
        """Measure the block if it is a hidden V."""
        i = int(block[1:])
        if block[0] == "V" and i < self._problem.depth:
            self._seen.append(_relative_residual(self._problem, before, after, i))

    def take(self) -> float:
        """The largest value since the last call (0 where there was none), read from the device."""
        largest = float(torch.stack(self._seen).max()) if self._seen else 0.0
        self._seen.clear()
        return largest


def _relative_residual(problem: Problem, before: State, after: State, i: int) -> Tensor:
    gamma = problem.layers[i - 1].penalties.gamma
    rho = problem.layers[i].penalties.rho
    own, next_ = before.layer(i), before.layer(i + 1)
    stride = max(1, own.V.shape[0] // ROWS)
    v = after.layer(i).V[::stride][:ROWS]
    s_u = problem.layers[i - 1].activation(own.U[::stride][:ROWS])
    h = rho * (next_.W.mT @ next_.W)
    h.diagonal().add_(gamma)
    rhs = gamma * s_u + rho * (next_.U[::stride][:ROWS] - next_.b) @ next_.W
    scale = torch.linalg.matrix_norm(v) * torch.linalg.matrix_norm(h)
    scale = scale + torch.linalg.matrix_norm(rhs)
    # Every operand 0 is an exact solve: 0 over the smallest normal number.
    tiny = torch.finfo(v.dtype).tiny
    relative: Tensor = torch.linalg.matrix_norm(v @ h - rhs) / scale.clamp(min=tiny)
    return relative
