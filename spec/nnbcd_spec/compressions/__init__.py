"""Compressions: one file and one line of ``COMPRESSIONS`` each."""

from nnbcd_spec.compressions.base import Compression, Factors
from nnbcd_spec.compressions.blocks import Blocks
from nnbcd_spec.compressions.columns import Columns
from nnbcd_spec.compressions.cp import CP
from nnbcd_spec.compressions.grid import Grid
from nnbcd_spec.compressions.low_rank import LowRank
from nnbcd_spec.compressions.nm import NM
from nnbcd_spec.compressions.none import NoCompression
from nnbcd_spec.compressions.prune import Prune
from nnbcd_spec.compressions.rows import Rows
from nnbcd_spec.compressions.shared_prune import SharedPrune
from nnbcd_spec.compressions.support import Support
from nnbcd_spec.compressions.tt import TensorTrain
from nnbcd_spec.compressions.tt_matrix import TTMatrix
from nnbcd_spec.compressions.tt_svd import TensorTrainSVD
from nnbcd_spec.compressions.tucker import Tucker
from nnbcd_spec.registry import Registry

COMPRESSIONS: Registry[Compression] = Registry(
    {
        "none": NoCompression,
        "prune": Prune,
        "nm": NM,
        "rows": Rows,
        "columns": Columns,
        "blocks": Blocks,
        "low_rank": LowRank,
        "shared_prune": SharedPrune,
        "grid": Grid,
        "tt": TensorTrain,
        "tt_svd": TensorTrainSVD,
        "tt_matrix": TTMatrix,
        "cp": CP,
        "tucker": Tucker,
        "support": Support,
    }
)

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
    "TTMatrix",
    "TensorTrain",
    "TensorTrainSVD",
    "Tucker",
]
