"""Where a run starts: from random weights, or from a trained network's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from nnbcd.activations import ACTIVATIONS, Activation, Identity, activation_of
from nnbcd.compressions import Factors
from nnbcd.errors import InputError
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.sweep import Data, forward

Weights = tuple[Tensor, Tensor]
"""W (outputs, inputs) and b (outputs,)."""


def from_weights(problem: Problem, data: Data, weights: Sequence[Weights]) -> State:
    """The state on these weights: V, U their forward pass on X, Z the compression of each W.

    Raises ``InputError`` where a shape differs from the problem's or a weight is not finite.
    """
    cast = _cast(problem, data, weights)
    z: list[Factors] = [()] * problem.depth
    for owned in problem.z_owners.values():
        shared = problem.layers[owned[0] - 1].compression
        started = shared.start_together([cast[i - 1][0] for i in owned])
        for i, factors in zip(owned, started, strict=True):
            z[i - 1] = factors
    return _started(problem, data, cast, z)


def from_parts(
    problem: Problem, data: Data, weights: Sequence[Weights], z: Sequence[Factors]
) -> State:
    """The state on these weights and these Z; W of a direct layer is C(Z), whatever is given.

    Weights off a support count as 0.  Raises ``InputError`` where a shape differs from the
    problem's or a number is not finite.
    """
    pairs = _cast(problem, data, weights)
    cast = [tuple(one.detach().to(data.X) for one in own) for own in z]
    for i, (layer, own) in enumerate(zip(problem.layers, cast, strict=True), start=1):
        layer.compression.check(own, layer.shape, f"layer {i}")
        if not all(bool(torch.isfinite(one).all()) for one in own):
            raise InputError(f"layer {i}: Z contains NaN or inf")
    return _started(problem, data, pairs, cast)


def from_masks(
    problem: Problem, data: Data, weights: Sequence[Weights], masks: Sequence[Tensor | None]
) -> State:
    """The state on these weights, with these supports; ``None``: Z as :func:`from_weights`."""
    plain = from_weights(problem, data, weights)
    z = [own.Z if mask is None else (mask,) for own, mask in zip(plain.layers, masks, strict=True)]
    return from_parts(problem, data, weights, z)


def from_factors(
    problem: Problem, data: Data, factors: Sequence[Factors], biases: Sequence[Tensor]
) -> State:
    """The state on C of these factors; a layer without compression gives its W as the only one."""
    weights: list[Weights] = []
    z: list[Factors] = []
    for layer, own, b in zip(problem.layers, factors, biases, strict=True):
        if layer.compressed:
            layer.compression.check(own, layer.shape, f"layer {len(z) + 1}")
        weights.append((layer.compression.expand(own, layer.shape), b)
                       if layer.compressed else (own[0], b))  # fmt: skip
        z.append(own if layer.compressed else ())
    return from_parts(problem, data, weights, z)


def _cast(problem: Problem, data: Data, weights: Sequence[Weights]) -> list[Weights]:
    """The weights in the data's dtype, once checked."""
    cast = []
    for i, (layer, (w, b)) in enumerate(zip(problem.layers, weights, strict=True), start=1):
        if tuple(w.shape) != layer.shape or tuple(b.shape) != (layer.outputs,):
            raise InputError(
                f"layer {i}: given W {tuple(w.shape)} and b {tuple(b.shape)}; "
                f"expected {layer.shape} and {(layer.outputs,)}"
            )
        if not (bool(torch.isfinite(w).all()) and bool(torch.isfinite(b).all())):
            raise InputError(f"layer {i}: weights contain NaN or inf")
        cast.append((w.detach().to(data.X), b.detach().to(data.X)))
    return cast


def _started(
    problem: Problem, data: Data, weights: Sequence[Weights], z: Sequence[Factors]
) -> State:
    """The forward pass on the weights that each layer's Z leaves."""
    own = [
        (layer.compression.weights(factors, w), b)
        for layer, (w, b), factors in zip(problem.layers, weights, z, strict=True)
    ]
    return forward(problem, data, own, list(z))


def random_weights(sizes: Sequence[int], *, seed: int) -> list[Weights]:
    """He-normal W (variance 2/inputs) and b = 0 in float64, from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(d, p, generator=generator, dtype=torch.float64) * math.sqrt(2 / p),
            torch.zeros(d, dtype=torch.float64),
        )
        for p, d in pairwise(sizes)
    ]


def read_network(model: nn.Module) -> tuple[list[Weights], list[Activation]]:
    """Weights and activations of a ``Sequential`` of Linear layers with activations between.

    Allowed between: a module of :data:`nnbcd.activations.ACTIVATIONS` (ReLU, LeakyReLU, Hardtanh
    of -1..1, ReLU6, Hardsigmoid, Tanh, Sigmoid, and those that ``Activation.module`` makes),
    Identity, Dropout (ignored), or nothing.  A Linear without bias gets b = 0.  Raises
    ``InputError`` naming the first module that does not fit.
    """
    weights: list[Weights] = []
    activations: list[Activation] = []
    for position, module in enumerate(model.children()):
        match module:
            case nn.Linear():
                bias = (
                    module.bias
                    if module.bias is not None
                    else module.weight.new_zeros(module.out_features)
                )
                weights.append((module.weight.detach(), bias.detach()))
                activations.append(Identity())
            case nn.Dropout():
                continue
            case _:
                activations[-1:] = [_following(module, position, activations)]
    if not weights:
        raise InputError("model: no Linear layer found; allowed: a Sequential of Linear layers")
    if not isinstance(activations[-1], Identity):
        raise InputError(
            "model: the last Linear layer must not be followed by an activation; "
            f"given {type(activations[-1].module()).__name__}"
        )
    return weights, activations


def _following(module: nn.Module, position: int, before: Sequence[Activation]) -> Activation:
    """The activation after a Linear layer, where ``before`` ends with that layer's."""
    found = activation_of(module)
    if isinstance(found, Identity) and before:
        return before[-1]
    if found is None or not before or not isinstance(before[-1], Identity):
        raise InputError(
            f"model: module {position} is {module}; allowed: a Sequential of Linear layers, each "
            "followed by at most one of the modules of " + ", ".join(ACTIVATIONS)
        )
    return found


def read_weights(path: Path) -> list[Weights]:
    """Weights from a safetensors file with ``NAME.weight`` and ``NAME.bias``, in order of NAME.

    Numeric parts of names are ordered as numbers (``10`` after ``2``), as ``Sequential`` names
    them.  Raises ``InputError`` for a file that is missing, broken or holds other tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from error
    stems = sorted({name.rpartition(".")[0] for name in tensors}, key=_natural)
    expected = {f"{stem}.{part}" for stem in stems for part in ("weight", "bias")}
    if not tensors or set(tensors) != expected:
        odd = sorted(set(tensors) ^ expected)
        raise InputError(
            f"{path}: tensors must come as NAME.weight and NAME.bias; unmatched: {odd[:5]}"
        )
    weights = [(tensors[f"{stem}.weight"], tensors[f"{stem}.bias"]) for stem in stems]
    for stem, (w, b) in zip(stems, weights, strict=True):
        if w.ndim != 2 or tuple(b.shape) != (w.shape[0],):
            raise InputError(
                f"{path}: {stem} has weight {tuple(w.shape)} and bias {tuple(b.shape)}; "
                "allowed: (outputs, inputs) and (outputs,)"
            )
    return weights


def _natural(stem: str) -> tuple[tuple[int, int | str], ...]:
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in stem.split("."))
