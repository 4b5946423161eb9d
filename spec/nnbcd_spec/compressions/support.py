"""Weights on a fixed support: W is 0 wherever the constant Z is 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from nnbcd_spec.compressions.base import Bond, Factors
from nnbcd_spec.compressions.matrix import MatrixSet
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Whole
from nnbcd_spec.objective import Objective
from nnbcd_spec.symbols import alpha, d, mu, p


@dataclass(frozen=True)
class Support(MatrixSet):
    """``Z`` is a constant matrix of 0 and 1 with ``nonzeros`` ones; W is 0 where Z is 0.

    The entry is that of the W block, the minimiser over (W, b) with W within the support: Z has
    no block, and W no term towards it.
    """

    kind: ClassVar[str] = "support"
    facts: ClassVar[Facts] = Facts(
        constant=alpha + mu / 2,
        source="Frankle and Carbin, ICLR 2019: weights under a mask that stays",
        keys={"nonzeros": Whole(1, d * p)},
        unique=True,
    )
    nonzeros: int

    @property
    def bond(self) -> Bond:
        """``support``."""
        return "support"

    def require_mask(self, z: Array) -> None:
        """Raise ValueError unless ``z`` is a matrix of 0 and 1 with ``nonzeros`` ones."""
        require_mask("Z", z)
        if (ones := int(z.sum())) != self.nonzeros:
            raise ValueError(f"Z: given {ones} ones; allowed: {self.nonzeros}, the nonzeros")

    def minimisers(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> NoReturn:
        """Raise ValueError: the support stays as it is."""
        raise ValueError("a support layer has no Z block: its Z is constant")


def require_mask(name: str, mask: Array) -> None:
    """Raise ValueError unless every entry is 0 or 1."""
    wrong = [x for x in mask.flat if x not in (0, 1)]
    if wrong:
        raise ValueError(f"{name}: given {wrong[0]}; allowed: entries 0 and 1")


def require_within(name: str, w: Array, mask: Array) -> None:
    """Raise ValueError where ``w`` is not 0 off the support."""
    outside = w[mask == 0]
    if outside.any():
        raise ValueError(
            f"{name}: given {np.count_nonzero(outside)} nonzeros off the support; allowed: none"
        )


def spread(entries: Array, mask: Array) -> Array:
    """The matrix with ``entries`` where ``mask`` is 1, row-major, and 0 elsewhere."""
    w = np.zeros(mask.shape, dtype=object)
    w[mask == 1] = entries
    return w
