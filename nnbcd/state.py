"""The iterate: one frozen record a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nnbcd.compressions import Factors
from nnbcd.problem import Problem


@dataclass(frozen=True)
class LayerState:
    """V, U (n, outputs), W (outputs, inputs), b (outputs,), Z the factors of C(Z).

    ``pre`` caches ``V_prev W^T + b`` (n, outputs) for the newest V_prev, W and b; ``None`` where
    one of them has moved since.  It is derived, never part of a trace.
    """

    V: Tensor
    U: Tensor
    W: Tensor
    b: Tensor
    Z: Factors
    pre: Tensor | None = None


@dataclass(frozen=True)
class State:
    """The blocks of all layers, first layer first.  Updates return new states."""

    layers: tuple[LayerState, ...]

    def layer(self, i: int) -> LayerState:
        """Layer ``i`` counted from 1, as in the paper."""
        return self.layers[i - 1]

    def with_layer(self, i: int, **changes: Any) -> State:
        """A state that differs in fields of layer ``i``."""
        layers = list(self.layers)
        layers[i - 1] = replace(layers[i - 1], **changes)
        return State(tuple(layers))

    def tensors(self, problem: Problem) -> dict[str, Tensor]:
        """The state by the tensor names of the trace format."""
        named: dict[str, Tensor] = {}
        for i, (layer, own) in enumerate(zip(problem.layers, self.layers, strict=True), start=1):
            named |= {f"V{i}": own.V, f"U{i}": own.U, f"W{i}": own.W, f"b{i}": own.b}
            named |= dict(zip(layer.compression.names(i), own.Z, strict=True))
        return named


def block_tensors(state: State, block: str, owned: Sequence[int] = ()) -> tuple[Tensor, ...]:
    """The variables of one block, e.g. ``"W2"``: W and b; ``"Z1"``: all factors.

    ``owned`` are the layers of a Z block that has several (``Problem.z_layers``).
    """
    own = state.layer(int(block[1:]))
    match block[0]:
        case "V":
            return (own.V,)
        case "U":
            return (own.U,)
        case "W":
            return (own.W, own.b)
        case _:
            return tuple(z for i in owned or [int(block[1:])] for z in state.layer(i).Z)


def from_tensors(problem: Problem, named: Mapping[str, Tensor]) -> State:
    """The state whose blocks carry the trace format's names."""
    layers = []
    for i, layer in enumerate(problem.layers, start=1):
        z = tuple(named[name] for name in layer.compression.names(i))
        layers.append(LayerState(named[f"V{i}"], named[f"U{i}"], named[f"W{i}"], named[f"b{i}"], z))
    return State(tuple(layers))


def torch_dtype(problem: Problem) -> torch.dtype:
    """The torch dtype of a problem's iterates."""
    return torch.float32 if problem.dtype == "float32" else torch.float64
