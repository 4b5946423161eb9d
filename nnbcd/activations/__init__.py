"""Activations: one file and one line of ``ACTIVATIONS`` each."""

from torch import nn

from nnbcd.activations.absolute import Absolute
from nnbcd.activations.base import Activation
from nnbcd.activations.hard_sigmoid import HardSigmoid
from nnbcd.activations.hard_tanh import HardTanh
from nnbcd.activations.identity import Identity
from nnbcd.activations.leaky_relu import LeakyRelu
from nnbcd.activations.piecewise import Piecewise
from nnbcd.activations.relu import Relu
from nnbcd.activations.relu6 import Relu6
from nnbcd.activations.sigmoid import Sigmoid
from nnbcd.activations.tanh import Tanh
from nnbcd.members import member_from_json

ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "abs": Absolute,
    "hard_tanh": HardTanh,
    "relu6": Relu6,
    "hard_sigmoid": HardSigmoid,
    "piecewise": Piecewise,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
}


def activation_from(given: object, where: str = "activation") -> Activation:
    """The activation itself, or the one that a kind or its JSON names.

    Raises ``InputError``, beginning with ``where``, for anything else.
    """
    return given if isinstance(given, Activation) else member_from_json(ACTIVATIONS, given, where)


def activation_of(module: nn.Module) -> Activation | None:
    """The activation that a torch module computes; ``None`` where no member does."""
    found = (member.from_module(module) for member in ACTIVATIONS.values())
    return next((activation for activation in found if activation is not None), None)


__all__ = [
    "ACTIVATIONS",
    "Absolute",
    "Activation",
    "HardSigmoid",
    "HardTanh",
    "Identity",
    "LeakyRelu",
    "Piecewise",
    "Relu",
    "Relu6",
    "Sigmoid",
    "Tanh",
    "activation_from",
    "activation_of",
]
