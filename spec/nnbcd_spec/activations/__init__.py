"""Activations: one file and one line of ``ACTIVATIONS`` each."""

from nnbcd_spec.activations.abs import Abs
from nnbcd_spec.activations.affine import Piece
from nnbcd_spec.activations.base import Activation, Candidate
from nnbcd_spec.activations.hard_sigmoid import HardSigmoid
from nnbcd_spec.activations.hard_tanh import HardTanh
from nnbcd_spec.activations.identity import Identity
from nnbcd_spec.activations.leaky_relu import LeakyRelu
from nnbcd_spec.activations.piecewise import Piecewise
from nnbcd_spec.activations.relu import Relu
from nnbcd_spec.activations.relu6 import Relu6
from nnbcd_spec.activations.sigmoid import Sigmoid
from nnbcd_spec.activations.tanh import Tanh
from nnbcd_spec.registry import Registry

ACTIVATIONS: Registry[Activation] = Registry(
    {
        "identity": Identity,
        "relu": Relu,
        "leaky_relu": LeakyRelu,
        "abs": Abs,
        "hard_tanh": HardTanh,
        "relu6": Relu6,
        "hard_sigmoid": HardSigmoid,
        "piecewise": Piecewise,
        "tanh": Tanh,
        "sigmoid": Sigmoid,
    }
)

__all__ = [
    "ACTIVATIONS",
    "Abs",
    "Activation",
    "Candidate",
    "HardSigmoid",
    "HardTanh",
    "Identity",
    "LeakyRelu",
    "Piece",
    "Piecewise",
    "Relu",
    "Relu6",
    "Sigmoid",
    "Tanh",
]
