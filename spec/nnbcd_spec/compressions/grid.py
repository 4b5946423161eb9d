"""Quantisation: whole-number codes times one scale."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np
from sympy import QQ

from nnbcd_spec.compressions.base import Factors, OwnBlock, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Whole, require
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import differentiate, generators, minimise
from nnbcd_spec.sparse import LARGEST_ENUMERATION
from nnbcd_spec.symbols import alpha_z


@dataclass(frozen=True)
class Grid(OwnBlock):
    """``C = scale * codes``, codes whole in -(2^(bits-1) - 1)..2^(bits-1) - 1, scale > 0.

    Z is ``(codes, scale)`` of shapes (d, p) and (1,); the proximal term measures C.
    """

    kind: ClassVar[str] = "grid"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the compression step, by codes and then scale",
        keys={"bits": Whole(2, 8)},
        ties=("lower",),
    )
    bits: int

    def __post_init__(self) -> None:
        require("grid bits", self.facts.keys["bits"], self.bits)

    def validate(self, shape: tuple[int, ...]) -> None:
        """Every shape is allowed."""

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The codes and the scale."""
        return (shape, (1,))

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """``scale * codes``."""
        return np.asarray(z[0] * z[1][0], dtype=object).reshape(shape)

    def proximal(self, z: Factors, shape: tuple[int, ...]) -> Factors:
        """``C``: a code and the scale have no steps of their own."""
        return (self.expand(z, shape),)

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """The best codes at the old scale, the lower at ties; then the best scale for them."""
        given = {"tau": tau, "alpha_z": alpha_z, "objective": objective}
        codes = [tied[0] for tied in self._codes(z_old, w, **given)]
        return self._scaled(codes, z_old, w, **given)

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """The result for every choice among tied codes, the lower codes first."""
        given = {"tau": tau, "alpha_z": alpha_z, "objective": objective}
        tied = self._codes(z_old, w, **given)
        if prod(map(len, tied)) > LARGEST_ENUMERATION:
            raise ValueError(f"ties: given more than {LARGEST_ENUMERATION}; allowed: at most that")
        return tuple(self._scaled(list(codes), z_old, w, **given) for codes in product(*tied))

    def _codes(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> list[list[Any]]:
        """For every entry the best codes at the old scale, ascending."""
        if z_old[1][0] <= 0:
            raise ValueError(f"grid scale: given {z_old[1][0]}; allowed: > 0")
        gens = generators(w.size)
        codes = np.array([None, *gens], dtype=object)[1:].reshape(w.shape)
        polynomial = block_objective(
            (codes, z_old[1]), z_old, w, compression=self, tau=tau, alpha_z=alpha_z,
            objective=objective,
        )  # fmt: skip
        quadratic = differentiate(polynomial, gens)
        if any(set(row) != {i} or row[i] <= 0 for i, row in enumerate(quadratic.hessian)):
            raise ValueError("Z's objective couples two codes or is not convex; it must separate")
        curves = zip(quadratic.hessian, quadratic.slope, strict=True)
        return [self._best(row[i], slope) for i, (row, slope) in enumerate(curves)]

    def _best(self, curvature: Any, slope: Any) -> list[Any]:
        """The whole numbers in range that minimise ``curvature/2 c^2 + slope c``, ascending."""
        most = 2 ** (self.bits - 1) - 1
        free = -slope / curvature
        floor = int(QQ.numer(free) // QQ.denom(free))
        near = sorted({min(max(c, -most), most) for c in (floor, floor + 1)})
        values = [curvature * c * c / 2 + slope * c for c in map(QQ, near)]
        return [QQ(c) for c, value in zip(near, values, strict=True) if value == min(values)]

    def _scaled(
        self, flat: list[Any], z_old: Factors, w: Array, *, tau: Any, alpha_z: Any,
        objective: Objective,
    ) -> Factors:  # fmt: skip
        codes = np.array([None, *flat], dtype=object)[1:].reshape(w.shape)

        def problem(scale: Array) -> Any:
            return block_objective(
                (codes, scale), z_old, w, compression=self, tau=tau, alpha_z=alpha_z,
                objective=objective,
            )  # fmt: skip

        (scale,) = minimise(problem, z_old[1])  # the old scale where all codes are 0
        if scale[0] <= 0:
            raise ValueError("the best scale is not positive: the objective leaves the grid's set")
        return codes, scale
