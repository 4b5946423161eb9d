"""What is to be proved of the forms of the losses of one number, and of codes on a grid."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from nnbcd_checks.proofs.forms import Forms
from nnbcd_checks.proofs.terms import Session

Build = Callable[[Forms, Session], tuple[Any, Any]]
"""Makes hypotheses and goal of the forms, on the numbers of a session."""
Statement = tuple[str, str, Build]
"""A name, which begins with its claim's; words; and what makes hypotheses and goal of it."""


@dataclass(frozen=True)
class Multiple:
    """So many times a positive unit: all that can be done with it is to divide by the unit."""

    times: Any
    unit: ClassVar[object] = object()

    def __truediv__(self, other: object) -> Any:
        if other is not Multiple.unit:
            raise TypeError("a multiple is divided by its unit only")
        return self.times


def codes() -> Iterator[Statement]:
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

    def none(forms: Forms, session: Session) -> tuple[Any, Any]:
        product, old, least = (session.real(n) for n in ("product", "old", "least"))
        kept = forms.nearest_scale(product, session.term(0), old, least, ops=session.ops)
        return least > 0, kept == old

    yield "scale-fits", "no scale from the least on fits the codes better", scale
    yield "scale-none", "where all codes are 0 the old scale stays", none
    yield "code-nearest", "no whole number of the range is nearer; of two the lower", nearest


def _squared(forms: Forms, session: Session) -> tuple[Any, Any]:
    a, y, m, v = (session.real(n) for n in ("a", "y", "m", "v"))
    best = forms.squared_prox(a, y, m)

    def cost(z: Any) -> Any:
        return (z - y) * (z - y) + m * ((z - a) * (z - a))

    return m > 0, cost(v) - cost(best) == (1 + m) * ((v - best) * (v - best))


def losses() -> Iterator[Statement]:
    """Of the losses of one number, each against every other point."""
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
