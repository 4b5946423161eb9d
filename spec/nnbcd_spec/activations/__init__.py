"""Activations: one file and one line of ``ACTIVATIONS`` each."""

from nnbcd_spec.activations.identity import Identity
from nnbcd_spec.activations.leaky_relu import LeakyRelu
from nnbcd_spec.activations.piecewise import Activation, Piece
from nnbcd_spec.activations.relu import Relu
from nnbcd_spec.registry import Registry

ACTIVATIONS: Registry[Activation] = Registry(
    {
        "identity": Identity,
        "relu": Relu,
        "leaky_relu": LeakyRelu,
    }
)

__all__ = ["ACTIVATIONS", "Activation", "Identity", "LeakyRelu", "Piece", "Relu"]
