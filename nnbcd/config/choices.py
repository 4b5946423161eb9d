"""Keys that take a name or something longer; what is allowed comes from the registries."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import PlainValidator


def _activation(value: Any) -> str | dict[str, Any]:
    from nnbcd.activations import activation_from

    activation_from(value, "network.activation")
    chosen: str | dict[str, Any] = value
    return chosen


def _order(value: Any) -> str | tuple[str, ...]:
    from nnbcd.problem import ORDERS

    if isinstance(value, str) and value in ORDERS:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return tuple(value)
    names = ", ".join(f'"{name}"' for name in ORDERS)
    raise ValueError(f"Input should be {names}, or a list of all block names")


def _class_weight(value: Any) -> str | dict[str, float]:
    if value == "balanced":
        return "balanced"
    if isinstance(value, dict) and value and all(_good(v) for v in value.values()):
        return {str(name): float(weight) for name, weight in value.items()}
    raise ValueError('Input should be "balanced", or a table of finite numbers > 0 by class')


def _good(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0


ActivationChoice = Annotated[str | dict[str, Any], PlainValidator(_activation)]
"""A kind, or a table of a kind and its keys."""
OrderChoice = Annotated[str | tuple[str, ...], PlainValidator(_order)]
"""A direction, or all block names."""
ClassWeight = Annotated[str | dict[str, float], PlainValidator(_class_weight)]
"""Weights by the names of classes."""
