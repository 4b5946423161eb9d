"""Activations: one file and one line of ``ACTIVATIONS`` each."""

from nnbcd.activations.base import Activation
from nnbcd.activations.identity import Identity
from nnbcd.activations.leaky_relu import LeakyRelu
from nnbcd.activations.relu import Relu

ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
}

__all__ = ["ACTIVATIONS", "Activation", "Identity", "LeakyRelu", "Relu"]
