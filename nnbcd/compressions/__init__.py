"""Compressions: one file and one line of ``COMPRESSIONS`` each."""

from nnbcd.compressions.base import Compression, Factors, names
from nnbcd.compressions.none import NoCompression
from nnbcd.compressions.prune import Prune
from nnbcd.compressions.tt import TensorTrain
from nnbcd.compressions.tt_svd import TensorTrainSVD

COMPRESSIONS: dict[str, type[Compression]] = {
    "none": NoCompression,
    "prune": Prune,
    "tt": TensorTrain,
    "tt_svd": TensorTrainSVD,
}

__all__ = [
    "COMPRESSIONS",
    "Compression",
    "Factors",
    "NoCompression",
    "Prune",
    "TensorTrain",
    "TensorTrainSVD",
    "names",
]
