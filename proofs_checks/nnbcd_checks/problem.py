"""What a run claims: shapes, penalties, activations, compressions and the block order.

The formats and the objective are those of ``docs/TRACE.md``; the block scheme is that of
arXiv 2303.06815 (Li, Chung, Du, Wang, Zhou, Shen) and Zeng et al., ICML 2019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nnbcd_checks.errors import TraceError
from nnbcd_checks.schema import validate


@dataclass(frozen=True)
class Activation:
    """``identity``, ``relu`` or ``leaky_relu`` (with ``slope`` in (0, 1))."""

    kind: str
    slope: float | None = None


@dataclass(frozen=True)
class Compression:
    """``none``, ``prune`` (``nonzeros``), ``tt`` or ``tt_svd`` (``modes`` and ``ranks``)."""

    kind: str
    nonzeros: int | None = None
    modes: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()

    @property
    def core_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Shapes (r_{j-1}, m_j, r_j) of the tensor-train cores; empty for other kinds."""
        ranks = (1, *self.ranks, 1)
        return tuple((ranks[j], m, ranks[j + 1]) for j, m in enumerate(self.modes))


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
        return self.compression.kind != "none"


@dataclass(frozen=True)
class Problem:
    """A whole claim, validated; ``layers[i - 1]`` is layer i."""

    name: str
    samples: int
    dtype: str
    loss: str
    order: tuple[str, ...]
    layers: tuple[Layer, ...]

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> Problem:
        """The problem of a parsed ``problem.json``; `TraceError` names key, value and domain."""
        validate(obj, "problem", "problem.json")
        problem = cls(
            name=str(obj["name"]),
            samples=int(obj["samples"]),
            dtype=str(obj["dtype"]),
            loss=str(obj["loss"]["kind"]),
            order=tuple(obj["order"]),
            layers=tuple(_layer(layer) for layer in obj["layers"]),
        )
        for i in range(1, problem.depth + 1):
            _check_layer(problem, i)
        _check_order(problem)
        return problem

    def to_json(self) -> dict[str, Any]:
        """The claim as ``problem.json`` holds it."""
        return {
            "format": "nnbcd-trace",
            "version": 1,
            "name": self.name,
            "samples": self.samples,
            "dtype": self.dtype,
            "loss": {"kind": self.loss},
            "order": list(self.order),
            "layers": [_layer_json(layer) for layer in self.layers],
        }

    @property
    def depth(self) -> int:
        """The number of layers N."""
        return len(self.layers)

    def layer(self, i: int) -> Layer:
        """Layer i, counted from 1."""
        return self.layers[i - 1]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor a state holds."""
        found: dict[str, tuple[int, ...]] = {}
        for i, layer in enumerate(self.layers, 1):
            found[f"V{i}"] = found[f"U{i}"] = (self.samples, layer.outputs)
            found[f"W{i}"] = (layer.outputs, layer.inputs)
            found[f"b{i}"] = (layer.outputs,)
            if layer.compression.kind == "prune":
                found[f"Z{i}"] = (layer.outputs, layer.inputs)
            for j, shape in enumerate(layer.compression.core_shapes, 1):
                found[f"Z{i}.{j}"] = shape
        return found


def block_kind(block: str) -> tuple[str, int]:
    """The letter and the layer of a block name: ``("Z", 2)`` for ``Z2`` and for ``Z2.1``."""
    return block[0], int(block[1:].partition(".")[0])


def _layer(obj: Mapping[str, Any]) -> Layer:
    compression, activation = obj["compression"], obj["activation"]
    return Layer(
        inputs=int(obj["inputs"]),
        outputs=int(obj["outputs"]),
        activation=Activation(
            activation["kind"], float(activation["slope"]) if "slope" in activation else None
        ),
        compression=Compression(
            compression["kind"],
            int(compression["nonzeros"]) if "nonzeros" in compression else None,
            tuple(int(m) for m in compression.get("modes", ())),
            tuple(int(r) for r in compression.get("ranks", ())),
        ),
        penalties=Penalties(**{key: _real(value) for key, value in obj["penalties"].items()}),
    )


def _real(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _layer_json(layer: Layer) -> dict[str, Any]:
    activation: dict[str, Any] = {"kind": layer.activation.kind}
    if layer.activation.slope is not None:
        activation["slope"] = layer.activation.slope
    compression: dict[str, Any] = {"kind": layer.compression.kind}
    if layer.compression.nonzeros is not None:
        compression["nonzeros"] = layer.compression.nonzeros
    if layer.compression.kind in ("tt", "tt_svd"):
        compression["modes"] = list(layer.compression.modes)
        compression["ranks"] = list(layer.compression.ranks)
    return {
        "inputs": layer.inputs,
        "outputs": layer.outputs,
        "activation": activation,
        "compression": compression,
        "penalties": asdict(layer.penalties),
    }


def _fail(i: int, key: str, given: object, allowed: str) -> TraceError:
    return TraceError(f"problem.json: layers[{i - 1}].{key}: given {given!r}; allowed: {allowed}")


def _check_layer(problem: Problem, i: int) -> None:
    layer = problem.layer(i)
    if i > 1 and layer.inputs != problem.layer(i - 1).outputs:
        raise _fail(
            i, "inputs", layer.inputs, f"{problem.layer(i - 1).outputs}, the outputs before"
        )
    if i == problem.depth and layer.activation.kind != "identity":
        raise _fail(i, "activation.kind", layer.activation.kind, "identity on the last layer")
    for key, value in asdict(layer.penalties).items():
        if not math.isfinite(value):
            raise _fail(i, f"penalties.{key}", value, "a finite number")
    _check_compression(layer, i)


def _check_compression(layer: Layer, i: int) -> None:
    what, size = layer.compression, layer.inputs * layer.outputs
    tau, alpha_z = layer.penalties.tau, layer.penalties.alpha_z
    if not layer.compressed and (tau or alpha_z):
        raise _fail(i, "penalties", {"tau": tau, "alpha_z": alpha_z}, "0 without compression")
    if layer.compressed and not tau > 0:
        raise _fail(i, "penalties.tau", tau, "> 0 where the layer is compressed")
    if what.nonzeros is not None and what.nonzeros > size:
        raise _fail(i, "compression.nonzeros", what.nonzeros, f"1 to {size}, the size of W")
    if not what.modes:
        return
    if math.prod(what.modes) != size:
        raise _fail(i, "compression.modes", what.modes, f"a product of {size}, the size of W")
    if len(what.ranks) != len(what.modes) - 1:
        raise _fail(i, "compression.ranks", what.ranks, f"{len(what.modes) - 1} ranks")
    for j, rank in enumerate(what.ranks, 1):
        most = min(math.prod(what.modes[:j]), math.prod(what.modes[j:]))
        if rank > most:
            raise _fail(i, f"compression.ranks[{j - 1}]", rank, f"1 to {most}")


def _check_order(problem: Problem) -> None:
    blocks = [f"{letter}{i}" for i in range(1, problem.depth + 1) for letter in "VUW"]
    blocks += [f"Z{i}" for i, layer in enumerate(problem.layers, 1) if layer.compressed]
    if sorted(problem.order) != sorted(blocks):
        raise TraceError(
            f"problem.json: order: given {list(problem.order)}; allowed: every one of "
            f"{sorted(blocks)} exactly once"
        )
