"""What is to be proved of the scalar forms, as SMT-LIB 2 text generated from their source.

An obligation is unsatisfiable exactly if its statement holds for all reals that satisfy its
hypotheses.  Each comes with its hypotheses alone, which must be satisfiable, and each division in
the form adds the obligation that its divisor is not 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_checks.proofs.forms import Forms
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
    for name, claim, build in statements():
        session = Session()
        hypotheses, goal = build(forms, session)
        yield _obligation(name, claim, session, hypotheses, goal)
        if session.divisors:
            nonzero = session.all(*(Term(d, session) != 0 for d in session.divisors))
            yield _obligation(f"{name}-divisors", claim, session, hypotheses, nonzero, bare=True)


def statements() -> tuple[Statement, ...]:
    """Every statement: its name, its words, and what makes hypotheses and goal of it."""
    return (*_pieces(), *_choices(), *_problem(), *_losses(), *_codes())


Build = Callable[[Forms, Session], tuple[Any, Any]]
Statement = tuple[str, str, Build]


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


@dataclass(frozen=True)
class Multiple:
    """So many times a positive unit: all that can be done with it is to divide by the unit."""

    times: Any
    unit: ClassVar[object] = object()

    def __truediv__(self, other: object) -> Any:
        if other is not Multiple.unit:
            raise TypeError("a multiple is divided by its unit only")
        return self.times


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
    yield (
        "join",
        "the three terms of U's problem are gamma/2 (v - s)^2 + beta/2 (u - m)^2 and a constant, "
        "with beta = rho + alpha and m the weighted mean",
        _join,
    )
    yield (
        "tight",
        "relu, gamma = 6, rho = alpha = 1, v = 1 + e, w = u0 = -1: the step is to 1/2 + 3e/4 and "
        "the decrease at most alpha/2 + 4e times its square, so that alpha/2 cannot be raised",
        _tight,
    )


def _join(forms: Forms, session: Session) -> tuple[Any, Any]:
    gamma, rho, v, w, old = (session.real(n) for n in ("gamma", "rho", "v", "w", "old"))
    alpha = session.parameter("alpha")
    u, s, x, t = (session.real(n) for n in ("u", "s", "x", "t"))
    m = forms.weighted_mean(w, old, rho=rho, alpha=alpha)

    def three(u: Any, s: Any) -> Any:
        fit = gamma * ((v - s) * (v - s)) + rho * ((u - w) * (u - w))
        return fit + alpha * ((u - old) * (u - old))

    def two(u: Any, s: Any) -> Any:
        return gamma * ((v - s) * (v - s)) + (rho + alpha) * ((u - m) * (u - m))

    given = session.all(gamma > 0, rho > 0, alpha > 0)
    return given, three(u, s) - three(x, t) == two(u, s) - two(x, t)


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


# -- the losses of one number --------------------------------------------------------------------


def _codes() -> Iterator[Statement]:
    """Of the grid, in units of its scale, where everything is linear."""

    def quotient(forms: Forms, session: Session) -> tuple[Any, Any, Any, Any]:
        x, top = session.real("x"), session.whole("top")
        code = forms.nearest_code(Multiple(x), Multiple.unit, top, ops=session.ops)
        return top >= 1, x, top, code

    def inside(forms: Forms, session: Session) -> tuple[Any, Any]:
        given, _, top, code = quotient(forms, session)
        k = session.whole("k")  # whole: not strictly between two neighbours
        return given, session.all(code <= top, code >= -top, session.any(code <= k, code >= k + 1))

    def nearest(forms: Forms, session: Session) -> tuple[Any, Any]:
        given, x, top, code = quotient(forms, session)
        k = session.whole("k")
        far, near = session.ops.absolute(x - k), session.ops.absolute(x - code)
        rival = session.all(given, k <= top, k >= -top)
        return rival, session.any(near < far, session.all(near == far, code <= k))

    yield "code-inside", "a code is a whole number of the range", inside

    def scale(forms: Forms, session: Session) -> tuple[Any, Any]:
        names = ("product", "square", "old", "least", "s")
        product, square, old, least, s = (session.real(n) for n in names)
        best = forms.nearest_scale(product, square, old, least, ops=session.ops)

        def cost(z: Any) -> Any:
            return square * (z * z) - 2 * (product * z)

        return session.all(square >= 1, least > 0, s >= least), session.all(
            best >= least, cost(best) <= cost(s)
        )

    yield "scale", "no scale from the least on fits the codes better", scale
    yield "code-nearest", "no whole number of the range is nearer; of two the lower", nearest


def _squared(forms: Forms, session: Session) -> tuple[Any, Any]:
    a, y, m, v = (session.real(n) for n in ("a", "y", "m", "v"))
    best = forms.squared_prox(a, y, m)

    def cost(z: Any) -> Any:
        return (z - y) * (z - y) + m * ((z - a) * (z - a))

    return m > 0, cost(v) - cost(best) == (1 + m) * ((v - best) * (v - best))


def _losses() -> Iterator[Statement]:
    yield (
        "squared",
        "the step minimises 1/2 (v - y)^2 + m/2 (v - a)^2, by (1 + m)/2 times the squared distance",
        _squared,
    )
    for sign in (-1, 1):
        yield (
            f"hinge-{'plus' if sign > 0 else 'minus'}",
            f"the step minimises max(0, 1 - y v) + m/2 (v - a)^2 for y = {sign}, "
            "by m/2 times the squared distance",
            _hinge(sign),
        )
    for y in (0, 1):
        yield (
            f"onesided-{y}",
            f"the step minimises the squared hinge of target {y} plus m/2 (v - a)^2, by m/2 times "
            "the squared distance",
            _one_sided(y),
        )
    sides = {"middle": 0, "right": 1, "left": -1}
    for start, place in sides.items():
        yield (
            f"huber-step-{start}",
            f"Huber's step where a is on the {start} piece's side",
            _huber_step(place),
        )
    for (start, place), (name, side) in itertools.product(sides.items(), repeat=2):
        yield (
            f"huber-best-{start}-{name}",
            f"such a step alone minimises Huber's loss plus m/2 (v - a)^2: a on the {start} "
            f"piece's side, against points on the {name}",
            _huber_best(place, side),
        )


def _hinge(sign: int) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        a, m, v = (session.real(n) for n in ("a", "m", "v"))
        best = forms.hinge_prox(a, sign, m, ops=session.ops)

        def cost(z: Any) -> Any:
            loss = session.ops.maximum(1 - sign * z, 0)
            return 2 * loss + m * ((z - a) * (z - a))

        return m > 0, cost(best) + m * ((v - best) * (v - best)) <= cost(v)

    return build


def _one_sided(y: int) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        a, m, v = (session.real(n) for n in ("a", "m", "v"))
        best = forms.squared_hinge_prox(a, session.term(y), m, ops=session.ops)

        def cost(z: Any) -> Any:
            short = session.ops.maximum(1 - z if y else z, 0)
            return short * short + m * ((z - a) * (z - a))

        return m > 0, cost(best) + m * ((v - best) * (v - best)) <= cost(v)

    return build


def _huber_stationary(session: Session, start: int, b: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Where a lies, what the step b must satisfy there, and the numbers."""
    a, y, m, delta = (session.real(n) for n in ("a", "y", "m", "delta"))
    b = b(a, y, m, delta)
    reach, far = m * (a - y), delta * (1 + m)
    place = [session.all(reach <= far, reach >= -far), reach >= far, reach <= -far][start]
    step = [(1 + m) * (b - y) == reach, m * (a - b) == delta, m * (b - a) == delta][start]
    given = session.all(m > 0, delta > 0, place)
    return given, step, {"a": a, "y": y, "m": m, "delta": delta, "b": b}


def _huber_step(start: int) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        def shipped(a: Any, y: Any, m: Any, delta: Any) -> Any:
            return forms.huber_prox(a, y, m, delta=delta, ops=session.ops)

        return _huber_stationary(session, start, shipped)[:2]

    return build


def _huber_best(start: int, side: int) -> Build:
    def build(forms: Forms, session: Session) -> tuple[Any, Any]:
        del forms
        given, step, n = _huber_stationary(session, start, lambda *_: session.real("b"))
        a, y, m, delta, b, v = (*(n[k] for k in ("a", "y", "m", "delta", "b")), session.real("v"))

        def cost(z: Any, side: int) -> Any:
            r = z - y
            loss = [r * r, delta * (2 * r - delta), delta * (-2 * r - delta)][side]
            return loss + m * ((z - a) * (z - a))

        r = v - y
        there = [session.all(r <= delta, r >= -delta), r >= delta, r <= -delta][side]
        better = session.any(v == b, cost(b, start) < cost(v, side))
        return session.all(given, step, there), better

    return build
