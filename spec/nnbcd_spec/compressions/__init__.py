"""Compressions: one file and one line of ``COMPRESSIONS`` each."""

from nnbcd_spec.compressions.base import Compression, Factors
from nnbcd_spec.compressions.none import NoCompression
from nnbcd_spec.compressions.prune import Prune
from nnbcd_spec.compressions.tt import TensorTrain
from nnbcd_spec.compressions.tt_svd import TensorTrainSVD
from nnbcd_spec.registry import Registry

COMPRESSIONS: Registry[Compression] = Registry(
    {
        "none": NoCompression,
        "prune": Prune,
        "tt": TensorTrain,
        "tt_svd": TensorTrainSVD,
    }
)

__all__ = [
    "COMPRESSIONS",
    "Compression",
    "Factors",
    "NoCompression",
    "Prune",
    "TensorTrain",
    "TensorTrainSVD",
]
