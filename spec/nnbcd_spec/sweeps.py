"""Whole sweeps of tiny problems, exactly, under the trace format's tensor names.

A state maps ``V1``, ``U1``, ``W1``, ``b1``, ``Z1`` or ``Z1.1``, ``Z1.2``, ... to arrays; samples
are rows.  Fractions grow from block to block: this is for tiny problems and few sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from nnbcd_spec import blocks
from nnbcd_spec.exact import Array, fractions, to_fraction
from nnbcd_spec.objective import STANDARD, Objective
from nnbcd_spec.point import Point
from nnbcd_spec.problem import Problem

State = dict[str, Array]


def sweep(
    problem: Problem | Mapping[str, Any],
    x: Any,
    y: Any,
    state: Mapping[str, Any],
    *,
    objective: Objective = STANDARD,
    sample_weights: Any | None = None,
) -> State:
    """The state after every block of ``problem.order`` was updated once, Gauss-Seidel.

    ``problem`` is a :class:`Problem` or the parsed ``problem.json``; ``x`` (n, d_0), ``y``
    (n, d_N); ``sample_weights`` (n,) where the loss is weighted.  Raises ValueError as the
    updates do.
    """
    problem = _parsed(problem)
    current = dict(state)
    for block in problem.order:
        current |= update_block(
            problem, x, y, current, block, objective=objective, sample_weights=sample_weights
        )
    return current


def update_block(
    problem: Problem | Mapping[str, Any],
    x: Any,
    y: Any,
    state: Mapping[str, Any],
    block: str,
    *,
    objective: Objective = STANDARD,
    sample_weights: Any | None = None,
) -> State:
    """The new tensors of one block, all others as in ``state``.

    ``"W2"`` gives W2 and b2, of a direct layer b2 alone; its ``"Z2"`` gives W2 = C(Z_2) too.
    """
    problem = _parsed(problem)
    if block not in problem.blocks():
        raise ValueError(f"block: given {block!r}; allowed: {problem.blocks()}")
    at = _Updates(problem, x, y, state, objective, sample_weights)
    update = {"V": at.update_v, "U": at.update_u, "W": at.update_w, "Z": at.update_z}
    return update[block[0]](int(block[1:]))


def objective_value(
    problem: Problem | Mapping[str, Any],
    x: Any,
    y: Any,
    state: Mapping[str, Any],
    *,
    objective: Objective = STANDARD,
    sample_weights: Any | None = None,
) -> dict[str, Fraction]:
    """The objective's terms (``loss``, ``gamma``, ``rho``, ``tau``, ``mu``) and ``total``."""
    problem = _parsed(problem)
    at = Point(problem, x, y, state, objective, sample_weights)
    layers = [objective.values(**at.operands(i)) for i in range(1, len(problem.layers) + 1)]
    terms = {term.name: to_fraction(sum(v[term.name] for v in layers)) for term in objective.terms}
    return {**terms, "total": sum(terms.values(), Fraction(0))}


def _parsed(problem: Problem | Mapping[str, Any]) -> Problem:
    return problem if isinstance(problem, Problem) else Problem.from_json(problem)


class _Updates(Point):
    """The blocks' updates from a point, by layer."""

    def update_v(self, i: int) -> State:
        p = self.problem.layers[i - 1].penalties
        u = self.tensor(f"U{i}")
        if i == self.last:
            new = blocks.update_v_out(
                u, self.tensor(f"V{i}"), self.y, loss=self.problem.loss,
                gamma=p["gamma"], alpha=p["alpha"], objective=self.objective,
                sample_weights=self.weights,
            )  # fmt: skip
        else:
            new = blocks.update_v(
                self.problem.layers[i - 1].activation(u), self.tensor(f"U{i + 1}"),
                self.w(i + 1), self.tensor(f"b{i + 1}", 1), gamma=p["gamma"],
                rho=self.problem.layers[i].penalties["rho"], objective=self.objective,
            )  # fmt: skip
        return {f"V{i}": new}

    def update_u(self, i: int) -> State:
        layer, v, pre = self.problem.layers[i - 1], self.tensor(f"V{i}"), self.pre(i)
        gamma, rho, alpha = (layer.penalties[name] for name in ("gamma", "rho", "alpha"))
        if i == self.last:
            new = blocks.update_u_out(v, pre, gamma=gamma, rho=rho, objective=self.objective)
        else:
            new = blocks.update_u(
                v, pre, self.tensor(f"U{i}"), activation=layer.activation,
                gamma=gamma, rho=rho, alpha=alpha, objective=self.objective,
            )  # fmt: skip
        return {f"U{i}": new}

    def update_w(self, i: int) -> State:
        w, b, u, v_prev = self.w(i), self.tensor(f"b{i}", 1), self.tensor(f"U{i}"), self.v_prev(i)
        own = {**self.penalties(i, "rho", "alpha", "mu"), "objective": self.objective}
        if self.problem.bond(i) == "direct":
            return {f"b{i}": blocks.update_b(b, u, v_prev, w, **own)}
        if self.problem.bond(i) == "support":
            w, b = blocks.update_supported_w(w, b, u, v_prev, self.support(i), **own)
        else:
            own |= self.penalties(i, "tau")
            w, b = blocks.update_w(w, b, u, v_prev, self.target(i), **own)
        return {f"W{i}": w, f"b{i}": b}

    def update_z(self, i: int) -> State:
        return self.update_direct_z(i) if self.problem.bond(i) == "direct" else self.project_z(i)

    def update_direct_z(self, i: int) -> State:
        layer = self.problem.layers[i - 1]
        new = blocks.update_direct_z(
            self.factors(i), self.tensor(f"U{i}"), self.v_prev(i), self.tensor(f"b{i}", 1),
            compression=layer.compression, objective=self.objective,
            **self.penalties(i, "rho", "alpha_z", "mu"),
        )  # fmt: skip
        named = dict(zip(self.problem.factor_names(i), new, strict=True))
        w = layer.compression.expand(new, (layer.outputs, layer.inputs))
        return named | {f"W{i}": fractions(w)}

    def project_z(self, i: int) -> State:
        owned = self.problem.owned(i)
        layers = [self.problem.layers[j - 1] for j in owned]
        old = tuple(f for j in owned for f in self.factors(j))
        w: Any = tuple(self.tensor(f"W{j}") for j in owned)
        tau, alpha_z = (
            tuple(layer.penalties[name] for layer in layers) for name in ("tau", "alpha_z")
        )
        if layers[0].compression.group_name() is None:
            (w,), (tau,), (alpha_z,) = w, tau, alpha_z
        new = blocks.update_z(
            old, w, compression=layers[0].compression, tau=tau, alpha_z=alpha_z,
            objective=self.objective,
        )  # fmt: skip
        names = [name for j in owned for name in self.problem.factor_names(j)]
        return dict(zip(names, new, strict=True))
