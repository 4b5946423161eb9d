"""The U step of tanh and sigmoid: its objective, derivatives and a-priori box."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from nnbcd_checks.proofs.enclosures.balls import falling_from_zero, hull, rising, square
from nnbcd_checks.proofs.enclosures.pull import Pull
from nnbcd_checks.proofs.enclosures.steps import ScalarStep


@dataclass(frozen=True)
class Shape:
    """A sigmoidal s: ``s' = steepest sech^2(rate u)``, ``s'' = -2 rate tanh(rate u) s'``."""

    rate: float
    steepest: float

    def __call__(self, u: arb) -> arb:
        """``s(u)``: tanh u of rate 1, 1/(1 + e^-u) of rate 1/2; increasing."""
        return rising(arb.tanh if self.rate == 1 else logistic, u)

    def slope(self, u: arb) -> arb:
        """``s'(u)``, even and decreasing in ``|u|``."""
        return self.steepest * square(falling_from_zero(arb.sech, self.rate * u))

    def size(self, u: arb) -> arb:
        """``|s(u)|``, of the sigmoid as the sum ``1/2 + tanh(u/2)/2``: with ``|tanh|`` in it."""
        size = abs(rising(arb.tanh, self.rate * u))
        return size if self.rate == 1 else (1 + size) / 2

    def bend(self, u: arb) -> arb:
        """``s''(u)``."""
        return -2 * self.rate * rising(arb.tanh, self.rate * u) * self.slope(u)

    def twist(self, u: arb) -> arb:
        """The third derivative: ``-2 rate (rate sech^2(rate u) s' + tanh(rate u) s'')``."""
        sech2 = self.slope(u) / self.steepest
        along = rising(arb.tanh, self.rate * u) * self.bend(u)
        return -2 * self.rate * (self.rate * sech2 * self.slope(u) + along)


def logistic(u: arb) -> arb:
    """``1 / (1 + e^-u)``, without cancellation on either side."""
    return 1 / (1 + (-u).exp())


SHAPES = {"tanh": Shape(1, 1), "sigmoid": Shape(0.5, 0.25)}


@dataclass(frozen=True)
class ActivationStep(ScalarStep):
    """Minimise ``gamma/2 (v - s(u))^2 + rho/2 (u - pre)^2 + alpha/2 (u - u_old)^2`` over u."""

    shape: Shape
    v: float
    pre: float
    u_old: float
    gamma: float
    rho: float
    alpha: float

    @property
    def pull(self) -> Pull:
        """The two quadratic terms."""
        return Pull(((self.rho, self.pre), (self.alpha, self.u_old)))

    def f(self, u: arb) -> arb:
        """The objective."""
        return self.gamma * square(self.v - self.shape(u)) / 2 + self.pull.value(u)

    def slope(self, u: arb) -> arb:
        """Its derivative."""
        return self.pull.slope(u) - self.gamma * (self.v - self.shape(u)) * self.shape.slope(u)

    def bend(self, u: arb) -> arb:
        """Its second derivative."""
        fit = square(self.shape.slope(u)) - (self.v - self.shape(u)) * self.shape.bend(u)
        return self.pull.stiffness() + self.gamma * fit

    def twist(self, u: arb) -> arb:
        """Its third derivative."""
        s, gap = self.shape, self.v - self.shape(u)
        return self.gamma * (3 * s.slope(u) * s.bend(u) - gap * s.twist(u))

    def box(self) -> arb:
        """Holds every global minimiser.

        With beta = rho + alpha and m the weighted mean of ``pre`` and ``u_old`` the objective is
        f(u) = gamma/2 (v - s(u))^2 + beta/2 (u - m)^2 and a constant.  Let d = v - s(m) >= 0; the
        other case is its mirror image.  Left of m both terms are larger than at m, as s is
        increasing.  A minimiser u >= m has f(u) <= f(m), so beta (u - m)^2 <= gamma d^2; and f'
        vanishes there, so beta (u - m) = gamma (v - s(u)) s'(u) <= gamma d max s', as the left
        side says v >= s(u) and s(u) >= s(m).  So u - m lies between 0 and both bounds.
        """
        ratio = self.gamma / self.pull.stiffness()
        centre = self.pull.centre()
        gap = self.v - self.shape(centre)
        reach = min(ratio.sqrt().upper(), (ratio * self.shape.steepest).upper())
        return hull(centre, centre + reach * gap)

    def size(self, u: arb) -> arb:
        """See `Step.value_size`."""
        fit = self.gamma * square(abs(self.v) + self.shape.size(u)) / 2
        return fit + self.pull.value_size(u)

    def slope_size(self, u: arb) -> arb:
        """See `Step.gradient_size`: of changes of the data, s, s' and u."""
        steep, far = self.shape.slope(u), abs(self.v) + self.shape.size(u)
        through_u = abs(u) * (abs(self.shape.bend(u)) * far + square(steep))
        return self.gamma * (far * steep + through_u) + self.pull.slope_size(u)
