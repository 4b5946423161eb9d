"""One Gauss-Seidel sweep: every block once, each at the newest values of all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnbcd import blocks
from nnbcd.compressions import Factors
from nnbcd.compressions.coupling import Coupling
from nnbcd.problem import Problem
from nnbcd.state import LayerState, State

Observer = Callable[[str, State, State], None]
"""Told ``(block, before, after)`` after each block update."""


@dataclass(frozen=True)
class Data:
    """X (n, d_0) and Y (n, d_N), what depends on X alone, and the samples' weights."""

    X: Tensor
    Y: Tensor
    gram: Tensor
    """``[X, 1]^T [X, 1]``, constant over a run."""
    S: Tensor | None = None
    """(n,), the weights of the samples in the loss; ``None`` is 1 each."""

    @classmethod
    def of(cls, x: Tensor, y: Tensor, s: Tensor | None = None) -> Data:
        """Samples are rows; all share dtype and device."""
        return cls(x, y, blocks.augmented_gram(x), s)

    def tensors(self) -> dict[str, Tensor]:
        """By the names of the trace format."""
        named = {"X": self.X, "Y": self.Y}
        return named if self.S is None else named | {"S": self.S}


def sweep(problem: Problem, data: Data, state: State, observe: Observer | None = None) -> State:
    """Update every block of ``problem.order`` once and return the new state.

    One product ``V W^T`` a layer: the one at the sweep's end also serves the objective, and the
    next sweep's U and (W, b) steps.
    """
    for block in problem.order:
        i = int(block[1:])
        step = _COUPLED.get((block[0], problem.layers[i - 1].coupling), _STEPS[block[0]])
        after = step(problem, data, state, i)
        if observe is not None:
            observe(block, state, after)
        state = after
    return with_products(data, state)


def with_products(data: Data, state: State) -> State:
    """The state with every layer's ``pre`` at hand."""
    for i, own in enumerate(state.layers, start=1):
        if own.pre is None:
            state = state.with_layer(i, pre=_pre(data, state, i))
    return state


def target(problem: Problem, state: State, i: int) -> Tensor | None:
    """``C_i(Z_i)``, or ``None`` where nothing draws W of layer ``i`` to it."""
    layer = problem.layers[i - 1]
    penalised = layer.coupling is Coupling.PENALISED
    return layer.compression.expand(state.layer(i).Z, layer.shape) if penalised else None


def forward(
    problem: Problem, data: Data, weights: list[tuple[Tensor, Tensor]], z: list[Factors]
) -> State:
    """The state whose U and V are the network's forward pass on X, with given W, b and Z."""
    layers, v = [], data.X
    for layer, (w, b), factors in zip(problem.layers, weights, z, strict=True):
        u = torch.addmm(b, v, w.mT)
        v = layer.activation(u)
        layers.append(LayerState(v, u, w, b, factors, pre=u))
    return State(tuple(layers))


def _previous(data: Data, state: State, i: int) -> Tensor:
    return data.X if i == 1 else state.layer(i - 1).V


def _pre(data: Data, state: State, i: int) -> Tensor:
    own = state.layer(i)
    return (
        own.pre if own.pre is not None else torch.addmm(own.b, _previous(data, state, i), own.W.mT)
    )


def _step_v(problem: Problem, data: Data, state: State, i: int) -> State:
    own, p = state.layer(i), problem.layers[i - 1].penalties
    if i == problem.depth:
        v = blocks.update_v_out(
            own.U,
            own.V,
            data.Y,
            loss=problem.loss,
            gamma=p.gamma,
            alpha=p.alpha,
            weights=data.S,
        )
        return state.with_layer(i, V=v)
    after, rho = state.layer(i + 1), problem.layers[i].penalties.rho
    s_u = problem.layers[i - 1].activation(own.U)
    v = blocks.update_v(s_u, after.U, after.W, after.b, gamma=p.gamma, rho=rho)
    return state.with_layer(i, V=v).with_layer(i + 1, pre=None)


def _step_u(problem: Problem, data: Data, state: State, i: int) -> State:
    layer, own, pre = problem.layers[i - 1], state.layer(i), _pre(data, state, i)
    p = layer.penalties
    if i == problem.depth:
        u = blocks.update_u_out(own.V, pre, gamma=p.gamma, rho=p.rho)
    else:
        u = blocks.update_u(
            own.V, pre, own.U, activation=layer.activation, gamma=p.gamma, rho=p.rho, alpha=p.alpha
        )
    return state.with_layer(i, U=u, pre=pre)


def _step_w(problem: Problem, data: Data, state: State, i: int) -> State:
    own, p = state.layer(i), problem.layers[i - 1].penalties
    w, b = blocks.update_w(
        own.W,
        own.b,
        own.U,
        _previous(data, state, i),
        target(problem, state, i),
        rho=p.rho,
        tau=p.tau,
        alpha=p.alpha,
        mu=p.mu,
        pre=_pre(data, state, i),
        gram=data.gram if i == 1 else None,
    )
    return state.with_layer(i, W=w, b=b, pre=None)


def _step_z(problem: Problem, data: Data, state: State, i: int) -> State:  # noqa: ARG001
    owned = problem.z_layers[i]
    if len(owned) > 1:
        return _step_shared_z(problem, state, owned)
    layer, own = problem.layers[i - 1], state.layer(i)
    z = blocks.update_z(
        own.Z,
        own.W,
        compression=layer.compression,
        tau=layer.penalties.tau,
        alpha_z=layer.penalties.alpha_z,
    )
    return state.with_layer(i, Z=z)


def _step_shared_z(problem: Problem, state: State, owned: Sequence[int]) -> State:
    penalties = [problem.layers[i - 1].penalties for i in owned]
    new = blocks.shared_update_z(
        [state.layer(i).Z for i in owned],
        [state.layer(i).W for i in owned],
        compression=problem.layers[owned[0] - 1].compression,
        tau=[p.tau for p in penalties],
        alpha_z=[p.alpha_z for p in penalties],
    )
    for i, z in zip(owned, new, strict=True):
        state = state.with_layer(i, Z=z)
    return state


def _step_supported_w(problem: Problem, data: Data, state: State, i: int) -> State:
    own, p = state.layer(i), problem.layers[i - 1].penalties
    w, b = blocks.update_supported_w(
        own.W,
        own.b,
        own.U,
        _previous(data, state, i),
        own.Z[0],
        rho=p.rho,
        alpha=p.alpha,
        mu=p.mu,
        pre=_pre(data, state, i),
        gram=data.gram if i == 1 else None,
    )
    return state.with_layer(i, W=w, b=b, pre=None)


def _step_b(problem: Problem, data: Data, state: State, i: int) -> State:
    own, p, pre = state.layer(i), problem.layers[i - 1].penalties, _pre(data, state, i)
    v_prev = _previous(data, state, i)
    b = blocks.update_b(own.b, own.U, v_prev, own.W, rho=p.rho, alpha=p.alpha, mu=p.mu, pre=pre)
    return state.with_layer(i, b=b, pre=pre + (b - own.b))


def _step_direct_z(problem: Problem, data: Data, state: State, i: int) -> State:
    layer, own, p = problem.layers[i - 1], state.layer(i), problem.layers[i - 1].penalties
    z = blocks.update_direct_z(
        own.Z,
        own.U,
        _previous(data, state, i),
        own.b,
        compression=layer.compression,
        rho=p.rho,
        alpha_z=p.alpha_z,
        mu=p.mu,
        pre=_pre(data, state, i),
        gram=data.gram if i == 1 else None,
    )
    return state.with_layer(i, Z=z, W=layer.compression.expand(z, layer.shape), pre=None)


_STEPS = {"V": _step_v, "U": _step_u, "W": _step_w, "Z": _step_z}
_COUPLED = {
    ("W", Coupling.SUPPORT): _step_supported_w,
    ("W", Coupling.DIRECT): _step_b,
    ("Z", Coupling.DIRECT): _step_direct_z,
}
"""The steps of layers whose W is not penalised towards Z but made of it."""
