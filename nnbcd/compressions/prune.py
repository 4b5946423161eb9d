"""Exact top-s pruning: at most ``s`` nonzero entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Factors, check_keep
from nnbcd.errors import InputError


@dataclass(frozen=True)
class Prune:
    """``Z`` is a matrix with at most ``nonzeros`` nonzero entries; ``C(Z) = Z``."""

    kind: ClassVar[str] = "prune"
    certifiable: ClassVar[bool] = True
    nonzeros: int

    def validate(self, shape: tuple[int, int]) -> None:
        """``nonzeros`` must lie in 1..size."""
        size = shape[0] * shape[1]
        if not 1 <= self.nonzeros <= size:
            raise InputError(
                f"prune nonzeros: given {self.nonzeros} for a {shape[0]}x{shape[1]} layer; "
                f"allowed: 1 to {size}"
            )

    def stored(self, shape: tuple[int, int]) -> int:
        """The values kept (their indices are not counted)."""
        self.validate(shape)
        return self.nonzeros

    def start(self, w: Tensor) -> Factors:
        """The projection of ``w``."""
        return (project_top(w, self.nonzeros),)

    def expand(self, z: Factors, shape: tuple[int, int]) -> Tensor:
        """``Z`` itself."""
        return z[0].reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """The exact minimiser: the projection of ``(tau w + alpha_z z_old)/(tau + alpha_z)``.

        Not unique at ties of magnitude, where the lowest row-major indices are kept.
        """
        m = w if alpha_z == 0 else (tau * w + alpha_z * z_old[0]) / (tau + alpha_z)
        return (project_top(m, self.nonzeros),)

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "prune", "nonzeros": s}``."""
        return {"kind": self.kind, "nonzeros": self.nonzeros}

    @classmethod
    def from_budget(cls, shape: tuple[int, int], *, keep: float) -> Prune:
        """``s`` = the whole number at or below ``keep`` times the size, at least 1."""
        check_keep(keep)
        # The nudge keeps 0.07 * 100, a hair under 7 in floats, from losing an entry.
        return cls(nonzeros=max(1, int(keep * shape[0] * shape[1] * (1 + 1e-12))))


def project_top(m: Tensor, s: int) -> Tensor:
    """Keep exactly the ``s`` entries of largest magnitude, ties by lowest row-major index."""
    if s >= m.numel():
        return m.clone()
    size = m.abs().reshape(-1)
    threshold = torch.kthvalue(size, m.numel() - s + 1).values
    above, equal = size > threshold, size == threshold
    room = s - above.sum()
    keep = above | (equal & (equal.cumsum(0) <= room))
    return torch.where(keep.reshape(m.shape), m, torch.zeros_like(m))
