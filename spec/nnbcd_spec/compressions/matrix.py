"""Compressions whose Z is the matrix itself, ``C(Z) = Z``: the minimiser over a set."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnbcd_spec.compressions.base import Factors, OwnBlock, block_objective
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, require
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import Quadratic, differentiate, generators
from nnbcd_spec.sparse import Cell, minimise_sparse, minimisers_sparse


class MatrixSet(OwnBlock):
    """Z is one matrix of the shape of W."""

    kind: ClassVar[str]
    facts: ClassVar[Facts]

    def validate(self, shape: tuple[int, ...]) -> None:
        """Check the parameters against their domains for this shape."""
        own = {name: getattr(self, name) for name in self.facts.keys}
        at = {"d": shape[0], "p": shape[1], **own}
        for name, domain in self.facts.keys.items():
            require(f"{self.kind} {name}", domain, own[name], **at)

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """One factor, of the shape of the weight matrix."""
        return (shape,)

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """``Z`` itself."""
        return z[0].reshape(shape)

    def update(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """A global minimiser over the set."""
        given = {"tau": tau, "alpha_z": alpha_z, "objective": objective}
        return self.minimisers(z_old, w, **given)[0]

    def minimisers(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """The global minimisers, the update's own first."""
        raise NotImplementedError

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


class GroupSparse(MatrixSet):
    """At most so many groups of entries of Z are nonzero, exactly minimised."""

    def cells(self, shape: tuple[int, ...]) -> tuple[Cell, ...]:
        """The groups of row-major indices, and how many may be nonzero."""
        raise NotImplementedError

    def update(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """A global minimiser; at ties the first groups are kept."""
        quadratic = self.quadratic(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective)
        z = minimise_sparse(quadratic, self.cells(w.shape))
        return (np.array(z, dtype=object).reshape(w.shape),)

    def minimisers(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """All the global minimisers, the one with the first groups first."""
        quadratic = self.quadratic(z_old, w, tau=tau, alpha_z=alpha_z, objective=objective)
        found = minimisers_sparse(quadratic, self.cells(w.shape))
        return tuple((np.array(z, dtype=object).reshape(w.shape),) for z in found)


def groups_of(labels: NDArray[Any]) -> tuple[tuple[int, ...], ...]:
    """The row-major indices under each label 0, 1, ... of an array."""
    flat = np.ravel(labels)
    return tuple(tuple(map(int, np.flatnonzero(flat == k))) for k in range(int(flat.max()) + 1))
