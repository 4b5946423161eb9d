"""Sets of matrices with an exact projection: ``C(Z) = Z``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.budget import INDEX_BYTES, Shape, itemsize
from nnbcd.scalar import weighted_mean


class MatrixSet(Compression, Protocol):
    """``Z`` is a matrix of the set; the update is a projection, hence an exact minimiser."""

    def project(self, m: Tensor) -> Tensor:
        """A nearest point of the set, a new tensor."""

    def start(self, w: Tensor) -> Factors:
        """The projection of ``w``."""
        return (self.project(w),)

    def expand(self, z: Factors, shape: Shape) -> Tensor:
        """``Z`` itself."""
        return z[0].reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """The exact minimiser: the projection of ``(tau w + alpha_z z_old)/(tau + alpha_z)``.

        Not unique at ties, of which the first is kept.
        """
        mean: Tensor = weighted_mean(w, z_old[0], weight=tau, prox=alpha_z)
        return (self.project(mean),)


class Mask(MatrixSet, Protocol):
    """Matrices with few nonzero groups of entries; a mask says which."""

    masks: ClassVar[bool] = True

    def mask(self, m: Tensor) -> Tensor:
        """Where a nearest point of the set equals ``m`` (elsewhere it is 0), shape of ``m``."""

    def project(self, m: Tensor) -> Tensor:
        """``m`` on the mask of its largest groups, 0 elsewhere."""
        return m.where(self.mask(m), m.new_zeros(()))

    def indices(self, shape: Shape) -> int:
        """How many indices place what is kept."""

    def bytes(self, shape: Shape, dtype: str) -> int:
        """The values, and an index for each group kept."""
        return int(self.stored(shape)) * itemsize(dtype) + INDEX_BYTES * self.indices(shape)

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """The nonzero values and their row-major indices."""
        flat = z[0].reshape(-1)
        kept = flat.nonzero().reshape(-1)
        return {"indices": kept, "values": flat[kept]}

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """The values at their places."""
        flat = stored["values"].new_zeros(shape[0] * shape[1])
        return flat.index_copy(0, stored["indices"], stored["values"]).reshape(shape)


def top(scores: Tensor, count: int) -> Tensor:
    """A mask of exactly the ``count`` largest along the last dimension, ties by lowest index."""
    size = scores.shape[-1]
    if count >= size:
        return torch.ones_like(scores, dtype=torch.bool)
    threshold = scores.kthvalue(size - count + 1, dim=-1, keepdim=True).values
    above, equal = scores > threshold, scores == threshold
    room = count - above.sum(-1, keepdim=True)
    return above | (equal & (equal.cumsum(-1) <= room))


def square_sums(m: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """Squared norms of groups, in float64 so that no square of a float32 under- or overflows."""
    return m.double().square().sum(dim)
