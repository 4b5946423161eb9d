"""Pruning across layers: a group of layers shares one number of nonzeros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.budget import INDEX_BYTES, Shape, affordable, itemsize
from nnbcd.compressions.sets import Mask, square_sums, top
from nnbcd.errors import InputError
from nnbcd.scalar import weighted_mean

GROUP = "all"
"""The group of a wish that names none."""


@dataclass(frozen=True)
class SharedPrune(Mask):
    """At most ``nonzeros`` nonzero entries in all ``Z`` of the ``group`` together; ``C(Z) = Z``.

    The layers of a group own one Z block, updated after the last of their W.
    """

    kind: ClassVar[str] = "shared_prune"
    kept_meaning: ClassVar[str] = "the values of the group's nonzero weights, without their indices"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "nonzeros")
    options: ClassVar[tuple[str, ...]] = ("group",)
    group: str
    nonzeros: int

    @property
    def shared(self) -> str:
        """The group's name."""
        return self.group

    def validate(self, shape: Shape) -> None:
        """One layer alone bounds nothing but ``nonzeros >= 1``."""
        if self.nonzeros < 1:
            raise InputError(f"shared_prune nonzeros: given {self.nonzeros}; allowed: 1 or more")

    def validate_together(self, shapes: Sequence[Shape]) -> None:
        """``nonzeros`` must lie in 1..number of entries of the group."""
        entries = _entries(shapes)
        if self.nonzeros > entries:
            raise InputError(
                f"shared_prune nonzeros: given {self.nonzeros} for group {self.group!r} of "
                f"{entries} entries; allowed: 1 to {entries}"
            )

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """The values kept in the whole group."""
        return self.nonzeros

    def share(self, z: Factors, shape: Shape, dtype: str) -> int:
        """The layer's own nonzeros."""
        return int(z[0].count_nonzero())

    def indices(self, shape: Shape) -> int:
        """One an entry."""
        return self.nonzeros

    def mask(self, m: Tensor) -> Tensor:
        """Of a group of one layer: as ``prune``."""
        return top(m.abs().reshape(-1), self.nonzeros).reshape(m.shape)

    def start_together(self, w: Sequence[Tensor]) -> tuple[Factors, ...]:
        """The projection of all matrices at once."""
        return self._projected(w, [1.0] * len(w))

    def update_together(
        self,
        z_old: Sequence[Factors],
        w: Sequence[Tensor],
        *,
        tau: Sequence[float],
        alpha_z: Sequence[float],
    ) -> tuple[Factors, ...]:
        """The exact minimiser over the group: entries of ``M_i`` compete by what they save.

        Dropping an entry of ``M_i = (tau_i w + alpha_z_i z_old)/(tau_i + alpha_z_i)`` costs
        ``(tau_i + alpha_z_i)/2`` times its square.  Ties by lowest layer, then index.
        """
        each = zip(z_old, w, tau, alpha_z, strict=True)
        m = [weighted_mean(one, z[0], weight=t, prox=a) for z, one, t, a in each]
        return self._projected(m, [t + a for t, a in zip(tau, alpha_z, strict=True)])

    def _projected(self, m: Sequence[Tensor], weights: Sequence[float]) -> tuple[Factors, ...]:
        scores = [c * square_sums(one.reshape(-1, 1), 1) for one, c in zip(m, weights, strict=True)]
        masks = torch.split(top(torch.cat(scores), self.nonzeros), [one.numel() for one in m])
        return tuple(
            (one.where(mask.reshape(one.shape), one.new_zeros(())),)
            for one, mask in zip(m, masks, strict=True)
        )

    def bytes(self, shape: Shape, dtype: str) -> int:
        """The group's values, and an index each."""
        return self.nonzeros * (itemsize(dtype) + INDEX_BYTES)

    @classmethod
    def from_budget(
        cls, shape: Shape, /, *, keep: float, dtype: str = "float64", group: str = GROUP
    ) -> SharedPrune:
        """``s`` = the whole number at or below ``keep`` times the size, of a group of one."""
        largest = shape[0] * shape[1]
        return cls(group, affordable(cls.kind, shape, keep, unit=1, largest=largest))

    @classmethod
    def for_layers(
        cls, shapes: Sequence[Shape], *, dtype: str, given: Mapping[str, Any]
    ) -> list[Compression]:
        """One group of all layers, the budget that of their entries together."""
        own = {"group": GROUP, **given}
        if "keep" in own:
            made = cls.from_budget((_entries(shapes), 1), keep=own["keep"], group=own["group"])
        elif isinstance(own["nonzeros"], int):
            made = cls(own["group"], own["nonzeros"])
        else:
            raise InputError(
                f"compression nonzeros: given {own['nonzeros']}; allowed: one whole number for "
                "the group"
            )
        return [made] * len(shapes)


def _entries(shapes: Sequence[Shape]) -> int:
    return sum(d * p for d, p in shapes)
