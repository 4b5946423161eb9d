"""No compression: the layer has no Z block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.budget import Shape
from nnbcd.compressions.coupling import Coupling
from nnbcd.errors import InputError


@dataclass(frozen=True)
class NoCompression(Compression):
    """The layer keeps its dense weights; ``tau`` and ``alpha_z`` count as 0."""

    kind: ClassVar[str] = "none"
    kept_meaning: ClassVar[str] = "every weight"
    compresses: ClassVar[bool] = False
    sizes: ClassVar[tuple[str, ...]] = ()

    @property
    def coupling(self) -> Coupling:
        """There is no Z."""
        return Coupling.FREE

    def check(self, z: Factors, shape: Shape, where: str) -> None:
        """Raise ``InputError`` where there is a Z."""
        if z:
            raise InputError(f"{where}: given Z; allowed: none without compression")

    def validate(self, shape: Shape) -> None:
        """Every shape is allowed."""

    def names(self, layer: int) -> tuple[str, ...]:
        """No factors."""
        return ()

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """All entries."""
        return shape[0] * shape[1]

    def start(self, w: Tensor) -> Factors:
        """No variables."""
        return ()

    def expand(self, z: Factors, shape: Shape) -> Tensor:
        """There is nothing to expand: raises ``InputError``."""
        raise InputError("a layer without compression has no C(Z)")

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """There is nothing to update: raises ``InputError``."""
        raise InputError("a layer without compression has no Z block")

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """There is nothing to pack: raises ``InputError``."""
        raise InputError("a layer without compression stores its weights as they are")

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """The weights themselves."""
        return stored["weight"]

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> NoCompression:
        """Only ``keep = 1`` is possible."""
        if keep != 1:
            raise InputError(f"compression none: given keep = {keep}; allowed: 1")
        return cls()

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> NoCompression:
        """There is no size to give."""
        return cls(**own)
