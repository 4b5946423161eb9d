"""What a run claims: shapes, penalties, activations, compressions and the block order.

The formats and the objective are those of ``docs/TRACE.md``; the block scheme is that of
arXiv 2303.06815 (Li, Chung, Du, Wang, Zhou, Shen) and Zeng et al., ICML 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from nnbcd_checks.activations import Activation
from nnbcd_checks.compression import Compression
from nnbcd_checks.losses import Loss


@dataclass(frozen=True)
class Penalties:
    """The weights of one layer's terms; ``gamma, rho > 0``, the others ``>= 0``."""

    gamma: float
    rho: float
    tau: float
    alpha: float
    alpha_z: float
    mu: float


@dataclass(frozen=True)
class Layer:
    """One layer: ``W`` is (outputs, inputs)."""

    inputs: int
    outputs: int
    activation: Activation
    compression: Compression
    penalties: Penalties

    @property
    def compressed(self) -> bool:
        """Whether the layer has a block ``Z``."""
        return self.compression.compressed

    @property
    def penalised(self) -> bool:
        """Whether the objective holds ``tau/2 ||W - C(Z)||^2``."""
        return self.compression.penalised

    def to_json(self) -> dict[str, Any]:
        """The layer as ``problem.json`` holds it."""
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "activation": dict(self.activation.json),
            "compression": self.compression.to_json(),
            "penalties": asdict(self.penalties),
        }


@dataclass(frozen=True)
class Problem:
    """A whole claim, validated; ``layers[i - 1]`` is layer i."""

    name: str
    samples: int
    dtype: str
    loss: Loss
    order: tuple[str, ...]
    layers: tuple[Layer, ...]

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> Problem:
        """The problem of a parsed ``problem.json``; `TraceError` names key, value and domain."""
        # Imported here since the reader builds what this module defines.
        from nnbcd_checks.problem_json import read_problem  # noqa: PLC0415

        return read_problem(obj)

    def to_json(self) -> dict[str, Any]:
        """The claim as ``problem.json`` holds it."""
        return {
            "format": "nnbcd-trace",
            "version": 1,
            "name": self.name,
            "samples": self.samples,
            "dtype": self.dtype,
            "loss": dict(self.loss.json),
            "order": list(self.order),
            "layers": [layer.to_json() for layer in self.layers],
        }

    @property
    def depth(self) -> int:
        """The number of layers N."""
        return len(self.layers)

    def layer(self, i: int) -> Layer:
        """Layer i, counted from 1."""
        return self.layers[i - 1]

    def data_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor of the data: X, Y, and the weights S of a weighted loss."""
        found: dict[str, tuple[int, ...]] = {
            "X": (self.samples, self.layers[0].inputs),
            "Y": (self.samples, self.layers[-1].outputs),
        }
        return found | ({"S": (self.samples,)} if self.loss.weighted else {})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor a state holds."""
        found: dict[str, tuple[int, ...]] = {}
        for i, layer in enumerate(self.layers, 1):
            found[f"V{i}"] = found[f"U{i}"] = (self.samples, layer.outputs)
            found[f"W{i}"] = (layer.outputs, layer.inputs)
            found[f"b{i}"] = (layer.outputs,)
            for suffix, shape in layer.compression.tensors.items():
                found[f"Z{i}{suffix}"] = shape
        return found

    @cached_property
    def z_groups(self) -> tuple[tuple[int, ...], ...]:
        """The layers that share a Z, ascending; of every layer that has one, block or not."""
        groups: dict[object, list[int]] = {}
        for i, layer in enumerate(self.layers, 1):
            if layer.compression.tensors:
                groups.setdefault(layer.compression.shares or i, []).append(i)
        return tuple(tuple(members) for members in groups.values())

    @cached_property
    def z_blocks(self) -> dict[str, tuple[int, ...]]:
        """The Z blocks, by name, with the layers whose Z each holds; named by the lowest."""
        groups = [members for members in self.z_groups if self.layer(members[0]).compressed]
        return {f"Z{members[0]}": members for members in groups}

    @cached_property
    def constant_tensors(self) -> tuple[str, ...]:
        """The tensors that no block updates."""
        return tuple(
            f"Z{i}{suffix}"
            for i, layer in enumerate(self.layers, 1)
            if not layer.compressed
            for suffix in layer.compression.tensors
        )

    @cached_property
    def blocks(self) -> dict[str, str]:
        """The block in which each tensor, and each variable of a Z, changes."""
        found = {f"{name}{i}": f"{name}{i}" for i in range(1, self.depth + 1) for name in "VUW"}
        found |= {f"b{i}": f"W{i}" for i in range(1, self.depth + 1)}
        for block, members in self.z_blocks.items():
            for i in members:
                for suffix in self.layer(i).compression.variables:
                    found[f"Z{i}{suffix}"] = block
                if self.layer(i).compression.makes_w:
                    found[f"W{i}"] = block
        return found


def block_kind(block: str) -> tuple[str, int]:
    """The letter and the layer of a block name: ``("Z", 2)`` for ``Z2`` and for ``Z2.1``."""
    return block[0], int(block[1:].partition(".")[0])
