"""No compression: the layer has no Z block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from nnbcd_spec.compressions.base import Bond, Factors, OwnBlock
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.objective import Objective


@dataclass(frozen=True)
class NoCompression(OwnBlock):
    """The layer has no tau term, no Z and no C(Z)."""

    kind: ClassVar[str] = "none"
    facts: ClassVar[Facts] = Facts(constant=None, source="no block")

    @property
    def bond(self) -> Bond:
        """``none``."""
        return "none"

    def validate(self, shape: tuple[int, ...]) -> None:
        """Every shape is allowed."""

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """No factors."""
        return ()

    def expand(self, z: Factors, shape: tuple[int, ...]) -> NoReturn:
        """Raise ValueError: there is nothing to expand."""
        raise ValueError("a layer without compression has no C(Z)")

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> NoReturn:
        """Raise ValueError: there is nothing to update."""
        raise ValueError("a layer without compression has no Z block")

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> NoReturn:
        """Raise ValueError: there is nothing to minimise."""
        raise ValueError("a layer without compression has no Z block")
