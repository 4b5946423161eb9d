"""The compressed network: layers that hold what is stored, their file, and its loader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnbcd.activations import Identity, activation_from, activation_of
from nnbcd.compressions import COMPRESSIONS
from nnbcd.errors import InputError
from nnbcd.problem import Problem
from nnbcd.state import State

FORMAT, VERSION = "nnbcd-model", 1


class CompressedLinear(nn.Module):
    """``x W^T + b`` with W given by what a compression of this ``kind`` stores of it.

    Floating tensors are parameters, whole numbers (indices, codes) buffers.
    """

    def __init__(
        self, kind: str, stored: Mapping[str, Tensor], bias: Tensor, shape: tuple[int, int]
    ):
        super().__init__()
        self.kind = kind
        self.out_features, self.in_features = shape
        self._names = tuple(stored)
        for name, tensor in stored.items():
            if tensor.is_floating_point():
                self.register_parameter(_attribute(name), nn.Parameter(tensor))
            else:
                self.register_buffer(_attribute(name), tensor)
        self.bias = nn.Parameter(bias)

    def stored(self) -> dict[str, Tensor]:
        """What is stored of W, by name."""
        return {name: getattr(self, _attribute(name)) for name in self._names}

    def weight(self) -> Tensor:
        """The dense W (outputs, inputs)."""
        return COMPRESSIONS[self.kind].unpack(self.stored(), (self.out_features, self.in_features))

    def forward(self, x: Tensor) -> Tensor:
        """x (n, inputs) to (n, outputs)."""
        return functional.linear(x, self.weight(), self.bias)

    def extra_repr(self) -> str:
        """Shape and kind, as ``print`` shows them."""
        return f"{self.in_features}, {self.out_features}, kind={self.kind!r}"


def _attribute(name: str) -> str:
    """A module's attributes have no dots."""
    return name.replace(".", "_")


class CompressedNetwork(nn.Sequential):
    """A ``Sequential`` of compressed or dense linear layers and activations."""

    def predict(self, x: Any) -> Tensor:
        """Outputs (n, d_N) for x (n, d_0), an array or tensor, without gradients."""
        first = next(self.parameters())
        with torch.no_grad():
            outputs: Tensor = self(torch.as_tensor(x).to(first))
        return outputs

    def to_dense(self) -> nn.Sequential:
        """The same function as plain ``nn.Linear`` layers."""
        modules: list[nn.Module] = []
        for module in self:
            if isinstance(module, CompressedLinear):
                modules.append(_dense(module.weight().detach(), module.bias.detach()))
            else:
                modules.append(module)
        return nn.Sequential(*modules)


def compressed_network(problem: Problem, state: State) -> CompressedNetwork:
    """The network whose compressed layers use C(Z) in place of W, with the state's biases."""
    modules: list[nn.Module] = []
    for layer, own in zip(problem.layers, state.layers, strict=True):
        if layer.compressed:
            packed = layer.compression.pack_layer(own.Z, own.W)
            kind = layer.compression.kind
            modules.append(CompressedLinear(kind, packed, own.b.clone(), layer.shape))
        else:
            modules.append(_dense(own.W, own.b))
        if not isinstance(layer.activation, Identity):
            modules.append(layer.activation.module())
    return CompressedNetwork(*modules)


def save_model(network: CompressedNetwork, path: Path) -> None:
    """Write the network to a safetensors file, whole or not at all (``load_model`` reads it)."""
    from safetensors.torch import save

    from nnbcd.files import write_bytes

    layers: list[dict[str, Any]] = []
    tensors: dict[str, Tensor] = {}
    for module in network:
        activation = activation_of(module)
        if activation is not None:
            layers[-1]["activation"] = activation.to_json()
            continue
        kind, named = _stored(module)
        prefix = f"layer{len(layers) + 1}"
        tensors |= {f"{prefix}.{name}": t.detach().cpu().contiguous() for name, t in named.items()}
        shape = [module.out_features, module.in_features]
        layers.append({"kind": kind, "shape": shape, "activation": {"kind": "identity"}})
    description = {"format": FORMAT, "version": str(VERSION), "layers": json.dumps(layers)}
    write_bytes(path, save(tensors, metadata=description))


def load_model(path: str | Path) -> CompressedNetwork:
    """Read a network written by ``save_model``.

    Raises ``InputError`` for a missing or broken file, another format or version, or a missing
    tensor.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from error
    if metadata.get("format") != FORMAT or metadata.get("version") != str(VERSION):
        given = (metadata.get("format"), metadata.get("version"))
        raise InputError(f"{path}: given format {given}; allowed: {(FORMAT, str(VERSION))}")
    modules: list[nn.Module] = []
    try:
        for i, layer in enumerate(json.loads(metadata["layers"]), start=1):
            own = {
                name.removeprefix(f"layer{i}."): tensor
                for name, tensor in tensors.items()
                if name.startswith(f"layer{i}.")
            }
            modules.append(_restored(layer["kind"], own, tuple(layer["shape"])))
            if layer["activation"]["kind"] != "identity":
                modules.append(activation_from(layer["activation"]).module())
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: layer description or tensor missing ({error})") from error
    return CompressedNetwork(*modules)


def _stored(module: nn.Module) -> tuple[str, dict[str, Tensor]]:
    match module:
        case CompressedLinear():
            return module.kind, module.stored() | {"bias": module.bias}
        case nn.Linear():
            return "none", {"weight": module.weight, "bias": module.bias}
        case _:
            raise InputError(f"model: cannot store a {type(module).__name__}")


def _restored(kind: str, own: dict[str, Tensor], shape: tuple[int, int]) -> nn.Module:
    bias = own.pop("bias")
    if not COMPRESSIONS[kind].compresses:
        return _dense(own["weight"], bias)
    layer = CompressedLinear(kind, own, bias, shape)
    if layer.weight().shape != shape:
        raise ValueError(f"a {kind} layer of another shape than {shape}")
    return layer


def _dense(w: Tensor, b: Tensor) -> nn.Linear:
    linear = nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype, device=w.device)
    linear.weight, linear.bias = nn.Parameter(w.clone()), nn.Parameter(b.clone())
    return linear
