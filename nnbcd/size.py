"""How much of a network its compression stores."""

from __future__ import annotations

from typing import Any

from nnbcd.problem import Problem


def kept_fractions(problem: Problem) -> tuple[float, float]:
    """Numbers stored over numbers in the dense network: (compressed layers, all parameters).

    The first counts the weights of compressed layers only (1 where there are none), the second
    all weights and biases.  Indices of sparse layers are not counted.
    """
    compressed = [layer for layer in problem.layers if layer.compressed]
    dense = sum(layer.inputs * layer.outputs for layer in compressed)
    kept = sum(layer.compression.stored(layer.shape) for layer in compressed)
    biases = sum(layer.outputs for layer in problem.layers)
    dense_all = biases + sum(layer.inputs * layer.outputs for layer in problem.layers)
    kept_all = biases + sum(layer.compression.stored(layer.shape) for layer in problem.layers)
    return (kept / dense if dense else 1.0), kept_all / dense_all


def layer_sizes(problem: Problem) -> list[dict[str, Any]]:
    """One record a layer: shape, compression, numbers stored and numbers in the dense W."""
    return [
        {
            "shape": list(layer.shape),
            "compression": layer.compression.kind,
            "stored": layer.compression.stored(layer.shape),
            "dense": layer.inputs * layer.outputs,
        }
        for layer in problem.layers
    ]
