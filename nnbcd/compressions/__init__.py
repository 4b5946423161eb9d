"""Compressions: one file and one line of ``COMPRESSIONS`` each."""

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.blocks import Blocks
from nnbcd.compressions.columns import Columns
from nnbcd.compressions.cp import CP
from nnbcd.compressions.grid import Grid
from nnbcd.compressions.low_rank import LowRank
from nnbcd.compressions.nm import NM
from nnbcd.compressions.none import NoCompression
from nnbcd.compressions.prune import Prune
from nnbcd.compressions.rows import Rows
from nnbcd.compressions.shared_prune import SharedPrune
from nnbcd.compressions.support import Support
from nnbcd.compressions.tt import TensorTrain
from nnbcd.compressions.tt_matrix import TensorTrainMatrix
from nnbcd.compressions.tt_svd import TensorTrainSVD
from nnbcd.compressions.tucker import Tucker

COMPRESSIONS: dict[str, type[Compression]] = {
    "none": NoCompression,
    "prune": Prune,
    "nm": NM,
    "rows": Rows,
    "columns": Columns,
    "blocks": Blocks,
    "low_rank": LowRank,
    "shared_prune": SharedPrune,
    "support": Support,
    "grid": Grid,
    "tt": TensorTrain,
    "tt_svd": TensorTrainSVD,
    "tt_matrix": TensorTrainMatrix,
    "cp": CP,
    "tucker": Tucker,
}

__all__ = [
    "COMPRESSIONS",
    "CP",
    "NM",
    "Blocks",
    "Columns",
    "Compression",
    "Factors",
    "Grid",
    "LowRank",
    "NoCompression",
    "Prune",
    "Rows",
    "SharedPrune",
    "Support",
    "TensorTrain",
    "TensorTrainMatrix",
    "TensorTrainSVD",
    "Tucker",
]
