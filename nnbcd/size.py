"""How much of a network its compression stores."""

from __future__ import annotations

from typing import Any

from nnbcd.compressions.budget import itemsize
from nnbcd.problem import Problem
from nnbcd.state import State


def kept_fractions(problem: Problem) -> tuple[float, float]:
    """Numbers stored over numbers in the dense network: (compressed layers, all parameters).

    The first counts the weights of compressed layers only (1 where there are none), the second
    all weights and biases.  Indices of sparse layers are not counted.
    """
    dense, dense_all = _dense(problem, compressed=True), _dense(problem)
    owners = [problem.layers[i - 1] for i in problem.z_owners]
    kept = sum(layer.compression.stored(layer.shape, problem.dtype) for layer in owners)
    biases = sum(layer.outputs for layer in problem.layers)
    kept_all = kept + (dense_all - dense) + biases
    return (kept / dense if dense else 1.0), kept_all / (dense_all + biases)


def kept_bytes(problem: Problem) -> tuple[int, int]:
    """Bytes of the compressed network, with what places its numbers, and of the dense one."""
    owners = [problem.layers[i - 1] for i in problem.z_owners]
    own = sum(layer.compression.bytes(layer.shape, problem.dtype) for layer in owners)
    number, dense_all = itemsize(problem.dtype), _dense(problem)
    biases = sum(layer.outputs for layer in problem.layers)
    plain = dense_all - _dense(problem, compressed=True) + biases
    return own + plain * number, (dense_all + biases) * number


def kept_meaning(problem: Problem) -> str:
    """What the numbers stored for the compressed layers are, kind by kind."""
    members = {layer.compression.kind: layer.compression for layer in problem.layers}
    return "; ".join(
        f"{kind}: {member.kept_meaning}" for kind, member in members.items() if member.compresses
    )


def layer_sizes(problem: Problem, state: State) -> list[dict[str, Any]]:
    """One record a layer: shape, compression, numbers stored and numbers in the dense W.

    Of a block that layers share each layer counts what it keeps at ``state``.
    """
    return [
        {
            "shape": list(layer.shape),
            "compression": layer.compression.kind,
            "stored": layer.compression.share(own.Z, layer.shape, problem.dtype),
            "dense": layer.inputs * layer.outputs,
        }
        for layer, own in zip(problem.layers, state.layers, strict=True)
    ]


def _dense(problem: Problem, *, compressed: bool = False) -> int:
    """Weights of the dense network, or of its compressed layers."""
    counted = [layer for layer in problem.layers if layer.compressed or not compressed]
    return sum(layer.inputs * layer.outputs for layer in counted)
