"""Activations: continuous, elementwise.  One registry line each.

Two families answer all the judges ask: the continuous piecewise-affine functions, and the
hyperbolic tangent shifted and scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from nnbcd_checks.activations.piecewise import PiecewiseAffine, affine, leaky, named, read_pieces
from nnbcd_checks.activations.scaled_tanh import ScaledTanh, scaled

__all__ = ["ACTIVATIONS", "Activation", "PiecewiseAffine", "ScaledTanh", "read_activation"]

Activation: TypeAlias = PiecewiseAffine | ScaledTanh

ACTIVATIONS: Mapping[str, Callable[[Mapping[str, Any]], Activation]] = {
    "identity": affine,
    "relu": named((0.0,), (0.0, 1.0), 0.0),
    "leaky_relu": leaky,
    "abs": named((0.0,), (-1.0, 1.0), 0.0),
    "hard_tanh": named((-1.0, 1.0), (0.0, 1.0, 0.0), -1.0),
    "relu6": named((0.0, 6.0), (0.0, 1.0, 0.0), 0.0),
    "hard_sigmoid": named((-3.0, 3.0), (0.0, 1 / 6, 0.0), 0.0),
    "piecewise": read_pieces,
    "tanh": scaled(shift=0.0, height=1.0, width=1.0),
    "sigmoid": scaled(shift=0.5, height=0.5, width=2.0),
}


def read_activation(obj: Mapping[str, Any]) -> Activation:
    """The activation of an object that fits the schema; `ValueError` says what else is wrong."""
    return ACTIVATIONS[obj["kind"]](obj)
