"""The state inside a sweep: blocks updated so far new, the rest old, with shared products.

Held per layer, with ``V_0 = X`` (samples are rows):
    E_i = V_{i-1} W_i^T + b_i - U_i   (n, d_i)       A_i = V_i - s_i(U_i)   (n, d_i)
    G_i = W_i - C_i(Z_i)              (d_i, d_{i-1})
Each is recomputed only when one of its operands changes; arrays are replaced, never written to.
The objective and every gradient of its smooth part are sums of these and of two products,
``E_i^T V_{i-1}`` and ``E_i W_i``, which are cached while their operands stand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnbcd_checks.activations import PiecewiseAffine
from nnbcd_checks.arrays import Array, Term, empty
from nnbcd_checks.fused import LinearMisfit, MoveU, Visit, linear_misfit, move_u, subtract
from nnbcd_checks.problem import Problem, block_kind
from nnbcd_checks.targets import Targets


class Mixed:
    """A mixed state; `replace` puts one tensor in and refreshes what depends on it."""

    def __init__(
        self, problem: Problem, x: Array, targets: Targets, state: Mapping[str, Array]
    ) -> None:
        self.problem, self.x, self.targets = problem, x, targets
        self.now: dict[str, Array] = dict(state)
        self.shaped: dict[int, Array] = {}
        self.misfit: dict[int, Array] = {}
        self.linear: dict[int, Array] = {}
        self.apart: dict[int, Array] = {}
        self.misfit_square: dict[int, float] = {}
        self.linear_square: dict[int, float] = {}
        self._cache: dict[str, Array] = {}
        for i in range(1, problem.depth + 1):
            layer = problem.layer(i)
            self.shaped[i] = layer.activation.value(self.now[f"U{i}"])
            self._refresh_misfit(i)
            self._refresh_linear(i)
            self._refresh_apart(i)

    def v(self, i: int) -> Array:
        """``V_i`` (n, d_i), with ``V_0 = X``."""
        return self.x if i == 0 else self.now[f"V{i}"]

    def tensors(self, i: int) -> list[Array]:
        """The tensors of Z_i, in the order its compression names them."""
        return [self.now[f"Z{i}{suffix}"] for suffix in self.problem.layer(i).compression.tensors]

    # -- changing one tensor --------------------------------------------------------------------

    def replace_v(self, i: int, new: Array) -> LinearMisfit | None:
        """Put a new ``V_i`` in; what it does to ``E_{i+1}``, if there is one."""
        self.now[f"V{i}"] = new
        self._forget(f"ev{i + 1}", f"su{i}")
        self._refresh_misfit(i)
        return self._refresh_linear(i + 1) if i < self.problem.depth else None

    def replace_u(self, i: int, new: Array, visit: Visit | None = None) -> MoveU:
        """Put a new ``U_i`` in; ``visit`` is told every chunk of what depends on it."""
        pair = (new, self.now[f"U{i}"])
        v, activation = self.now[f"V{i}"], self.problem.layer(i).activation
        moved = move_u(activation, v, pair, self.shaped[i], self.linear[i], visit)
        self.now[f"U{i}"], self.shaped[i] = new, moved.shaped
        self.misfit[i], self.misfit_square[i] = moved.misfit, moved.misfit_square
        self.linear[i], self.linear_square[i] = moved.linear, moved.linear_square
        self._forget(f"ev{i}", f"ew{i}", f"e1{i}", f"su{i}")
        return moved

    def replace_w(self, i: int, weight: Array, bias: Array) -> LinearMisfit:
        """Put a new ``(W_i, b_i)`` in; what it does to ``E_i``."""
        self.now[f"W{i}"], self.now[f"b{i}"] = weight, bias
        self._refresh_apart(i)
        return self._refresh_linear(i)

    def replace_z(self, i: int, tensors: Mapping[str, Array]) -> None:
        """Put a new ``Z_i``, or some new tensors of it, in."""
        self.now.update(tensors)
        self._refresh_apart(i)

    def replace_factor(self, i: int, name: str, new: Array) -> LinearMisfit:
        """Put a new factor of ``W_i = C(Z_i)`` in; what it does to ``E_i``."""
        self.now[name] = new
        self.now[f"W{i}"] = self.problem.layer(i).compression.value(self.tensors(i))
        return self._refresh_linear(i)

    def _forget(self, *keys: str) -> None:
        for key in keys:
            self._cache.pop(key, None)

    def _refresh_misfit(self, i: int) -> None:
        self.misfit[i], self.misfit_square[i] = subtract(self.now[f"V{i}"], self.shaped[i])

    def _refresh_linear(self, i: int) -> LinearMisfit:
        weight, bias, u = (self.now[f"{letter}{i}"] for letter in "WbU")
        found = linear_misfit(self.v(i - 1), weight, bias, u, self.linear.get(i))
        self.linear[i], self.linear_square[i] = found.value, found.square
        self._forget(f"ev{i}", f"ew{i}", f"e1{i}")
        return found

    def _refresh_apart(self, i: int) -> None:
        compression = self.problem.layer(i).compression
        if compression.penalised:
            self.apart[i] = self.now[f"W{i}"] - compression.value(self.tensors(i))

    # -- gradients of the smooth part -----------------------------------------------------------

    def gradient(self, name: str) -> list[Term]:
        """The gradient of L's smooth part in one tensor, as a list of (weight, array).

        For U of a layer with kinks: without the term ``gamma/2 ||V - s(U)||^2``; for V_N: without
        the loss; for a Z that is a point of a set: in C, without the indicator; for a W on a
        support: on it, where W itself is 0 off it.  Term by term from the objective.
        """
        kind, i = block_kind(name)
        layer = self.problem.layer(i)
        weigh = layer.penalties
        if kind == "V":
            return [(weigh.gamma, self.misfit[i]), *self._above(i)]
        if kind == "U":
            return [(-weigh.rho, self.linear[i]), *self._through(i)]
        if kind == "W":
            terms = [(weigh.rho, self._product_ev(i))]
            if weigh.mu:
                terms.append((weigh.mu, self.now[name]))
            if layer.penalised:
                terms.append((weigh.tau, self.apart[i]))
            return terms
        if kind == "b":
            return [(weigh.rho, self._column_sums(i)), (weigh.mu, self.now[name])]
        suffix, compression = name.removeprefix(f"Z{i}"), layer.compression
        if compression.makes_w:
            return [(1.0, compression.pull_back(self.tensors(i), suffix, self.slope(i)))]
        return [(-weigh.tau, compression.pull_back(self.tensors(i), suffix, self.apart[i]))]

    def slope(self, i: int) -> Array:
        """The gradient of L in ``C = W_i`` where W is made of its factors (d, p)."""
        weigh = self.problem.layer(i).penalties
        found: Array = weigh.rho * self._product_ev(i) + weigh.mu * self.now[f"W{i}"]
        return found

    def _above(self, i: int) -> list[Term]:
        """What the layer above adds to the gradient in ``V_i``."""
        if i == self.problem.depth:
            return []
        return [(self.problem.layer(i + 1).penalties.rho, self._product_ew(i + 1))]

    def _through(self, i: int) -> list[Term]:
        """The gradient of ``gamma/2 ||V - s(U)||^2`` in U where it has one everywhere."""
        gamma, activation = self.problem.layer(i).penalties.gamma, self.problem.layer(i).activation
        if isinstance(activation, PiecewiseAffine):
            linear = activation.linear
            return [(-gamma * activation.slopes[0], self.misfit[i])] if linear else []
        key = f"su{i}"
        if key not in self._cache:
            self._cache[key] = activation.slope_at(self.shaped[i]) * self.misfit[i]
        return [(-gamma, self._cache[key])]

    def _product_ev(self, i: int) -> Array:
        """``E_i^T V_{i-1}``, where W may move."""
        key = f"ev{i}"
        if key not in self._cache:
            linear, v = self.linear[i], self.v(i - 1)
            out = empty(linear.shape[1], v.shape[1])
            product = np.matmul(linear.T, v, out=out)
            compression = self.problem.layer(i).compression
            self._cache[key] = compression.confine(self.tensors(i), product)
        return self._cache[key]

    def _product_ew(self, i: int) -> Array:
        key = f"ew{i}"
        if key not in self._cache:
            linear, weight = self.linear[i], self.now[f"W{i}"]
            out = empty(linear.shape[0], weight.shape[1])
            self._cache[key] = np.matmul(linear, weight, out=out)
        return self._cache[key]

    def _column_sums(self, i: int) -> Array:
        key = f"e1{i}"
        if key not in self._cache:
            self._cache[key] = np.ones(self.problem.samples) @ self.linear[i]
        return self._cache[key]
