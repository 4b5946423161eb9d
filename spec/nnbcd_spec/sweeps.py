"""Whole sweeps of tiny problems, exactly, under the trace format's tensor names.

A state maps ``V1``, ``U1``, ``W1``, ``b1``, ``Z1`` or ``Z1.1``, ``Z1.2``, ... to arrays; samples
are rows.  Fractions grow from block to block: this is for tiny problems and few sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from nnbcd_spec import blocks
from nnbcd_spec.compressions import Factors
from nnbcd_spec.exact import Array, exact, to_fraction
from nnbcd_spec.losses import Weighted
from nnbcd_spec.losses.base import sample_weights
from nnbcd_spec.objective import STANDARD, Objective, linear
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
    """The new tensors of one block (``"W2"`` gives W2 and b2), all others as in ``state``."""
    problem = _parsed(problem)
    if block not in problem.blocks():
        raise ValueError(f"block: given {block!r}; allowed: {problem.blocks()}")
    at = _Point(problem, x, y, state, objective, sample_weights)
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
    at = _Point(problem, x, y, state, objective, sample_weights)
    layers = [objective.values(**at.operands(i)) for i in range(1, len(problem.layers) + 1)]
    terms = {term.name: to_fraction(sum(v[term.name] for v in layers)) for term in objective.terms}
    return {**terms, "total": sum(terms.values(), Fraction(0))}


def _parsed(problem: Problem | Mapping[str, Any]) -> Problem:
    return problem if isinstance(problem, Problem) else Problem.from_json(problem)


class _Point:
    """A problem's tensors by layer, over ``QQ``."""

    def __init__(
        self, problem: Problem, x: Any, y: Any, state: Mapping[str, Any], objective: Objective,
        weights: Any | None,
    ) -> None:  # fmt: skip
        if (weights is not None) != problem.loss.weighted:
            has = "none" if weights is None else "some"
            raise ValueError(
                f"sample_weights: given {has}; allowed: as the loss says, "
                f"weighted is {problem.loss.weighted}"
            )
        self.weights = weights
        self.problem, self.state, self.objective = problem, state, objective
        self.x, self.y, self.last = x, y, len(problem.layers)

    def tensor(self, name: str, ndim: int = 2) -> Array:
        if name not in self.state:
            raise ValueError(f"state: given {sorted(self.state)}; {name!r} is needed too")
        return exact(self.state[name], name, ndim)

    def factors(self, i: int) -> Factors:
        layer = self.problem.layers[i - 1]
        shapes = layer.compression.shapes((layer.outputs, layer.inputs))
        names = self.problem.factor_names(i)
        return tuple(self.tensor(n, len(s)) for n, s in zip(names, shapes, strict=True))

    def v_prev(self, i: int) -> Array:
        return exact(self.x, "x") if i == 1 else self.tensor(f"V{i - 1}")

    def pre(self, i: int) -> Array:
        return linear(self.v_prev(i), self.tensor(f"W{i}"), self.tensor(f"b{i}", 1))

    def target(self, i: int) -> Array | None:
        layer = self.problem.layers[i - 1]
        if not self.problem.compressed(i):
            return None
        return layer.compression.expand(self.factors(i), (layer.outputs, layer.inputs))

    def operands(self, i: int) -> dict[str, Any]:
        """Everything that the terms of layer i read."""
        layer = self.problem.layers[i - 1]
        return {
            "v": self.tensor(f"V{i}"),
            "u": self.tensor(f"U{i}"),
            "w": self.tensor(f"W{i}"),
            "b": self.tensor(f"b{i}", 1),
            "v_prev": self.v_prev(i),
            "y": exact(self.y, "y") if i == self.last else None,
            "target": self.target(i),
            "activation": layer.activation,
            "loss": Weighted(self.problem.loss, sample_weights(self.weights, len(self.y))),
            **layer.penalties,
        }

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
                self.tensor(f"W{i + 1}"), self.tensor(f"b{i + 1}", 1), gamma=p["gamma"],
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
        p = self.problem.layers[i - 1].penalties
        w, b = blocks.update_w(
            self.tensor(f"W{i}"), self.tensor(f"b{i}", 1), self.tensor(f"U{i}"), self.v_prev(i),
            self.target(i), rho=p["rho"], tau=p["tau"], alpha=p["alpha"], mu=p["mu"],
            objective=self.objective,
        )  # fmt: skip
        return {f"W{i}": w, f"b{i}": b}

    def update_z(self, i: int) -> State:
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
