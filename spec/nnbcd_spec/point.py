"""A problem at a state: the tensors by layer, over ``QQ``, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnbcd_spec.compressions import Factors
from nnbcd_spec.compressions.support import Support, require_within
from nnbcd_spec.exact import Array, exact
from nnbcd_spec.losses import Weighted
from nnbcd_spec.losses.base import sample_weights
from nnbcd_spec.objective import Objective, linear
from nnbcd_spec.problem import Problem


class Point:
    """Reads a state; raises ValueError for what it lacks, or for a W outside its support."""

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
        """A tensor of the state; ValueError where it is missing."""
        if name not in self.state:
            raise ValueError(f"state: given {sorted(self.state)}; {name!r} is needed too")
        return exact(self.state[name], name, ndim)

    def factors(self, i: int) -> Factors:
        """The tensors of Z_i."""
        layer = self.problem.layers[i - 1]
        shapes = layer.compression.shapes((layer.outputs, layer.inputs))
        names = self.problem.factor_names(i)
        return tuple(self.tensor(n, len(s)) for n, s in zip(names, shapes, strict=True))

    def w(self, i: int) -> Array:
        """W_i: C(Z_i) where that is what it is, else as stored."""
        layer = self.problem.layers[i - 1]
        if self.problem.bond(i) == "direct":
            return layer.compression.expand(self.factors(i), (layer.outputs, layer.inputs))
        w = self.tensor(f"W{i}")
        if self.problem.bond(i) == "support":
            require_within(f"W{i}", w, self.support(i))
        return w

    def support(self, i: int) -> Array:
        """The constant Z_i of 0 and 1."""
        (mask,), member = self.factors(i), self.problem.layers[i - 1].compression
        assert isinstance(member, Support)  # the one compression with this bond
        member.require_mask(mask)
        return mask

    def v_prev(self, i: int) -> Array:
        """V_{i-1}."""
        return exact(self.x, "x") if i == 1 else self.tensor(f"V{i - 1}")

    def pre(self, i: int) -> Array:
        """The prediction of U_i."""
        return linear(self.v_prev(i), self.w(i), self.tensor(f"b{i}", 1))

    def target(self, i: int) -> Array | None:
        """C(Z_i) where a penalty draws W_i to it."""
        layer = self.problem.layers[i - 1]
        if self.problem.bond(i) != "penalty":
            return None
        return layer.compression.expand(self.factors(i), (layer.outputs, layer.inputs))

    def operands(self, i: int) -> dict[str, Any]:
        """Everything that the terms of layer i read."""
        layer = self.problem.layers[i - 1]
        return {
            "v": self.tensor(f"V{i}"),
            "u": self.tensor(f"U{i}"),
            "w": self.w(i),
            "b": self.tensor(f"b{i}", 1),
            "v_prev": self.v_prev(i),
            "y": exact(self.y, "y") if i == self.last else None,
            "target": self.target(i),
            "activation": layer.activation,
            "loss": Weighted(self.problem.loss, sample_weights(self.weights, len(self.y))),
            **layer.penalties,
        }

    def penalties(self, i: int, *names: str) -> dict[str, Any]:
        """Some penalties of layer i."""
        return {name: self.problem.layers[i - 1].penalties[name] for name in names}
