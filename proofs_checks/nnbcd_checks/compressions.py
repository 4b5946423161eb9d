"""The compressions, by their names in ``problem.json``.  One registry line each."""

from __future__ import annotations

from collections.abc import Mapping

from nnbcd_checks.blockless import Uncompressed
from nnbcd_checks.compression import Compression
from nnbcd_checks.grid import Grid
from nnbcd_checks.group_kinds import Blocks, Columns, OfEveryM, Prune, Rows, SharedPrune
from nnbcd_checks.low_rank import LowRank
from nnbcd_checks.multilinear import CanonicalPolyadic, Tucker
from nnbcd_checks.support import Support
from nnbcd_checks.trains import OperatorTrain, TensorTrain, TruncatedTrain

_MEMBERS: tuple[type[Compression], ...] = (
    Uncompressed,
    Prune,
    OfEveryM,
    Rows,
    Columns,
    Blocks,
    LowRank,
    SharedPrune,
    Grid,
    TensorTrain,
    TruncatedTrain,
    OperatorTrain,
    CanonicalPolyadic,
    Tucker,
    Support,
)
COMPRESSIONS: Mapping[str, type[Compression]] = {member.kind: member for member in _MEMBERS}
