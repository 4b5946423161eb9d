"""N:M sparsity: of every ``m`` consecutive entries of a row at most ``n`` are nonzero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nnbcd.compressions.budget import Shape, affordable, itemsize
from nnbcd.compressions.sets import Mask, top
from nnbcd.errors import InputError


@dataclass(frozen=True)
class NM(Mask):
    """``n`` of ``m``, the pattern that sparse matrix units run at speed (2:4); ``C(Z) = Z``."""

    kind: ClassVar[str] = "nm"
    kept_meaning: ClassVar[str] = "n values of every m, without their places in the group"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "n")
    options: ClassVar[tuple[str, ...]] = ("m",)
    n: int
    m: int = 4

    def validate(self, shape: Shape) -> None:
        """``1 <= n <= m``, and ``m`` must divide the inputs."""
        if not 1 <= self.n <= self.m:
            raise InputError(f"nm n: given {self.n} of {self.m}; allowed: 1 to {self.m}")
        if shape[1] % self.m:
            raise InputError(
                f"nm m: given {self.m} for a {shape[0]}x{shape[1]} layer; "
                f"allowed: a divisor of {shape[1]}"
            )

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """``n`` of every ``m`` entries."""
        self.validate(shape)
        return shape[0] * shape[1] // self.m * self.n

    def indices(self, shape: Shape) -> int:
        """One an entry, though smaller than elsewhere (see ``bytes``)."""
        return self.stored(shape)

    def bytes(self, shape: Shape, dtype: str) -> int:
        """The values, and ``ceil(log2 m)`` bits to place each."""
        values = self.stored(shape)
        return values * itemsize(dtype) + -(-values * (self.m - 1).bit_length() // 8)

    def mask(self, m: Tensor) -> Tensor:
        """The ``n`` largest magnitudes of each group, ties by lowest index in the group."""
        return top(m.abs().reshape(-1, self.m), self.n).reshape(m.shape)

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64", m: int = 4) -> NM:
        """The largest ``n`` with ``n/m`` at most ``keep``."""
        cls(1, m).validate(shape)
        unit = shape[0] * shape[1] // m
        return cls(affordable(cls.kind, shape, keep, unit=unit, largest=m), m)
