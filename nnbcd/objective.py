"""The objective's terms at a state, summed in float64 on the iterates of any dtype."""

from __future__ import annotations

import torch
from torch import Tensor

from nnbcd.problem import Problem
from nnbcd.reduce import half_square
from nnbcd.state import State
from nnbcd.sweep import Data, target, with_products

TERMS = ("loss", "gamma", "rho", "tau", "mu")


def terms(problem: Problem, data: Data, state: State) -> dict[str, Tensor]:
    """The five terms of docs/TRACE.md and their ``total``, as float64 scalar tensors."""
    state = with_products(data, state)
    zero = torch.zeros((), dtype=torch.float64, device=data.X.device)
    sums = dict.fromkeys(TERMS, zero)
    sums["loss"] = problem.loss.value(state.layers[-1].V, data.Y, data.S)
    for i, layer in enumerate(problem.layers, start=1):
        own, p = state.layer(i), layer.penalties
        assert own.pre is not None  # with_products has just filled it
        sums["gamma"] = sums["gamma"] + p.gamma * half_square(own.V - layer.activation(own.U))
        sums["rho"] = sums["rho"] + p.rho * half_square(own.U - own.pre)
        expanded = target(problem, state, i)
        if expanded is not None:
            sums["tau"] = sums["tau"] + p.tau * half_square(own.W - expanded)
        if p.mu > 0:
            sums["mu"] = sums["mu"] + p.mu * (half_square(own.W) + half_square(own.b))
    return sums | {"total": sum(sums.values(), zero)}
