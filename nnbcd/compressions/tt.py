"""Tensor train by core-wise proximal least squares: the certifiable way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.compressions import train
from nnbcd.compressions.base import Factors, check_keep


@dataclass(frozen=True)
class TensorTrain:
    """``Z`` = the cores of a train of the row-major reshape of ``W``, with fixed ranks."""

    kind: ClassVar[str] = "tt"
    certifiable: ClassVar[bool] = True
    modes: tuple[int, ...]
    ranks: tuple[int, ...]

    def validate(self, shape: tuple[int, int]) -> None:
        """Modes must multiply to the matrix's size; ranks must be reachable."""
        train.validate(self.modes, self.ranks, shape)

    def stored(self, shape: tuple[int, int]) -> int:
        """Entries of all cores."""
        self.validate(shape)
        return train.size(self.modes, self.ranks)

    def start(self, w: Tensor) -> Factors:
        """The truncated TT-SVD of ``w``: a feasible start, from which ``update`` descends."""
        return train.tt_svd(w, self.modes, self.ranks)

    def expand(self, z: Factors, shape: tuple[int, int]) -> Tensor:
        """The contracted cores as a matrix."""
        return train.contract(z).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """One ascending pass; each core becomes its exact proximal least-squares minimiser.

        Core ``j`` solves ``(tau L^T L (x) I (x) R R^T + alpha_z I) D = -gradient`` for its
        increment ``D``, with ``L`` (new cores before) and ``R`` (old cores after), by the
        eigenvectors of the two small Gram matrices.  Unique for ``alpha_z > 0``; otherwise the
        minimum-norm increment.  Cores are never re-orthogonalised: that would move them at no
        change of ``C(Z)``, beyond what the decrease controls.
        """
        rights = _right_parts(z_old)
        left = w.new_ones(1, 1)
        cores = []
        for core, right in zip(z_old, rights, strict=True):
            residual = w.reshape(left.shape[0], core.shape[1], -1) - _expand3(left, core, right)
            new = core + _core_increment(left, right, residual, tau=tau, alpha_z=alpha_z)
            cores.append(new)
            left = (left @ new.reshape(new.shape[0], -1)).reshape(-1, new.shape[-1])
        return tuple(cores)

    def to_json(self) -> dict[str, Any]:
        """``{"kind": "tt", "modes": [...], "ranks": [...]}``."""
        return {"kind": self.kind, "modes": list(self.modes), "ranks": list(self.ranks)}

    @classmethod
    def from_budget(
        cls, shape: tuple[int, int], *, keep: float, modes: tuple[int, ...] | None = None
    ) -> TensorTrain:
        """The largest ranks that store at most ``keep`` of the entries."""
        check_keep(keep)
        modes = modes or train.default_modes(shape)
        return cls(modes, train.ranks_from_budget(modes, int(keep * shape[0] * shape[1])))

    @classmethod
    def from_rank(
        cls, shape: tuple[int, int], *, rank: int, modes: tuple[int, ...] | None = None
    ) -> TensorTrain:
        """Every rank the smaller of ``rank`` and the largest useful one."""
        modes = modes or train.default_modes(shape)
        return cls(modes, tuple(min(rank, top) for top in train.largest_ranks(modes)))


def _right_parts(cores: Factors) -> tuple[Tensor, ...]:
    """For each core the product of the cores after it, (r_j, M_after)."""
    right = cores[0].new_ones(1, 1)
    parts = [right]
    for core in reversed(cores[1:]):
        right = (core.reshape(-1, core.shape[-1]) @ right).reshape(core.shape[0], -1)
        parts.append(right)
    return tuple(reversed(parts))


def _expand3(left: Tensor, core: Tensor, right: Tensor) -> Tensor:
    inner = (left @ core.reshape(core.shape[0], -1)).reshape(-1, core.shape[-1])
    return (inner @ right).reshape(left.shape[0], core.shape[1], right.shape[1])


def _core_increment(
    left: Tensor, right: Tensor, residual: Tensor, *, tau: float, alpha_z: float
) -> Tensor:
    """``tau/2 ||residual - L D R||^2 + alpha_z/2 ||D||^2`` minimised over ``D`` (a, m, b)."""
    after = residual @ right.mT
    descent = tau * (left.mT @ after.reshape(left.shape[0], -1)).reshape(-1, *after.shape[1:])
    values_l, vectors_l = torch.linalg.eigh(left.mT @ left)
    values_r, vectors_r = torch.linalg.eigh(right @ right.mT)
    # Gram matrices have no negative eigenvalues; rounding may say so.
    curvature = tau * values_l.clamp(min=0)[:, None, None] * values_r.clamp(min=0)
    rotated = _rotate(vectors_l.mT, descent) @ vectors_r
    if alpha_z > 0:
        solved = rotated / (curvature + alpha_z)
    else:
        noise = torch.finfo(curvature.dtype).eps * descent.numel() * curvature.max()
        safe = torch.where(curvature > noise, curvature, torch.ones_like(curvature))
        solved = torch.where(curvature > noise, rotated / safe, torch.zeros_like(rotated))
    increment: Tensor = _rotate(vectors_l, solved) @ vectors_r.mT
    return increment


def _rotate(matrix: Tensor, core: Tensor) -> Tensor:
    """Apply ``matrix`` to the first index of ``core``."""
    return (matrix @ core.reshape(core.shape[0], -1)).reshape(-1, *core.shape[1:])
