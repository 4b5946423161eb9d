"""The objective of NN-BCD, written once, term by term.

For layers i = 1..N with ``V_0 = X``, ``s_N`` the identity, all norms Frobenius:

    L = loss(V_N, Y) + sum_i gamma_i/2 ||V_i - s_i(U_i)||^2 + sum_i rho_i/2 ||U_i - pre_i||^2
        + sum_i tau_i/2 ||W_i - C_i(Z_i)||^2 + sum_i mu_i/2 (||W_i||^2 + ||b_i||^2),
    pre_i = V_{i-1} W_i^T + b_i

(arXiv 2303.06815, eq. of the penalised problem, with samples as rows; Zeng et al., ICML 2019).
Each block problem adds ``prox/2 ||block - old||^2``.

A term is a plain function.  Its positional parameters are the operands it reads, its keyword-only
parameters the penalties and specifications.  Nothing else says which term concerns which block,
and nothing fixes the scalars: the same terms take numbers, polynomials and SymPy expressions.
Use explicit entries, never ``MatrixSymbol``, whose derivatives of traces SymPy 1.14 returns as 0.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nnbcd_spec.exact import Array


def square(x: Array) -> Any:
    """``||x||^2``, the sum of the squared entries."""
    return (x**2).sum()


def linear(v_prev: Array, w: Array, b: Array) -> Array:
    """``pre = V_{i-1} W_i^T + b_i``, the prediction of U_i, (n, d_i)."""
    return np.asarray(v_prev @ w.T + b, dtype=object)


def activated(u: Array, *, activation: Any) -> Array:
    """``s_u = s_i(U_i)``."""
    return activation(u)  # type: ignore[no-any-return]


def compressed(z: tuple[Array, ...], w: Array, *, compression: Any) -> Array:
    """``target = C_i(Z_i)``, of the shape of W_i."""
    return compression.expand(z, w.shape)  # type: ignore[no-any-return]


DERIVED: Mapping[str, Callable[..., Array]] = {
    "pre": linear,
    "s_u": activated,
    "target": compressed,
}
"""Operands that follow from others.  Where one is given outright, the given one counts."""


def loss(v: Array, y: Array, *, loss: Any) -> Any:
    """``loss(V_N, Y)``, a sum over samples."""
    return loss.value(v, y)


def activation_gap(v: Array, s_u: Array, *, gamma: Any) -> Any:
    """``gamma/2 ||V_i - s_i(U_i)||^2``."""
    return gamma * square(v - s_u) / 2


def linear_gap(u: Array, pre: Array, *, rho: Any) -> Any:
    """``rho/2 ||U_i - (V_{i-1} W_i^T + b_i)||^2``."""
    return rho * square(u - pre) / 2


def compression_gap(w: Array, target: Array, *, tau: Any) -> Any:
    """``tau/2 ||W_i - C_i(Z_i)||^2``."""
    return tau * square(w - target) / 2


def decay(w: Array, b: Array, *, mu: Any) -> Any:
    """``mu/2 (||W_i||^2 + ||b_i||^2)``."""
    return mu * (square(w) + square(b)) / 2


def proximal(new: Array, old: Array, *, prox: Any) -> Any:
    """``prox/2 ||block - old||^2``, added to a block's problem."""
    return prox * square(new - old) / 2


@dataclass(frozen=True)
class Term:
    """A named function of a layer's operands (positional) and penalties (keyword-only)."""

    name: str
    value: Callable[..., Any]

    def depends_on(self, *block: str) -> bool:
        """Whether the term reads an operand of ``block``, by itself or through a derived one."""
        direct = _parameters(self.value)[0]
        through = (_parameters(DERIVED[name])[0] for name in direct if name in DERIVED)
        return not set(direct).union(*through).isdisjoint(block)

    def __call__(self, given: Mapping[str, Any]) -> Any:
        """The term's value at the given operands; ``None`` where an operand is ``None``."""
        return _apply(self.value, given, self.name)


@dataclass(frozen=True)
class Objective:
    """A sum of terms over the layers, and the proximal term of the block problems."""

    terms: tuple[Term, ...]
    prox: Term = Term("prox", proximal)

    def replace(self, name: str, value: Callable[..., Any]) -> Objective:
        """The objective with another function for the term ``name`` (``"prox"`` included)."""
        self._require(name)
        if name == "prox":
            return replace(self, prox=Term(name, value))
        new = Term(name, value)
        return replace(self, terms=tuple(new if t.name == name else t for t in self.terms))

    def without(self, name: str) -> Objective:
        """The objective that lacks the term ``name``."""
        self._require(name)
        if name == "prox":
            return self.replace(name, lambda *_, **__: 0)
        return replace(self, terms=tuple(t for t in self.terms if t.name != name))

    def plus(self, name: str, value: Callable[..., Any]) -> Objective:
        """The objective with one more term."""
        return replace(self, terms=(*self.terms, Term(name, value)))

    def share(self, *block: str, **given: Any) -> Any:
        """The sum of the terms of one layer that depend on an operand named in ``block``.

        An operand given as ``None`` does not exist on this layer (``y`` on a hidden layer,
        ``target`` without compression), and the terms that read it are absent.  Raises
        ValueError where a term needs an operand that was not given at all.
        """
        values = (term(given) for term in self.terms if term.depends_on(*block))
        return sum(value for value in values if value is not None)

    def step(self, new: Array, old: Array, prox: Any) -> Any:
        """The proximal term of one array of a block."""
        return self.prox.value(new, old, prox=prox)

    def values(self, **given: Any) -> dict[str, Any]:
        """Every term of one layer by name; 0 where the term is absent."""
        values = {term.name: term(given) for term in self.terms}
        return {name: 0 if value is None else value for name, value in values.items()}

    def _require(self, name: str) -> None:
        names = [*(term.name for term in self.terms), "prox"]
        if name not in names:
            raise ValueError(f"term: given {name!r}; allowed: {names}")


STANDARD = Objective(
    (
        Term("loss", loss),
        Term("gamma", activation_gap),
        Term("rho", linear_gap),
        Term("tau", compression_gap),
        Term("mu", decay),
    )
)
"""The objective of the specification, under the term names of the trace format."""


@lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parameters = inspect.signature(function).parameters.values()
    positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    return positional, tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def _apply(function: Callable[..., Any], given: Mapping[str, Any], what: str) -> Any:
    operands, penalties = _parameters(function)
    values = [_operand(name, given, what) for name in operands]
    if any(value is None for value in values):
        return None
    missing = [name for name in penalties if name not in given]
    if missing:
        raise ValueError(f"term {what!r}: given {sorted(given)}; {missing} is needed too")
    return function(*values, **{name: given[name] for name in penalties})


def _operand(name: str, given: Mapping[str, Any], what: str) -> Any:
    if name in given:
        return given[name]
    if name in DERIVED:
        return _apply(DERIVED[name], given, what)
    raise ValueError(f"term {what!r}: given {sorted(given)}; {name!r} is needed too")
