"""What the specification asks of a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from sympy import QQ

from nnbcd_spec.exact import Array, exact, require_shape
from nnbcd_spec.facts import Facts
from nnbcd_spec.quadratic import generators
from nnbcd_spec.symbols import alpha, gamma

Problem = Callable[[Array, Any], Any]
"""V_N's block problem as a function of V and of the loss, so that a stand-in can take its place."""

CONVEX = alpha + gamma / 2
"""The decrease constant of V_N for a convex loss of which nothing else is known."""


class Loss(Protocol):
    """A sum over samples, convex and bounded below by 0."""

    kind: ClassVar[str]
    facts: ClassVar[Facts]

    @property
    def weighted(self) -> bool:
        """Whether the data bring a weight a sample."""

    def row(self, v: Array, y: Array) -> Any:
        """``l(v_j, y_j)``: the loss of one sample; both (d_N,)."""

    def value(self, v: Array, y: Array) -> Any:
        """The loss of outputs ``v`` (n, d_N) at targets ``y`` (n, d_N), all weights 1."""

    def minimise(self, problem: Problem, y: Array, v_old: Array, weights: Array) -> Array:
        """The minimiser of ``problem(V, weighted loss)``; unique."""

    def require_targets(self, y: Array) -> None:
        """Raise ValueError where ``y`` is not what the loss allows."""


@dataclass(frozen=True, kw_only=True)
class RowSum:
    """Sums ``row`` over the samples; ``weighted`` says that the data bring a weight a sample."""

    facts: ClassVar[Facts]
    weighted: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.weighted, bool):
            raise ValueError(f"loss weighted: given {self.weighted!r}; allowed: true or false")

    def row(self, v: Array, y: Array) -> Any:
        """``l(v_j, y_j)``."""
        raise NotImplementedError

    def value(self, v: Array, y: Array) -> Any:
        """The sum of ``row`` over the samples."""
        return sum(self.row(a, b) for a, b in zip(v, y, strict=True))

    def require_targets(self, y: Array) -> None:
        """Check ``y`` against the loss's facts."""
        signs, zero_one = (all(x in pair for x in y.flat) for pair in ((-1, 1), (0, 1)))
        one_hot = y.shape[1] >= 2 and all(
            sorted(row) == [0] * (len(row) - 1) + [1] for row in y.tolist()
        )
        fits = {"any": True, "signs": signs, "zero-one": zero_one, "one-hot": one_hot}
        allowed = self.facts.targets or "any"
        if not fits[allowed]:
            raise ValueError(f"y: given {y.tolist()}; allowed: {allowed} rows")


@dataclass(frozen=True)
class Weighted:
    """A loss with a weight S_j for every sample, as the objective's loss term sees it."""

    loss: Loss
    weights: Array

    def value(self, v: Array, y: Array) -> Any:
        """``sum_j S_j l(v_j, y_j)``."""
        rows = zip(self.weights, v, y, strict=True)
        return sum(weight * self.loss.row(a, b) for weight, a, b in rows)


@dataclass(frozen=True)
class StandIn:
    """A loss that is opaque: row j is a variable of its own, so that its factor can be read off."""

    block: Array
    rows: Array
    weights: Array

    def value(self, v: Array, y: Array) -> Any:
        """``sum_j S_j l_j``; ValueError unless taken at the block itself."""
        if v.shape != self.block.shape or any(
            a != b for a, b in zip(v.flat, self.block.flat, strict=True)
        ):
            raise ValueError("the loss must be taken at V itself")
        return (self.weights * self.rows).sum()


def sample_weights(weights: Any | None, count: int) -> Array:
    """The weights S over ``QQ``, 1 where not given; ValueError unless (n,), finite and > 0."""
    if weights is None:
        return np.full(count, QQ(1), dtype=object)
    s = exact(weights, "sample_weights", ndim=1)
    require_shape("sample_weights", s, (count,))
    if any(w <= 0 for w in s):
        raise ValueError(f"sample_weights: given {min(s)}; allowed: every one > 0")
    return s


def split(problem: Problem, shape: tuple[int, int], weights: Array) -> tuple[Any, list[Any], Array]:
    """The problem as a polynomial in V without the loss, and the factor of each row's loss.

    Also returns V as the generators of that polynomial.  Raises ValueError where the objective
    is not linear in the loss of each row.
    """
    n, size = shape[0], shape[0] * shape[1]
    gens = generators(size + n)
    entries = np.array([None, *gens], dtype=object)[1:]
    block, rows = entries[:size].reshape(shape), entries[size:]
    ring = gens[0].ring
    rest, factors = ring(0), [QQ(0)] * n
    for monomial, factor in ring(problem(block, StandIn(block, rows, weights))).terms():
        if not any(monomial[size:]):
            rest += ring.from_dict({monomial: factor})
        elif sum(monomial) == 1:
            factors[monomial.index(1) - size] = factor
        else:
            raise ValueError("the objective is not linear in the loss of a sample")
    return rest, factors, block
