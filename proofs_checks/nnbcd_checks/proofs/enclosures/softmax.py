"""The V_N step of one row of the cross-entropy: strongly convex, enclosed by its gradient."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from nnbcd_checks.proofs.enclosures.balls import Row, hull, norm, sharp, square, total
from nnbcd_checks.proofs.enclosures.pull import Pull
from nnbcd_checks.proofs.enclosures.search import UndecidedError
from nnbcd_checks.proofs.enclosures.steps import Enclosed

STEPS = 200
"""More Newton steps than this: undecided.  Under 30 were met on the recorded cases."""
HALVINGS = 60


@dataclass(frozen=True)
class CrossEntropyStep:
    """Minimise ``S (log sum_k e^(v_k) - v_c) + gamma/2 ||v - u||^2 + alpha/2 ||v - v_old||^2``.

    c is the class, v in R^d.
    """

    label: int
    u: tuple[float, ...]
    v_old: tuple[float, ...]
    gamma: float
    alpha: float
    weight: float

    @property
    def pulls(self) -> list[Pull]:
        """The two quadratic terms of every coordinate."""
        pairs = zip(self.u, self.v_old, strict=True)
        return [Pull(((self.gamma, u), (self.alpha, old))) for u, old in pairs]

    @property
    def convexity(self) -> arb:
        """``gamma + alpha``: the objective is that strongly convex."""
        return self.pulls[0].stiffness()

    def value(self, v: Row) -> arb:
        """The objective."""
        pulls = total(p.value(x) for p, x in zip(self.pulls, v, strict=True))
        return self.weight * self._loss(v) + pulls

    def value_size(self, v: Row) -> arb:
        """See `Step.value_size`.

        Of the loss: changing every v_k by a relative e moves it by at most 2 max |v_k| e.
        """
        pulls = total(p.value_size(x) for p, x in zip(self.pulls, v, strict=True))
        return self.weight * (self._loss(v) + 2 * _largest(v)) + pulls

    def gradient(self, v: Row) -> Row:
        """``S (p - e_c) + gamma (v - u) + alpha (v - v_old)``, p the softmax."""
        r = self._residual(self._softmax(v))
        return [self.weight * r_k + p.slope(x) for r_k, p, x in zip(r, self.pulls, v, strict=True)]

    def gradient_size(self, v: Row) -> Row:
        """See `Step.gradient_size`.

        A relative change e of every v_k, of e^(v_k) and of every partial sum moves p_k by at most
        ``(d + 2 max |v_k|) e p_k``, and 1 - p_c, the sum of the others, by as much of itself.
        """
        r = self._residual(self._softmax(v))
        reach = self.weight * (len(v) + 2 * _largest(v))
        return [
            reach * abs(r_k) + p.slope_size(x) for r_k, p, x in zip(r, self.pulls, v, strict=True)
        ]

    def enclosed(self) -> Enclosed:
        """A ball about a point found by Newton's method, which holds the minimiser.

        The objective f is m-strongly convex, so ``||grad f(v)|| >= m ||v - v*||`` at every v, and
        ``f(v) - f* <= ||grad f(v)||^2 / 2m``: how the point was found does not matter.
        """
        point = self._found()
        radius = norm(self.gradient(point)) / self.convexity
        ball = [hull(x - radius, x + radius) for x in point]
        if not sharp(ball):
            raise UndecidedError
        value = self.value(point)
        return Enclosed((ball,), hull(value - self.convexity * square(radius) / 2, value), ball)

    def _found(self) -> Row:
        v = [p.centre().mid() for p in self.pulls]
        size = norm(self.gradient(v))
        for _ in range(STEPS):
            better = self._descended(v, size)
            if better is None:
                return v
            v, size = better
        raise UndecidedError

    def _descended(self, v: Row, size: arb) -> tuple[Row, arb] | None:
        """A shortened Newton step that makes the gradient smaller, if one does."""
        step = self._newton_step(v)
        for _ in range(HALVINGS):
            trial = [(x - s).mid() for x, s in zip(v, step, strict=True)]
            new = norm(self.gradient(trial))
            if new.mid() < size.mid():
                return trial, new
            step = [s / 2 for s in step]
        return None

    def _newton_step(self, v: Row) -> Row:
        """``(diag(h) - S p p^T)^-1 g`` with ``h = S p + m``, by Sherman and Morrison.

        ``1 - S p.(p/h)`` is ``m sum (p/h)``, as p sums to 1.
        """
        p, g, m = self._softmax(v), self.gradient(v), self.convexity
        q = [p_k / (self.weight * p_k + m) for p_k in p]
        lift = self.weight * total(q_k * g_k for q_k, g_k in zip(q, g, strict=True))
        lift /= m * total(q)
        return [(g_k + lift * p_k) / (self.weight * p_k + m) for g_k, p_k in zip(g, p, strict=True)]

    def _softmax(self, v: Row) -> Row:
        powers = [(x - v[self.label]).exp() for x in v]
        scale = total(powers)
        return [power / scale for power in powers]

    def _residual(self, p: Row) -> Row:
        """``p - e_c``; at the class minus the sum of the others, so that nothing cancels."""
        others = total(p_k for k, p_k in enumerate(p) if k != self.label)
        return [-others if k == self.label else p_k for k, p_k in enumerate(p)]

    def _loss(self, v: Row) -> arb:
        others = (x - v[self.label] for k, x in enumerate(v) if k != self.label)
        return total(x.exp() for x in others).log1p()


def _largest(v: Row) -> arb:
    largest = arb(0)
    for x in v:
        largest = largest.max(abs(x))
    return largest
