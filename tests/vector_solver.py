"""A vector as the torch solver's operands, and what the solver does with it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch

from nnbcd import blocks
from nnbcd.activations import ACTIVATIONS, Identity
from nnbcd.compressions import COMPRESSIONS, NoCompression
from nnbcd.losses import LOSSES
from nnbcd.prepare import check_finite, targets, truth
from nnbcd.problem import Layer, Penalties, Problem
from nnbcd.start import from_weights
from nnbcd.sweep import Data
from nnbcd_checks.vectors import is_finite, number

FAMILIES = {
    "update_v_out": ("loss", LOSSES),
    "update_u": ("activation", ACTIVATIONS),
    "update_z": ("compression", COMPRESSIONS),
}
RENAMED = {"sample_weights": "weights"}
FACTORS = ("z_old",)
"""Operands that are a list of arrays."""


TAKES_WEIGHTS = "weights" in inspect.signature(blocks.update_v_out).parameters
TARGETS_OF_A_LOSS = "loss" in inspect.signature(targets).parameters


def known(vector):
    """Whether the solver's registry has the vector's member, and its weights where it has some."""
    if vector["member"].get("weighted") and not TAKES_WEIGHTS:
        return False
    return (
        vector["block"] not in FAMILIES
        or vector["member"]["kind"] in (FAMILIES[vector["block"]][1])
    )


def real(text):
    """The nearest float64; NaN and infinities as they are."""
    return float(number(text)) if is_finite(text) else float(text)


def array(nested):
    """Nested texts as a float64 array."""
    return np.asarray(_map(real, nested), dtype=np.float64)


def _map(function, nested):
    return [_map(function, x) for x in nested] if isinstance(nested, list) else function(nested)


def parameter(value: Any) -> Any:
    """Member data as Python values: texts that are numbers as floats, lists as tuples."""
    if isinstance(value, list):
        return tuple(parameter(x) for x in value)
    is_number = isinstance(value, str) and (not is_finite(value) or value.lstrip("-")[0].isdigit())
    return real(value) if is_number else value


def member(vector):
    """The solver's object; InputError where its data are refused."""
    # Weights are the data's; to the solver's loss they are no key.
    data = {key: parameter(x) for key, x in vector["member"].items() if key != "weighted"}
    return FAMILIES[vector["block"]][1][data.pop("kind")](**data)


def outputs(vector, dtype, update=None):
    """The solver's new tensors by name, as float64 arrays (a list of them for z)."""
    operands: dict[str, Any] = {}
    for name, given in vector["inputs"].items():
        if given is None:
            operands[name] = None
        elif name in FACTORS:
            operands[name] = tuple(torch.as_tensor(array(x)).to(dtype) for x in given)
        else:
            operands[RENAMED.get(name, name)] = torch.as_tensor(array(given)).to(dtype)
    weights = {name: real(x) for name, x in vector["penalties"].items()}
    given = {FAMILIES[vector["block"]][0]: member(vector)} if vector["member"] else {}
    found = (update or getattr(blocks, vector["block"]))(**operands, **given, **weights)
    return _named(vector, found, given)


def _named(vector, found, given):
    block, (name, *_) = vector["block"], vector["outputs"]
    if block == "update_w":
        return {"w": found[0].double().numpy(), "b": found[1].double().numpy()}
    if block != "update_z":
        return {name: found.double().numpy()}
    if name == "c":
        shape = array(vector["inputs"]["w"]).shape
        return {"c": given["compression"].expand(found, shape).double().numpy()}
    return {"z": [factor.double().numpy() for factor in found]}


def expected(outputs):
    """A vector's outputs as float64 arrays."""
    return {k: [array(f) for f in x] if k == "z" else array(x) for k, x in outputs.items()}


def refuse(vector):
    """Hand a rejected vector to the place where the solver takes such data in."""
    REFUSERS[vector["refused"]["where"]](vector)


def _penalties(vector):
    Penalties(**{name: real(x) for name, x in vector["penalties"].items()})


def _values(vector):
    for name, given in vector["inputs"].items():
        for part in given if name in FACTORS else [given]:
            if part is not None:
                check_finite(array(part), name)


def _fit(vector):
    member(vector).validate(array(vector["inputs"]["w"]).shape)


def _targets(vector):
    """The place where targets and sample weights come in."""
    from nnbcd.goals import Goals

    x = {k: array(a) for k, a in vector["inputs"].items()}
    n, d = x["u"].shape
    goals = Goals.of(truth(x["y"], samples=n), d, torch.as_tensor(x["u"]), member(vector))
    goals.weights(x.get("sample_weights"), None)


def _shapes(vector):
    """Build the network and the data that the operands belong to."""
    x = {k: array(a) for k, a in vector["inputs"].items() if a is not None}
    if vector["block"] == "update_v_out":
        n, d = x["u"].shape
        loss = (member(vector),) if TARGETS_OF_A_LOSS else ()
        targets(truth(x["y"], samples=n), d, torch.as_tensor(x["u"]), *loss)
    elif vector["block"] == "update_v":
        (n, d), (d_next, p) = x["s_u"].shape, x["w_next"].shape
        problem = Problem(layers=(_layer(d, d), _layer(p, d_next)), samples=n)
        own = torch.eye(d, dtype=torch.float64), torch.zeros(d, dtype=torch.float64)
        _start(problem, x["s_u"], [own, (x["w_next"], x["b_next"])])
    else:
        (n, p), d = x["v_prev"].shape, x["u"].shape[1]
        _start(Problem(layers=(_layer(p, d),), samples=n), x["v_prev"], [(x["w_old"], x["b_old"])])


def _layer(inputs, outputs):
    return Layer(
        inputs=inputs, outputs=outputs, activation=Identity(), compression=NoCompression(),
        penalties=Penalties(),
    )  # fmt: skip


def _start(problem, x, weights):
    pairs = [(torch.as_tensor(w), torch.as_tensor(b)) for w, b in weights]
    x = torch.as_tensor(x)
    from_weights(problem, Data.of(x, x), pairs)


REFUSERS = {
    "penalties": _penalties,
    "values": _values,
    "member": member,
    "fit": _fit,
    "shapes": _shapes,
    "targets": _targets,
}
