"""What is minimised: layers, penalties, loss and the order of the blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from nnbcd.activations import Activation, Identity
from nnbcd.compressions import Compression
from nnbcd.compressions.coupling import Coupling
from nnbcd.errors import InputError
from nnbcd.losses import Loss, Squared

DTYPES = ("float32", "float64")


@dataclass(frozen=True, kw_only=True)
class Penalties:
    """The weights of one layer in the objective and of its proximal terms, all dimensionless.

    ``gamma, rho > 0``; ``tau > 0`` where the layer is compressed (unused elsewhere);
    ``alpha, alpha_z, mu >= 0``.  ``alpha = 0`` or ``alpha_z = 0`` is legal, but then no theorem
    gives a sufficient decrease.  Raises ``InputError`` outside these domains.
    """

    gamma: float = 1.0
    rho: float = 1.0
    tau: float = 10.0
    alpha: float = 0.01
    alpha_z: float = 0.01
    mu: float = 0.0

    def __post_init__(self) -> None:
        for own in fields(self):
            value = getattr(self, own.name)
            positive = own.name in {"gamma", "rho", "tau"}
            if not (math.isfinite(value) and (value > 0 if positive else value >= 0)):
                allowed = "a finite number > 0" if positive else "a finite number >= 0"
                raise InputError(f"penalties.{own.name}: given {value}; allowed: {allowed}")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """``U = V W^T + b``, ``V = s(U)``: W (outputs, inputs), b (outputs,)."""

    inputs: int
    outputs: int
    activation: Activation
    compression: Compression
    penalties: Penalties

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.outputs < 1:
            raise InputError(f"layer: given {self.outputs}x{self.inputs}; allowed: sizes >= 1")
        self.compression.validate(self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs), the shape of W."""
        return self.outputs, self.inputs

    @property
    def compressed(self) -> bool:
        """Whether the layer has a Z."""
        return self.compression.compresses

    @property
    def coupling(self) -> Coupling:
        """What stands between W and Z."""
        return self.compression.coupling

    def to_json(self) -> dict[str, Any]:
        """The layer as it stands in ``problem.json``."""
        penalties = {own.name: getattr(self.penalties, own.name) for own in fields(Penalties)}
        if self.coupling is not Coupling.PENALISED:
            penalties["tau"] = 0
        if not self.coupling.has_block:
            penalties["alpha_z"] = 0
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "activation": self.activation.to_json(),
            "compression": self.compression.to_json(),
            "penalties": penalties,
        }


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The lifted objective of one run (docs/TRACE.md) and the order of one sweep.

    ``weighted`` says that the data hold a weight of each sample in the loss.  ``order`` empty
    means the paper's backward order; ``("forward",)`` and ``("backward",)`` mean those of
    :func:`default_order`.  Raises ``InputError`` where layers do not
    fit one another, the last activation is not the identity, or the order is not a permutation.
    """

    layers: tuple[Layer, ...]
    samples: int
    dtype: str = "float64"
    name: str = "run"
    loss: Loss = field(default_factory=Squared)
    order: tuple[str, ...] = ()
    weighted: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"dtype: given {self.dtype!r}; allowed: {', '.join(DTYPES)}")
        if self.samples < 1 or not self.layers:
            raise InputError("a problem needs at least one sample and one layer")
        for i, (a, b) in enumerate(pairwise(self.layers), start=1):
            if a.outputs != b.inputs:
                raise InputError(
                    f"layers: layer {i} has {a.outputs} outputs, layer {i + 1} {b.inputs} inputs"
                )
        if not isinstance(self.layers[-1].activation, Identity):
            raise InputError("layers: the last layer's activation must be the identity")
        for owned in self.z_owners.values():
            _check_together(owned, [self.layers[i - 1] for i in owned])
        default = backward_order(self.layers)
        if not self.order:
            object.__setattr__(self, "order", default)
        elif len(self.order) == 1 and self.order[0] in ORDERS:
            object.__setattr__(self, "order", ORDERS[self.order[0]](self.layers))
        elif sorted(self.order) != sorted(default):
            raise InputError(f"order: given {list(self.order)}; allowed: {list(default)} permuted")

    @property
    def depth(self) -> int:
        """The number of layers N."""
        return len(self.layers)

    @property
    def z_layers(self) -> dict[int, tuple[int, ...]]:
        """The layers that own each Z block, by the lowest of them (see :func:`z_layers`)."""
        return z_layers(self.layers)

    @property
    def z_owners(self) -> dict[int, tuple[int, ...]]:
        """As :attr:`z_layers`, the layers whose Z never moves among them."""
        return z_owners(self.layers)

    def to_json(self) -> dict[str, Any]:
        """The content of ``problem.json``, trace format version 1."""
        return {
            "format": "nnbcd-trace",
            "version": 1,
            "name": self.name,
            "samples": self.samples,
            "dtype": self.dtype,
            "loss": self.loss.to_json() | ({"weighted": True} if self.weighted else {}),
            "order": list(self.order),
            "layers": [layer.to_json() for layer in self.layers],
        }


def z_layers(layers: Sequence[Layer]) -> dict[int, tuple[int, ...]]:
    """Block ``Z{i}`` by ``i``: the ascending layers that own it, ``i`` the lowest of them."""
    owned = z_owners(layers)
    return {i: own for i, own in owned.items() if layers[i - 1].coupling.has_block}


def z_owners(layers: Sequence[Layer]) -> dict[int, tuple[int, ...]]:
    """The ascending layers that have a Z together, by the lowest of them.

    A layer has a Z of its own, unless its compression says under what name it is shared.
    """
    owned: dict[int, tuple[int, ...]] = {}
    lowest: dict[str, int] = {}
    for i, layer in enumerate(layers, start=1):
        if layer.compressed:
            name = layer.compression.shared
            first = i if name is None else lowest.setdefault(name, i)
            owned[first] = (*owned.get(first, ()), i)
    return owned


def backward_order(layers: Sequence[Layer]) -> tuple[str, ...]:
    """V_N, U_N, W_N, (Z_N,) V_{N-1}, ...: Algorithm 1 of arXiv 2303.06815.

    A shared Z stands at its lowest layer, after the last of its W.
    """
    z = {owned[0]: first for first, owned in z_layers(layers).items()}
    return _order(range(len(layers), 0, -1), z)


def forward_order(layers: Sequence[Layer]) -> tuple[str, ...]:
    """V_1, U_1, W_1, (Z_1,) V_2, ...; a shared Z stands at its highest layer."""
    z = {owned[-1]: first for first, owned in z_layers(layers).items()}
    return _order(range(1, len(layers) + 1), z)


ORDERS = {"backward": backward_order, "forward": forward_order}


def _order(visits: Iterable[int], z: Mapping[int, int]) -> tuple[str, ...]:
    """V, U, W of each layer visited, and after them the Z block that ``z`` places there."""
    order: list[str] = []
    for i in visits:
        order += [f"V{i}", f"U{i}", f"W{i}"]
        if i in z:
            order.append(f"Z{z[i]}")
    return tuple(order)


def _check_together(owned: Sequence[int], layers: Sequence[Layer]) -> None:
    """Raise ``InputError`` unless layers that own one Z block agree on it and fit together."""
    first = layers[0].compression
    for i, layer in zip(owned, layers, strict=True):
        if layer.compression != first:
            raise InputError(
                f"layer {i}: given compression {layer.compression.to_json()}; allowed: "
                f"{first.to_json()} as in layer {owned[0]}, with which it shares Z{owned[0]}"
            )
    first.validate_together([layer.shape for layer in layers])
