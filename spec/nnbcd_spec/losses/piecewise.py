"""Losses that are convex and piecewise quadratic: sums of atoms, minimised exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnbcd_spec.atoms import Atom, Form
from nnbcd_spec.convex import minimise_atoms
from nnbcd_spec.exact import Array
from nnbcd_spec.losses.base import Problem, RowSum, split


@dataclass(frozen=True, kw_only=True)
class PiecewiseQuadratic(RowSum):
    """A member gives the atoms of one sample; value and minimiser follow."""

    def atoms(self, v: Array, y: Array) -> tuple[Atom, ...]:
        """The atoms that sum to ``l(v_j, y_j)``; ``v`` and ``y`` are (d_N,)."""
        raise NotImplementedError

    def row(self, v: Array, y: Array) -> Any:
        """The sum of the atoms' values."""
        return sum(atom.value() for atom in self.atoms(v, y))

    def minimise(self, problem: Problem, y: Array, v_old: Array, weights: Array) -> Array:
        """The exact minimiser, rational."""
        rest, factors, block = split(problem, v_old.shape, weights)
        ring = rest.ring
        atoms = [
            (factor, atom.map(lambda f: Form.of(ring(f))))
            for factor, v_row, y_row in zip(factors, block, y, strict=True)
            for atom in self.atoms(v_row, y_row)
        ]
        x = minimise_atoms(Form.of(rest), atoms, v_old.size)
        return np.array([None, *x], dtype=object)[1:].reshape(v_old.shape)
