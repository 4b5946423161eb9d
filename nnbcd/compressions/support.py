"""Weights on a fixed support: W itself is 0 off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.compressions.budget import Shape
from nnbcd.compressions.coupling import Coupling
from nnbcd.compressions.prune import Prune
from nnbcd.errors import InputError


@dataclass(frozen=True)
class Support(Prune):
    """``Z`` is 1 at exactly ``nonzeros`` entries and 0 elsewhere; it never moves."""

    kind: ClassVar[str] = "support"
    kept_meaning: ClassVar[str] = "the values of weights on the support, without their indices"
    sized_by_weights: ClassVar[bool] = True

    @property
    def coupling(self) -> Coupling:
        """W is 0 off Z."""
        return Coupling.SUPPORT

    @classmethod
    def size_of(cls, weights: Sequence[Tensor]) -> Mapping[str, Any]:
        """The numbers of nonzero weights; ``InputError`` where no weight at all is 0."""
        counts = [int(w.count_nonzero()) for w in weights]
        if counts == [w.numel() for w in weights]:
            raise InputError(
                "compression support: given no size, and weights of which none is 0; allowed: "
                "a network with zeros, or keep or nonzeros"
            )
        return {"nonzeros": counts}

    def start(self, w: Tensor) -> Factors:
        """1 at the largest entries of ``w``: its nonzeros where there are ``nonzeros`` of them."""
        return (self.mask(w).to(w.dtype),)

    def weights(self, z: Factors, w: Tensor) -> Tensor:
        """``w`` on the support, 0 elsewhere."""
        return w.where(z[0] != 0, w.new_zeros(()))

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """There is nothing to update: raises ``InputError``."""
        raise InputError("a layer on a fixed support has no Z block")

    def pack_layer(self, z: Factors, w: Tensor) -> dict[str, Tensor]:
        """The weights on the support and their row-major indices."""
        places = z[0].reshape(-1).nonzero().reshape(-1)
        return {"indices": places, "values": w.reshape(-1)[places]}

    def check(self, z: Factors, shape: Shape, where: str) -> None:
        """``InputError`` unless Z is of 0 and 1 with ``nonzeros`` ones."""
        super().check(z, shape, where)
        ones = int((z[0] == 1).sum())
        if ones != self.nonzeros or int((z[0] == 0).sum()) != z[0].numel() - ones:
            raise InputError(
                f"{where}: given a support with {ones} ones; allowed: {self.nonzeros} ones, "
                "0 elsewhere"
            )
