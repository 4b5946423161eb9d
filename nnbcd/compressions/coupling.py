"""How the weights of a layer hang on its Z."""

from __future__ import annotations

from enum import Enum


class Coupling(Enum):
    """What stands between W and Z in the objective."""

    FREE = "free"
    """There is no Z."""
    PENALISED = "penalised"
    """``tau/2 ||W - C(Z)||^2``."""
    SUPPORT = "support"
    """W is 0 where Z, which is constant, is 0."""
    DIRECT = "direct"
    """``W = C(Z)``."""

    @property
    def has_block(self) -> bool:
        """Whether a sweep moves Z."""
        return self in {Coupling.PENALISED, Coupling.DIRECT}
