"""Exact pruning: at most ``s`` nonzero entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import Quadratic, differentiate, generators
from nnbcd_spec.sparse import minimise_sparse


@dataclass(frozen=True)
class Prune:
    """``Z`` is a matrix with at most ``nonzeros`` nonzero entries, and ``C(Z) = Z``."""

    kind: ClassVar[str] = "prune"
    nonzeros: int

    def validate(self, shape: tuple[int, ...]) -> None:
        """``nonzeros`` must lie in 1..size."""
        size = int(np.prod(shape))
        if not 1 <= self.nonzeros <= size:
            raise ValueError(f"prune nonzeros: given {self.nonzeros}; allowed: 1..{size}")

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """One factor, of the shape of the weight matrix."""
        return (shape,)

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """``Z`` itself."""
        return z[0].reshape(shape)

    def quadratic(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Quadratic:
        """Z's block problem without the constraint, as a quadratic in the entries, row-major."""
        gens = generators(w.size)
        z = np.array([None, *gens], dtype=object)[1:].reshape(w.shape)
        polynomial = block_objective(
            (z,), z_old, w, compression=self, tau=tau, alpha_z=alpha_z, objective=objective
        )
        return differentiate(polynomial, gens)

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """A global minimiser over the sparse matrices; ties keep the lowest row-major index."""
        quadratic = self.quadratic(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective)
        z = minimise_sparse(quadratic, self.nonzeros)
        return (np.array(z, dtype=object).reshape(w.shape),)
