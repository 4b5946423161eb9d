"""No compression: the layer has no Z block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.compressions.base import Factors
from nnbcd.errors import InputError


@dataclass(frozen=True)
class NoCompression:
    """The layer keeps its dense weights; ``tau`` and ``alpha_z`` count as 0."""

    kind: ClassVar[str] = "none"
    certifiable: ClassVar[bool] = True

    def validate(self, shape: tuple[int, int]) -> None:
        """Every shape is allowed."""

    def stored(self, shape: tuple[int, int]) -> int:
        """All entries."""
        return shape[0] * shape[1]

    def start(self, w: Tensor) -> Factors:
        """No variables."""
        return ()

    def expand(self, z: Factors, shape: tuple[int, int]) -> Tensor:
        """There is nothing to expand: raises ``InputError``."""
        raise InputError("a layer without compression has no C(Z)")

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """There is nothing to update: raises ``InputError``."""
        raise InputError("a layer without compression has no Z block")

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "none"}``."""
        return {"kind": self.kind}

    @classmethod
    def from_budget(cls, shape: tuple[int, int], *, keep: float) -> NoCompression:
        """Only ``keep = 1`` is possible."""
        if keep != 1:
            raise InputError(f"compression none: given keep = {keep}; allowed: 1")
        return cls()
