"""Quantisation: whole-number codes times one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.budget import Shape, check_keep, itemsize
from nnbcd.errors import InputError
from nnbcd.scalar import nearest_code, nearest_scale, weighted_mean
from nnbcd.tensor_ops import TORCH

FEWEST, MOST = 2, 8
"""Bits of a code."""
CANDIDATES = 32
"""Scales tried by the start: so many fractions of the one at which nothing is clipped."""


@dataclass(frozen=True)
class Grid(Compression):
    """``Z`` = codes (d, p) in -(2^(bits-1) - 1)..2^(bits-1) - 1 and a scale (1,) > 0.

    ``C(Z) = scale * codes``; both are kept in the problem's dtype.
    """

    kind: ClassVar[str] = "grid"
    kept_meaning: ClassVar[str] = "the codes, at bits over the bits of a number, and one scale"
    sizes: ClassVar[tuple[str, ...]] = ("keep", "bits")
    bits: int

    @property
    def top_code(self) -> int:
        """The largest code."""
        return int(2 ** (self.bits - 1)) - 1

    def validate(self, shape: Shape) -> None:
        """``bits`` must lie in 2..8."""
        if not FEWEST <= self.bits <= MOST:
            raise InputError(f"grid bits: given {self.bits}; allowed: {FEWEST} to {MOST}")

    def names(self, layer: int) -> tuple[str, ...]:
        """Codes, then scale."""
        return f"Z{layer}.1", f"Z{layer}.2"

    def stored(self, shape: Shape, dtype: str = "float64") -> float:
        """Codes count ``bits`` over the bits of a number each; the scale counts 1."""
        self.validate(shape)
        return shape[0] * shape[1] * self.bits / (8 * itemsize(dtype)) + 1

    def bytes(self, shape: Shape, dtype: str) -> int:
        """``bits`` a code, packed, and the scale."""
        return math.ceil(shape[0] * shape[1] * self.bits / 8) + itemsize(dtype)

    def start(self, w: Tensor) -> Factors:
        """The best of a few scales with its nearest codes, then the scale that fits these best."""
        largest = w.abs().max()
        scale = largest.new_ones(1) if not bool(largest > 0) else (largest / self.top_code)[None]
        fractions = [k / CANDIDATES for k in range(CANDIDATES, 0, -1)]
        tried = [self._fitted(w, (scale * f).clamp(min=_tiny(w))) for f in fractions]
        errors = torch.stack([(w - c * s).double().square().sum() for c, s in tried])
        return tried[int(errors.argmin())]

    def expand(self, z: Factors, shape: Shape) -> Tensor:
        """``scale * codes``."""
        return (z[1] * z[0]).reshape(shape)

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """Codes at the old scale, then the scale by least squares at the new codes.

        Both steps descend on ``tau/2 ||w - C||^2 + alpha_z/2 ||C - C_old||^2``, the first to its
        minimum over the codes (of two equally near the lower), the second over the scale.
        """
        c_old = self.expand(z_old, (w.shape[0], w.shape[1]))
        return self._fitted(weighted_mean(w, c_old, weight=tau, prox=alpha_z), z_old[1])

    def _fitted(self, m: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        codes = nearest_codes(m, scale, self.top_code)
        return codes, fitted_scale(m, codes, scale)

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """``codes`` as int8, and ``scale``."""
        return {"codes": z[0].to(torch.int8), "scale": z[1].clone()}

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """Their product."""
        return stored["scale"] * stored["codes"].to(stored["scale"].dtype)

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> Grid:
        """The most bits with bits over the bits of a number at most ``keep``, the scale aside."""
        check_keep(keep)
        word = 8 * itemsize(dtype)
        bits = min(MOST, int(keep * word * (1 + 1e-12)))
        if bits < FEWEST:
            raise InputError(
                f"compression grid keep: given {keep} of {dtype}; allowed: {FEWEST / word} to 1, "
                f"since a code has {FEWEST} bits or more"
            )
        return cls(bits)


def nearest_codes(m: Tensor, scale: Tensor, top_code: int) -> Tensor:
    """The whole numbers in -top_code..top_code nearest to ``m / scale``, ties to the lower."""
    # Adding 0 turns the -0 that ceil may give into 0.
    codes: Tensor = nearest_code(m, scale, top_code, ops=TORCH)
    return codes + 0.0


def fitted_scale(m: Tensor, codes: Tensor, scale: Tensor) -> Tensor:
    """The (1,) scale with ``||m - scale * codes||`` least; the old one where all codes are 0.

    Positive, since no code is of the other sign than its entry.
    """
    whole, target = codes.double(), m.double()
    product, square = (whole * target).sum(), whole.square().sum()
    best: Tensor = nearest_scale(product, square, scale.double(), _tiny(m), ops=TORCH)
    return best.to(m.dtype)


def _tiny(m: Tensor) -> float:
    return float(torch.finfo(m.dtype).tiny)
