"""What the certificate's constants rest on, for every size: identities of the objective alone.

Nothing of the solver is run here.  Gradients are taken of the objective of docs/TRACE.md, word by
word.  ``E = V W^T + 1 b^T - U``; 0 marks the value before a sweep, 1 after it, D their difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nnbcd_checks.proofs.penalties import unknowns
from nnbcd_checks.proofs.tensors import ones
from nnbcd_checks.proofs.words import (
    Trace,
    Word,
    Words,
    collected,
    identity,
    inner,
    letter,
    square,
)

PENALTIES = "gamma rho tau alpha mu"
Found = tuple[str, str, bool]


def gradient(f: Trace, x: Words) -> Words:
    """The gradient of a sum of traces in a letter: of ``tr(A X B)`` it is ``(B A)^T``."""
    ((own, _),) = next(iter(x.terms))
    found: list[tuple[Word, Any]] = []
    for word, c in f.terms.items():
        for k, (name, turned) in enumerate(word):
            if name == own:
                rest = word[k + 1 :] + word[:k]
                found.append((rest if turned else _flipped(rest), c))
    return Words(x.rows, x.cols, collected(found), x.symmetric)


def _flipped(word: Word) -> Word:
    return tuple((name, not turned) for name, turned in reversed(word))


def _zero(a: Any) -> bool:
    return bool(a.zero)


# -- any quadratic block -------------------------------------------------------------------------


def universal() -> Iterator[Found]:
    """The decrease of a quadratic block from its step and its residual."""
    *_, alpha, _ = unknowns(PENALTIES)
    h = letter("H", "p", "p", symmetric=True)
    c, p0, p1 = letter("c", "p", "1"), letter("P0", "p", "1"), letter("P1", "p", "1")
    step = p1 - p0

    def f(p: Words) -> Any:
        return inner(p, h @ p) / 2 - inner(c, p)

    rest = h @ p1 - c + alpha * step
    yield (
        "decrease",
        "f(P0) - f(P1) = <D, (alpha I + H/2) D> - <R, D> for ANY P1, R the gradient of "
        "f + alpha/2 ||. - P0||^2 there",
        _zero(f(p0) - f(p1) - alpha * square(step) - inner(step, h @ step) / 2 + inner(rest, step)),
    )


def residual_layers() -> Iterator[Found]:
    """V where the next layer, or its own activation, has a skip connection."""
    gamma, rho, *_ = unknowns(PENALTIES)
    s, u, w = letter("S_U", "n", "p"), letter("U", "n", "p"), letter("W", "p", "p")
    b, v0, v1 = letter("b", "p", "1"), letter("V0", "n", "p"), letter("V1", "n", "p")
    t = letter("T", "n", "p")  # V_{i+1} - s(U_{i+1})
    step, through = v1 - v0, w + identity("p")
    bias = ones("n") @ b.mT

    def linear(v: Words) -> Any:
        return gamma * square(v - s) / 2 + rho * square(u - v @ w.mT - v - bias) / 2

    rest = gamma * (v1 - s) - rho * ((u - v1 @ through.mT - bias) @ through)
    yield (
        "linear",
        "U = V W^T + V + b: the decrease of V is that of a layer with W + I",
        _zero(
            linear(v0) - linear(v1) - gamma * square(step) / 2
            - rho * square(step @ through.mT) / 2 + inner(rest, step)
        ),
    )  # fmt: skip

    def skipped(v: Words) -> Any:
        plain = gamma * square(v - s) / 2 + rho * square(u - v @ w.mT - bias) / 2
        return plain + gamma * square(t - v) / 2

    rest = gamma * (v1 - s) - rho * ((u - v1 @ w.mT - bias) @ w) - gamma * (t - v1)
    yield (
        "skip",
        "V_{i+1} = s(U_{i+1}) + V_i: the decrease of V_i gains gamma/2 ||D||^2",
        _zero(
            skipped(v0) - skipped(v1) - gamma * square(step) - rho * square(step @ w.mT) / 2
            + inner(rest, step)
        ),
    )  # fmt: skip


# -- the subgradient element of a sweep ----------------------------------------------------------


def element() -> Iterator[Found]:
    """How each block's gradient changes between its update and the end of the sweep.

    Order V_i, U_i, (W_i, b_i), Z_i from the last layer down: what is updated after a block, and
    met by its gradient, is V_{i-1} and, for U_i, (W_i, b_i).
    """
    gamma, rho, tau, _, mu = unknowns(PENALTIES)
    u, c0, c1 = letter("U", "n", "d"), letter("C0", "d", "p"), letter("C1", "d", "p")
    w0, w1 = letter("W0", "d", "p"), letter("W1", "d", "p")
    b0, b1 = letter("b0", "d", "1"), letter("b1", "d", "1")
    v0, v1 = letter("V0", "n", "p"), letter("V1", "n", "p")
    s0, s1, out = letter("S0", "n", "d"), letter("S1", "n", "d"), letter("V", "n", "d")
    one = ones("n")
    moved = v1 - v0

    def f(w: Words, b: Words, v: Words, c: Words) -> Any:
        fit = rho * square(v @ w.mT + one @ b.mT - u) / 2
        return fit + tau * square(w - c) / 2 + mu * (square(w) + square(b)) / 2

    before, after = f(w1, b1, v0, c0), f(w1, b1, v1, c1)
    error = v1 @ w1.mT + one @ b1.mT - u
    yield (
        "w",
        "in W: rho (E1^T DV + (DV W1^T)^T V0) - tau DC",
        _zero(
            gradient(after, w1) - gradient(before, w1)
            - rho * (error.mT @ moved + (moved @ w1.mT).mT @ v0) + tau * (c1 - c0)
        ),
    )  # fmt: skip
    yield (
        "b",
        "in b: rho W1 DV^T 1",
        _zero(gradient(after, b1) - gradient(before, b1) - rho * (w1 @ moved.mT @ one)),
    )
    start, end = f(w0, b0, v0, c1), f(w1, b1, v1, c1)
    change = moved @ w1.mT + v0 @ (w1 - w0).mT + one @ (b1 - b0).mT
    yield (
        "u",
        "in U, without gamma's term: -rho (DV W1^T + V0 DW^T + 1 Db^T)",
        _zero(gradient(end, u) - gradient(start, u) + rho * change),
    )
    early, late = (gamma * square(out - s) / 2 for s in (s0, s1))
    yield (
        "v",
        "in V: gamma (s(U0) - s(U1))",
        _zero(gradient(late, out) - gradient(early, out) - gamma * (s0 - s1)),
    )


BUILDERS: dict[str, Callable[[], Iterator[Found]]] = {
    "universal": universal, "element": element, "residual-layer": residual_layers,
}  # fmt: skip
