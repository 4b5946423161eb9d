"""What is to be proved of the scalar forms, as SMT-LIB 2 text generated from their source.

An obligation is unsatisfiable exactly if its statement holds for all reals that satisfy its
hypotheses.  Each comes with its hypotheses alone, which must be satisfiable, and each division in
the form adds the obligation that its divisor is not 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nnbcd_checks.proofs.forms import Forms
from nnbcd_checks.proofs.margins import Build, Statement, codes, losses
from nnbcd_checks.proofs.terms import Session, Term


@dataclass(frozen=True)
class Obligation:
    """A statement about a shipped function, and the text whose unsatisfiability proves it."""

    id: str
    claim: str
    text: str
    hypotheses: str


def obligations(forms: Forms) -> Iterator[Obligation]:
    """All obligations about these forms."""
    for statement in statements():
        yield from stated(forms, statement)


def stated(forms: Forms, statement: Statement) -> Iterator[Obligation]:
    """One statement, and that nothing is divided by 0; `TypeError` where it asks of a symbol what
    is not known."""
    name, claim, build = statement
    session = Session()
    hypotheses, goal = build(forms, session)
    yield _obligation(name, claim, session, hypotheses, goal)
    if session.divisors:
        nonzero = session.all(*(Term(d, session) != 0 for d in session.divisors))
        yield _obligation(f"{name}-divisors", claim, session, hypotheses, nonzero, bare=True)


def statements() -> tuple[Statement, ...]:
    """Every statement: its name, its words, and what makes hypotheses and goal of it."""
    return (*_pieces(), *_choices(), *_problem(), *losses(), *codes())


def _obligation(
    name: str, claim: str, session: Session, hypotheses: Any, goal: Any, *, bare: bool = False
) -> Obligation:
    definitions = [] if bare else [*session.definitions, *session.gaps()]
    head = ["(set-logic QF_NRA)", *(f"(declare-fun {n} () Real)" for n in session.names)]
    given = [f"(assert {hypotheses.text})", *(f"(assert {d})" for d in definitions)]
    wrong = f"(assert (not {goal.text}))"
    tail = ["(check-sat)"]
    return Obligation(
        name,
        claim,
        "\n".join([*head, *given, wrong, *tail]) + "\n",
        "\n".join([*head, *given, *tail]) + "\n",
    )


# -- one piece of a piecewise-affine activation ------------------------------------------------


def _pieces() -> Iterator[Statement]:
    bounds = ((False, False), (True, False), (False, True), (True, True))
    for flat, plain, (low, high) in itertools.product((True, False), (True, False), bounds):
        words = [
            "slope 0" if flat else "any slope",
            "intercept 0" if plain else "any intercept",
            {(0, 0): "the whole line", (1, 0): "from a bound on", (0, 1): "up to a bound",
             (1, 1): "between bounds"}[int(low), int(high)],
        ]  # fmt: skip
        tag = "".join("01"[int(b)] for b in (flat, plain, low, high))
        for part, what in PARTS.items():
            yield (
                f"piece-{part}-{tag}",
                f"{what} ({', '.join(words)})",
                _piece(part, flat, plain, low, high),
            )


PARTS = {
    "value": "a candidate's value is twice gamma/2 (v - s(u))^2 + beta/2 (u - m)^2",
    "inside": "a candidate lies on its piece",
    "best": "every other point of its piece is worse than a candidate",
}


def _piece(part: str, flat: bool, plain: bool, low: bool, high: bool) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        v, m, u, gamma, beta = (session.real(n) for n in ("v", "m", "u", "gamma", "beta"))
        k: Any = 0 if flat else session.parameter("k")
        c: Any = 0 if plain else session.parameter("c")
        left = session.real("l") if low else None
        right = session.real("h") if high else None
        x, value = forms.candidate(
            v, m, forms.piece(k, c, left, right), gamma=gamma, beta=beta, ops=session.ops
        )

        def cost(z: Any) -> Any:
            s = z * k + c if not flat else session.term(c)
            return gamma * ((v - s) * (v - s)) + beta * ((z - m) * (z - m))

        def on(z: Any) -> list[Any]:
            ends = [z >= left] if left is not None else []
            return [*ends, *([z <= right] if right is not None else [])]

        hypotheses = [gamma > 0, beta > 0]
        if left is not None and right is not None:
            hypotheses.append(left <= right)
        if part == "value":
            return session.all(*hypotheses), value == cost(x)
        if part == "inside":
            return session.all(*hypotheses), session.all(beta > 0, *on(x))
        return session.all(*hypotheses, *on(u)), session.any(u == x, value < cost(u))

    return build


# -- the choice among candidates ---------------------------------------------------------------


def _choices() -> Iterator[Statement]:
    for n in (2, 3, 4):
        yield f"choice-best-{n}", f"of {n} candidates one of least value is chosen", _choice(n, 0)
        yield (
            f"choice-tie-{n}",
            f"of {n} candidates, those of least value nearest to the old one, then the lower",
            _choice(n, 1),
        )


def _choice(n: int, tie: int) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        old = session.real("old")
        pairs = [(session.real(f"u{i}"), session.real(f"f{i}")) for i in range(n)]
        best = forms.choose(pairs, old, ops=session.ops)
        ascend = [a[0] <= b[0] for a, b in itertools.pairwise(pairs)]

        def right(u: Any, f: Any) -> Any:
            least = [f <= g for _, g in pairs]
            if not tie:
                return session.all(best == u, *least)
            near = session.ops.absolute(u - old)
            rivals = [
                session.implies(g == f, session.any(near < session.ops.absolute(w - old),
                                       session.all(near == session.ops.absolute(w - old), u <= w)))
                for w, g in pairs
            ]  # fmt: skip
            return session.all(best == u, *least, *rivals)

        return session.all(*ascend), session.any(*(right(u, f) for u, f in pairs))

    return build


# -- from the block's problem to the form -------------------------------------------------------


def _problem() -> Iterator[Statement]:
    for bare in (False, True):
        yield (
            f"join-{'bare' if bare else 'prox'}",
            "the terms of U's problem are gamma/2 (v - s)^2 + beta/2 (u - m)^2 and a constant, "
            f"with beta = rho + alpha and m the weighted mean; alpha {'= 0' if bare else '> 0'}",
            _join(bare=bare),
        )
    yield (
        "tight",
        "relu, gamma = 6, rho = alpha = 1, v = 1 + e, w = u0 = -1: the step is to 1/2 + 3e/4 and "
        "the decrease at most alpha/2 + 4e times its square, so that alpha/2 cannot be raised",
        _tight,
    )


def _join(*, bare: bool) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        gamma, rho, v, w, old = (session.real(n) for n in ("gamma", "rho", "v", "w", "old"))
        alpha: Any = 0 if bare else session.parameter("alpha")
        u, s, x, t = (session.real(n) for n in ("u", "s", "x", "t"))
        m = forms.weighted_mean(w, old, weight=rho, prox=alpha)

        def three(u: Any, s: Any) -> Any:
            fit = gamma * ((v - s) * (v - s)) + rho * ((u - w) * (u - w))
            return fit + alpha * ((u - old) * (u - old))

        def two(u: Any, s: Any) -> Any:
            return gamma * ((v - s) * (v - s)) + (rho + alpha) * ((u - m) * (u - m))

        given = [gamma > 0, rho > 0, *([] if bare else [alpha > 0])]
        return session.all(*given), three(u, s) - three(x, t) == two(u, s) - two(x, t)

    return build


def _tight(forms: Forms, session: Session) -> tuple[Any, Any]:
    e = session.real("e")
    v, old = 1 + e, session.term(-1)
    relu = (forms.piece(0.0, high=0.0), forms.piece(1.0, low=0.0))
    u = forms.piecewise_prox(v, old, old, gamma=6, beta=2, pieces=relu, ops=session.ops)
    step = u + 1
    before = 3 * (v * v)
    after = 3 * ((v - u) * (v - u)) + step * step / 2
    jump = 4 * u == 2 + 3 * e
    return session.all(e > 0, 8 * e < 1), session.all(
        jump, 2 * (before - after) <= (1 + 8 * e) * (step * step)
    )
