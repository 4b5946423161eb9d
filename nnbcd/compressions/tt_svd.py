"""Tensor train by truncated SVDs, as published: quasi-optimal, covered by no descent theorem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.compressions import train
from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape
from nnbcd.compressions.tt import TensorTrain
from nnbcd.errors import InputError


@dataclass(frozen=True)
class TensorTrainSVD(TensorTrain):
    """The set of :class:`TensorTrain`; ``Z`` is set to the TT-SVD of ``W`` at every sweep.

    Kept for comparison: the step may raise the objective, so no run with it is certified.
    """

    kind: ClassVar[str] = "tt_svd"
    certifiable: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ("modes",)

    def validate(self, shape: Shape) -> None:
        """As a train; never direct, since a TT-SVD has no W to be one of."""
        super().validate(shape)
        if self.direct:
            raise InputError("tt_svd direct: given True; allowed: False, or True with kind tt")

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """``TT-SVD(w)``, whatever the old cores and the penalties."""
        return train.tt_svd(w, self.modes, self.ranks)
