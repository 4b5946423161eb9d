"""What the solver asks of a compression."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from torch import Tensor

Factors = tuple[Tensor, ...]
"""The variables of a Z block: none, one matrix, or the cores of a tensor train."""


class Compression(Protocol):
    """A set of matrices ``C(Z)`` with a proximal step towards a weight matrix."""

    kind: ClassVar[str]
    certifiable: ClassVar[bool]
    """Whether a descent theorem covers ``update``."""

    def validate(self, shape: tuple[int, int]) -> None:
        """Raise ``InputError`` where a (outputs, inputs) matrix cannot be compressed so."""

    def stored(self, shape: tuple[int, int]) -> int:
        """Numbers kept for a weight matrix of this shape (indices not counted)."""

    def start(self, w: Tensor) -> Factors:
        """A feasible ``Z`` close to ``w``."""

    def expand(self, z: Factors, shape: tuple[int, int]) -> Tensor:
        """``C(z)``, a matrix of this shape."""

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """Decrease ``tau/2 ||w - C(z)||^2 + alpha_z/2 ||z - z_old||^2`` over feasible ``z``."""

    def to_json(self) -> dict[str, Any]:
        """The compression as it stands in ``problem.json``."""

    @classmethod
    def from_budget(cls, shape: tuple[int, int], *, keep: float) -> Compression:
        """The member that stores at most the fraction ``keep`` of the matrix's entries."""


def names(compression: Compression, layer: int, count: int) -> tuple[str, ...]:
    """The tensor names of a Z block in the trace format."""
    if compression.kind in {"tt", "tt_svd"}:
        return tuple(f"Z{layer}.{j}" for j in range(1, count + 1))
    return (f"Z{layer}",) if count else ()


def check_keep(keep: float) -> None:
    """Raise ``InputError`` unless ``0 < keep <= 1``."""
    from nnbcd.errors import InputError

    if not 0 < keep <= 1:
        raise InputError(f"compression keep: given {keep}; allowed: a fraction in (0, 1]")
