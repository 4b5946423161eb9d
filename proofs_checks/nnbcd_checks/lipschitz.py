"""The relative-error matrix M: ``||g_p|| <= sum_q M_pq ||new_q - old_q||`` for one sweep.

g_p is the change of the smooth coupling's gradient in tensor p between the mixed state right
after p's update and the end of the sweep, minus ``prox * step``.  Only tensors q updated after p
can change it, and it is a polynomial in them, so each entry is a Lipschitz bound over the box
between old and new: write the change as a telescoping sum, one tensor at a time, and bound each
product by spectral norms.  (Bolte, Sabach, Teboulle, Math. Program. 146, 2014, condition H2.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.judged import Sizes
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.objective import Gaps
from nnbcd_checks.problem import Problem, block_kind


class Bounds:
    """Upper bounds of spectral norms, before and after the sweep, and of the gaps after it."""

    def __init__(
        self, old: Mapping[str, float], new: Mapping[str, float], gaps: Gaps, sizes: Sizes
    ) -> None:
        self._old, self._new, self.gaps, self.largest = old, new, gaps, sizes

    def old(self, name: str) -> float:
        """The bound for ``V_i`` or ``W_i`` before the sweep."""
        return self._old[f"spectral {name}"]

    def new(self, name: str) -> float:
        """The bound for ``V_i`` or ``W_i`` after the sweep."""
        return self._new[f"spectral {name}"]


def relative_error_matrix(
    problem: Problem, mixed: Mixed, bounds: Bounds, names: list[str]
) -> Array:
    """M (q, q), rows and columns in the order of ``names`` (tensors, as states name them)."""
    place = {name: k for k, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    rows = _Rows(problem, mixed, bounds)
    for name in names:
        for other, weight in rows.row(name).items():
            if other in place and (other == name or rows.after(name, other)):
                matrix[place[name], place[other]] = weight
    return matrix


class _Rows:
    """One row of M at a time, as {tensor: weight}; entries of earlier tensors are dropped."""

    def __init__(self, problem: Problem, mixed: Mixed, bounds: Bounds) -> None:
        self.problem, self.mixed, self.bounds = problem, mixed, bounds
        self.root = math.sqrt(problem.samples)
        self.position = {block: k for k, block in enumerate(problem.order)}

    def _when(self, name: str) -> tuple[int, int]:
        return self.position[self.problem.blocks[name]], int(name.partition(".")[2] or 0)

    def after(self, name: str, other: str) -> bool:
        """Whether ``other`` is updated after ``name``."""
        return self._when(other) > self._when(name)

    def _at(self, name: str, other: str) -> float:
        """The bound of ``other`` in the mixed state right after ``name``'s update."""
        if other == "V0" or not self.after(name, other):
            return self.bounds.new(other)
        return self.bounds.old(other)

    def row(self, name: str) -> dict[str, float]:
        """All couplings of tensor ``name``."""
        kind, i = block_kind(name)
        if kind == "V":
            return self._row_v(i)
        if kind == "U":
            return self._row_u(i)
        if kind in "Wb":
            return self._row_w(i) if kind == "W" else self._row_b(i)
        return self._row_z(name, i)

    def _row_v(self, i: int) -> dict[str, float]:
        weigh, last = self.problem.layer(i).penalties, i == self.problem.depth
        found = {f"U{i}": weigh.gamma * self.problem.layer(i).activation.lipschitz}
        if last:
            return {f"V{i}": weigh.alpha, **found}
        # E W with E = V W^T + b - U: E_end (W_end - W) + (E_end - E) W.
        rho, me, w = self.problem.layer(i + 1).penalties.rho, f"V{i}", f"W{i + 1}"
        then = self._at(me, w)
        found |= self._through(
            i + 1, rho * (self.bounds.gaps.linear[i + 1] + self.bounds.new(me) * then)
        )
        found[f"b{i + 1}"] = rho * self.root * then
        found[f"U{i + 1}"] = rho * then
        return found

    def _row_u(self, i: int) -> dict[str, float]:
        weigh, me, v = self.problem.layer(i).penalties, f"U{i}", f"V{i - 1}"
        found = {me: 0.0 if i == self.problem.depth else weigh.alpha}
        # P = V W^T + b: V (W_end - W)^T + (V_end - V) W_end^T + (b_end - b).
        found |= self._through(i, weigh.rho * self._at(me, v))
        found[f"b{i}"] = weigh.rho * self.root
        found[v] = weigh.rho * self.bounds.new(f"W{i}")
        found[f"V{i}"] = weigh.gamma * self.problem.layer(i).activation.lipschitz
        return found

    def _row_w(self, i: int) -> dict[str, float]:
        weigh, me, v = self.problem.layer(i).penalties, f"W{i}", f"V{i - 1}"
        then, weight = self._at(me, v), self.bounds.new(me)
        # E^T V: E_end^T (V_end - V) + (E_end - E)^T V, E_end - E = (V_end - V) W^T - (U_end - U).
        found = {
            me: weigh.alpha,
            v: weigh.rho * (self.bounds.gaps.linear[i] + weight * then),
            f"U{i}": weigh.rho * then,
        }
        for z in self._variables(i):
            found[z] = weigh.tau * self._reach(i, z)
        return found

    def _row_b(self, i: int) -> dict[str, float]:
        weigh, me, v = self.problem.layer(i).penalties, f"b{i}", f"V{i - 1}"
        # 1^T P with P = V W^T: V (W_end - W)^T + (V_end - V) W_end^T; a W beside b is not after.
        return {
            **self._through(i, weigh.rho * self.root * self._at(me, v)),
            me: weigh.alpha,
            v: weigh.rho * self.root * self.bounds.new(f"W{i}"),
            f"U{i}": weigh.rho * self.root,
        }

    def _row_z(self, name: str, i: int) -> dict[str, float]:
        if self.problem.layer(i).compression.makes_w:
            return self._row_factor(name, i)
        weigh = self.problem.layer(i).penalties
        mine = self._reach(i, name)
        found = {name: weigh.alpha_z, f"W{i}": weigh.tau * mine}
        # A_j^T (C - W): (A_end - A)^T (C_end - W) + A^T (C_end - C), variable by variable.
        for other in self._variables(i):
            if other != name:
                apart = self._reach(i, name, other) * self.bounds.gaps.apart[i]
                found[other] = weigh.tau * (apart + mine * self._reach(i, other))
        return found

    def _row_factor(self, me: str, i: int) -> dict[str, float]:
        """A factor of ``W = C(Z)``: ``A_j^T S`` with ``S = rho E^T V + mu C``."""
        weigh, v, mine = self.problem.layer(i).penalties, f"V{i - 1}", self._reach(i, me)
        then, linear = self._at(me, v), self.bounds.gaps.linear[i]
        # (A_end - A)^T S_end + A^T (S_end - S), factor by factor, with
        # E_end^T V_end - E^T V = E_end^T (V_end - V) + (E_end - E)^T V and
        # E_end - E = (V_end - V) C_end^T + V (C_end - C)^T + 1 (b_end - b)^T - (U_end - U).
        found = {
            me: weigh.alpha_z,
            v: mine * weigh.rho * (linear + self.bounds.new(f"W{i}") * then),
            f"U{i}": mine * weigh.rho * then,
            f"b{i}": mine * weigh.rho * self.root * then,
        }
        slope = norm(self.mixed.slope(i))
        for other in self._variables(i):
            if other != me:
                through = mine * (weigh.rho * then**2 + weigh.mu) * self._reach(i, other)
                found[other] = self._reach(i, me, other) * slope + through
        return found

    def _through(self, i: int, weight: float) -> dict[str, float]:
        """``weight ||W_end - W||`` by the steps of what W_i changes with."""
        if self.problem.layer(i).compression.makes_w:
            return {name: weight * self._reach(i, name) for name in self._variables(i)}
        return {f"W{i}": weight}

    def _variables(self, i: int) -> list[str]:
        return [f"Z{i}{suffix}" for suffix in self.problem.layer(i).compression.variables]

    def _reach(self, i: int, *without: str) -> float:
        """How steep C is in the variable left out; without two, how its derivative is."""
        stem = f"Z{i}"
        endings = [name.removeprefix(stem) for name in without]
        compression = self.problem.layer(i).compression
        return compression.reach(lambda ending: self.bounds.largest(stem + ending), *endings)
