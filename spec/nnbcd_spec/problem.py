"""``problem.json`` of the trace format, parsed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nnbcd_spec.activations import ACTIVATIONS, Activation, Identity
from nnbcd_spec.compressions import COMPRESSIONS, Compression, SharedPrune
from nnbcd_spec.compressions.base import Bond
from nnbcd_spec.exact import nonnegative, positive
from nnbcd_spec.losses import LOSSES, Loss

PENALTIES = ("gamma", "rho", "tau", "alpha", "alpha_z", "mu")
ABSENT: Mapping[Bond, tuple[tuple[str, ...], str]] = {
    "none": (("tau", "alpha_z"), "without compression"),
    "support": (("tau", "alpha_z"), "on a fixed support"),
    "direct": (("tau",), "where W is C(Z)"),
    "penalty": ((), ""),
}
"""The penalties that a layer does not have, and so are 0, by how W and Z belong together."""


@dataclass(frozen=True)
class Layer:
    """One layer's shape, activation, compression and penalties (over ``QQ``)."""

    inputs: int
    outputs: int
    activation: Activation
    compression: Compression
    penalties: Mapping[str, Any]

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> Layer:
        """Parse one entry of ``layers``; ValueError for a value outside its domain."""
        given = dict(obj["penalties"])
        if set(given) != set(PENALTIES):
            raise ValueError(f"penalties: given {sorted(given)}; allowed: exactly {PENALTIES}")
        compression = COMPRESSIONS.from_json(obj["compression"])
        compression.validate((obj["outputs"], obj["inputs"]))
        gamma, rho = positive(gamma=given["gamma"], rho=given["rho"])
        rest = ("tau", "alpha", "alpha_z", "mu")
        others = nonnegative(**{name: given[name] for name in rest})
        penalties = {"gamma": gamma, "rho": rho, **dict(zip(rest, others, strict=True))}
        absent, why = ABSENT[compression.bond]
        if any(penalties[name] for name in absent):
            raise ValueError(f"{', '.join(absent)}: given > 0 {why}; allowed: 0")
        if compression.bond == "penalty":
            positive(tau=penalties["tau"])
        activation = ACTIVATIONS.from_json(obj["activation"])
        return cls(obj["inputs"], obj["outputs"], activation, compression, penalties)


@dataclass(frozen=True)
class Problem:
    """What one sweep needs to know: the layers, the loss and the block order."""

    layers: tuple[Layer, ...]
    loss: Loss
    order: tuple[str, ...]

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> Problem:
        """Parse ``problem.json``; ValueError says what was given and what is allowed."""
        layers = tuple(Layer.from_json(layer) for layer in obj["layers"])
        for left, right in pairwise(layers):
            if left.outputs != right.inputs:
                raise ValueError(f"inputs: given {right.inputs}; allowed: {left.outputs}")
        if not isinstance(layers[-1].activation, Identity):
            raise ValueError("activation: the last layer's must be the identity")
        problem = cls(layers, LOSSES.from_json(obj["loss"]), tuple(obj["order"]))
        problem.require_groups()
        if sorted(problem.order) != sorted(problem.blocks()):
            raise ValueError(f"order: given {problem.order}; allowed: each of {problem.blocks()}")
        return problem

    def require_groups(self) -> None:
        """Raise ValueError where the layers of a group contradict each other."""
        for i in range(1, len(self.layers) + 1):
            group = [self.layers[j - 1] for j in self.owned(i)]
            if len({layer.compression for layer in group}) > 1:
                given = [layer.compression for layer in group]
                raise ValueError(f"group: given {given}; allowed: the same in all its layers")
            if group and isinstance(group[0].compression, SharedPrune):
                shapes = tuple((layer.outputs, layer.inputs) for layer in group)
                group[0].compression.validate_group(shapes)

    def bond(self, i: int) -> Bond:
        """How the W and Z of layer i belong together."""
        return self.layers[i - 1].compression.bond

    def owned(self, i: int) -> tuple[int, ...]:
        """The layers whose Z belong to block ``Z{i}``, ascending; none where there is no block."""
        if self.bond(i) in {"none", "support"}:
            return ()
        name = self.layers[i - 1].compression.group_name()
        if name is None:
            return (i,)
        names = [layer.compression.group_name() for layer in self.layers]
        group = tuple(j for j, other in enumerate(names, start=1) if other == name)
        return group if i == group[0] else ()

    def blocks(self) -> tuple[str, ...]:
        """Every block, in the paper's order: V_N, U_N, W_N, (Z_N,) V_{N-1}, ..."""
        names = []
        for i in range(len(self.layers), 0, -1):
            names += [f"V{i}", f"U{i}", f"W{i}", *([f"Z{i}"] if self.owned(i) else [])]
        return tuple(names)

    def forward(self) -> tuple[str, ...]:
        """Every block from layer 1 up; a group's Z where its highest layer's would stand."""
        last = {owned[-1]: i for i in range(1, len(self.layers) + 1) if (owned := self.owned(i))}
        names = []
        for i in range(1, len(self.layers) + 1):
            names += [f"V{i}", f"U{i}", f"W{i}", *([f"Z{last[i]}"] if i in last else [])]
        return tuple(names)

    def factor_names(self, i: int) -> tuple[str, ...]:
        """The tensor names of layer i's Z block: ``Z2``, or ``Z2.1``, ``Z2.2``, ... for cores."""
        layer = self.layers[i - 1]
        shapes = layer.compression.shapes((layer.outputs, layer.inputs))
        if len(shapes) == 1:
            return (f"Z{i}",)
        return tuple(f"Z{i}.{j}" for j in range(1, len(shapes) + 1))
