"""Reading ``problem.json``: the schema first, then what a schema cannot say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from nnbcd_checks.activations import read_activation
from nnbcd_checks.arrays import real
from nnbcd_checks.compression import Refused
from nnbcd_checks.compressions import COMPRESSIONS
from nnbcd_checks.errors import TraceError
from nnbcd_checks.losses import read_loss
from nnbcd_checks.problem import Layer, Penalties, Problem
from nnbcd_checks.schema import validate

Member = TypeVar("Member")


def read_problem(obj: Mapping[str, Any]) -> Problem:
    """The problem of a parsed ``problem.json``; `TraceError` names key, value and domain."""
    validate(obj, "problem", "problem.json")
    problem = Problem(
        name=str(obj["name"]),
        samples=int(obj["samples"]),
        dtype=str(obj["dtype"]),
        loss=_member(read_loss, obj["loss"], "loss"),
        order=tuple(obj["order"]),
        layers=tuple(_layer(layer, i) for i, layer in enumerate(obj["layers"], 1)),
    )
    for i in range(1, problem.depth + 1):
        _check_layer(problem, i)
    _check_groups(problem)
    _check_order(problem)
    return problem


def _member(
    read: Callable[[Mapping[str, Any]], Member], obj: Mapping[str, Any], where: str
) -> Member:
    """A member of a family, which reads and checks its own keys."""
    try:
        return read(obj)
    except ValueError as error:
        raise TraceError(f"problem.json: {where}: {error}") from None


def _layer(obj: Mapping[str, Any], i: int) -> Layer:
    compression = obj["compression"]
    matrix = int(obj["outputs"]), int(obj["inputs"])
    try:
        compressed = COMPRESSIONS[compression["kind"]].read(compression, matrix)
    except Refused as error:
        raise _fail(i, f"compression.{error.key}", error.given, error.allowed) from None
    return Layer(
        inputs=int(obj["inputs"]),
        outputs=int(obj["outputs"]),
        activation=_member(read_activation, obj["activation"], f"layers[{i - 1}].activation"),
        compression=compressed,
        penalties=Penalties(**{key: real(value) for key, value in obj["penalties"].items()}),
    )


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
    tau, alpha_z = layer.penalties.tau, layer.penalties.alpha_z
    if not layer.compressed and (tau or alpha_z):
        allowed = "0 without compression, or on a fixed support"
        raise _fail(i, "penalties", {"tau": tau, "alpha_z": alpha_z}, allowed)
    if layer.compression.makes_w and tau:
        raise _fail(i, "penalties.tau", tau, "0 where W is made of its factors")
    if layer.penalised and not tau > 0:
        raise _fail(i, "penalties.tau", tau, "> 0 where the layer is compressed")


def _check_groups(problem: Problem) -> None:
    for layers in problem.z_blocks.values():
        members = [problem.layer(i).compression for i in layers]
        for i, member in zip(layers, members, strict=True):
            try:
                member.check_group(members)
            except Refused as error:
                raise _fail(i, f"compression.{error.key}", error.given, error.allowed) from None


def _check_order(problem: Problem) -> None:
    blocks = [f"{letter}{i}" for i in range(1, problem.depth + 1) for letter in "VUW"]
    blocks += problem.z_blocks
    if sorted(problem.order) != sorted(blocks):
        raise TraceError(
            f"problem.json: order: given {list(problem.order)}; allowed: every one of "
            f"{sorted(blocks)} exactly once"
        )
