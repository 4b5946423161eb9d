"""Products of factors, each in turn set to its proximal least-squares minimiser.

Every member here is multilinear: ``C`` is linear in any one factor ``F``.  With the others held,
the increment ``D`` of ``F`` minimises ``tau/2 ||E - A(D)||^2 + alpha_z/2 ||D||^2``, ``E = W - C``,
where ``A^T A`` is a Kronecker product of small Gram matrices, one an axis of ``F``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from nnbcd.compressions.base import Compression, Factors
from nnbcd.compressions.budget import Shape
from nnbcd.compressions.coupling import Coupling
from nnbcd.errors import InputError

Grams = Sequence[Tensor | None]
"""One symmetric positive semidefinite matrix an axis; ``None`` is the identity."""


@dataclass(frozen=True)
class Factored(Compression, Protocol):
    """``Z`` is a tuple of factors; ``names`` and packing are the same for all.

    ``direct``: the weights are no variable, ``W = C(Z)``.
    """

    sizes: ClassVar[tuple[str, ...]] = ("keep", "rank")
    options: ClassVar[tuple[str, ...]] = ("modes", "direct")
    direct: bool = field(default=False, kw_only=True)

    @property
    def coupling(self) -> Coupling:
        """W is drawn to C(Z), or is C(Z)."""
        return Coupling.DIRECT if self.direct else Coupling.PENALISED

    def weights(self, z: Factors, w: Tensor) -> Tensor:
        """``w``; of a direct layer C(Z)."""
        return self.expand(z, (w.shape[0], w.shape[1])) if self.direct else w

    def check(self, z: Factors, shape: Shape, where: str) -> None:
        """Raise ``InputError`` unless the factors have their shapes."""
        given, allowed = [tuple(one.shape) for one in z], self.factor_shapes()
        if given != allowed:
            raise InputError(f"{where}: given Z of shapes {given}; allowed: {allowed}")

    def to_json(self) -> dict[str, Any]:
        """As any compression; ``direct`` where it is true."""
        named = super().to_json()
        return named if self.direct else {k: v for k, v in named.items() if k != "direct"}

    @classmethod
    def for_layers(
        cls, shapes: Sequence[Shape], *, dtype: str, given: Mapping[str, Any]
    ) -> list[Compression]:
        """As any compression; ``direct`` is true or false, or a list of these."""
        flags = given.get("direct", False)
        flags = flags if isinstance(flags, list | tuple) else [flags] * len(shapes)
        if len(flags) != len(shapes) or not all(isinstance(flag, bool) for flag in flags):
            raise InputError(
                f"compression direct: given {given['direct']!r}; allowed: true or false, or a "
                "list with one for each compressed layer"
            )
        own = {key: value for key, value in given.items() if key != "direct"}
        made = super().for_layers(shapes, dtype=dtype, given=own)
        return [replace(one, direct=flag) for one, flag in zip(made, flags, strict=True)]  # type: ignore[type-var]  # dataclasses all

    def factor_shapes(self) -> list[tuple[int, ...]]:
        """The shape of each factor."""

    def axes(self) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
        """The labels of each factor's axes, and those of C's row-major modes.

        C is the product of the factors, summed over every label that is no mode's.
        """

    def names(self, layer: int) -> tuple[str, ...]:
        """``Z{i}.1``, ``Z{i}.2``, ..."""
        return tuple(f"Z{layer}.{j}" for j in range(1, len(self.factor_shapes()) + 1))

    def stored(self, shape: Shape, dtype: str = "float64") -> int:
        """Entries of all factors."""
        self.validate(shape)
        return sum(math.prod(one) for one in self.factor_shapes())

    def expand(self, z: Factors, shape: Shape) -> Tensor:
        """The product of the factors as a matrix."""
        return self.product(z, shape)

    @classmethod
    def product(cls, z: Factors, shape: Shape) -> Tensor:
        """``C(z)`` from the factors alone."""

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """``core.1``, ``core.2``, ...: the factors."""
        return {f"core.{j}": one.clone() for j, one in enumerate(z, start=1)}

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """Their product."""
        return cls.product(tuple(stored[f"core.{j + 1}"] for j in range(len(stored))), shape)


def increment(descent: Tensor, grams: Grams, *, tau: float, alpha_z: float) -> Tensor:
    """The solution ``D`` of ``(tau G_1 (x) G_2 (x) ... + alpha_z I) D = descent``.

    ``descent`` has the factor's shape, axis ``k`` belonging to ``grams[k]``.  By the eigenvectors
    of each Gram matrix.  Unique for ``alpha_z > 0``; otherwise the minimum-norm solution, where
    curvatures within rounding of 0 count as 0.
    """
    curvature = descent.new_full([1] * descent.ndim, tau)
    rotated, bases = descent, {}
    for axis, gram in enumerate(grams):
        if gram is None:
            continue
        values, bases[axis] = torch.linalg.eigh(gram)
        # Gram matrices have no negative eigenvalues; rounding may say so.
        curvature = curvature * along(values.clamp(min=0), axis, descent.ndim)
        rotated = mode_product(rotated, bases[axis].mT, axis)
    if alpha_z > 0:
        solved = rotated / (curvature + alpha_z)
    else:
        noise = torch.finfo(curvature.dtype).eps * descent.numel() * curvature.max()
        safe = torch.where(curvature > noise, curvature, torch.ones_like(curvature))
        solved = torch.where(curvature > noise, rotated / safe, torch.zeros_like(rotated))
    for axis, basis in bases.items():
        solved = mode_product(solved, basis, axis)
    return solved


def mode_product(tensor: Tensor, matrix: Tensor, axis: int) -> Tensor:
    """``matrix`` (k, m) applied to axis ``axis`` (of length m)."""
    before, after = tensor.shape[:axis], tensor.shape[axis + 1 :]
    flat = tensor.reshape(math.prod(before), tensor.shape[axis], math.prod(after))
    return (matrix @ flat).reshape(*before, matrix.shape[0], *after)


def along(values: Tensor, axis: int, ndim: int) -> Tensor:
    """A vector laid along one of ``ndim`` axes."""
    return values.reshape([-1 if k == axis else 1 for k in range(ndim)])


def check_modes(kind: str, modes: Sequence[int], shape: Shape) -> None:
    """Raise ``InputError`` unless there are two modes or more and they multiply to the size."""
    size = shape[0] * shape[1]
    if len(modes) < 2 or min(modes) < 1 or math.prod(modes) != size:
        raise InputError(
            f"{kind} modes: given {list(modes)} for a {shape[0]}x{shape[1]} layer; "
            f"allowed: at least two positive whole numbers with product {size}"
        )


def default_modes(shape: Shape) -> tuple[int, ...]:
    """Each side of the matrix split into its two most balanced factors; factors of 1 dropped."""
    modes = tuple(m for side in shape for m in balanced_factors(side) if m > 1)
    return modes if len(modes) >= 2 else shape


def balanced_factors(side: int) -> tuple[int, int]:
    """``(a, b)`` with ``a b = side``, ``a >= b`` and ``a - b`` least."""
    b = next(k for k in range(math.isqrt(side), 0, -1) if side % k == 0)
    return side // b, b


def largest_ranks(
    kind: str,
    tops: Sequence[int],
    limit: Callable[[Sequence[int], int], int],
    size: Callable[[Sequence[int]], int],
    numbers: int,
) -> tuple[int, ...]:
    """The largest uniform cap on ranks up to ``tops``, then raised one by one.

    ``size(ranks)`` stays at most ``numbers``; a rank is raised no further than ``limit(ranks, j)``
    beside the others.  Raises ``InputError`` where ranks of 1 are too large.
    """
    ranks = [1] * len(tops)
    if size(ranks) > numbers:
        raise InputError(
            f"{kind} budget: given {numbers} numbers; allowed: {size(ranks)} or more, which "
            "ranks of 1 need"
        )
    for cap in range(2, max(tops) + 1):
        raised = [min(cap, top) for top in tops]
        if size(raised) > numbers:
            break
        ranks = raised
    last: list[int] = []
    while last != ranks:  # a rank raised may make room beside it
        last = ranks
        for j in range(len(ranks)):
            while ranks[j] < limit(ranks, j) and size(_raised(ranks, j)) <= numbers:
                ranks = _raised(ranks, j)
    return tuple(ranks)


def _raised(ranks: Sequence[int], j: int) -> list[int]:
    return [r + (i == j) for i, r in enumerate(ranks)]
