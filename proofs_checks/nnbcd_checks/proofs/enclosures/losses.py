"""The V_N step of one logistic loss: strictly convex, one minimiser."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from nnbcd_checks.proofs.enclosures.activations import SHAPES, logistic
from nnbcd_checks.proofs.enclosures.balls import hull, rising
from nnbcd_checks.proofs.enclosures.pull import Pull
from nnbcd_checks.proofs.enclosures.steps import ScalarStep


@dataclass(frozen=True)
class LogisticStep(ScalarStep):
    """Minimise ``S log(1 + exp(-y v)) + gamma/2 (v - u)^2 + alpha/2 (v - v_old)^2`` over v."""

    y: float
    u: float
    v_old: float
    gamma: float
    alpha: float
    weight: float

    @property
    def pull(self) -> Pull:
        """The two quadratic terms."""
        return Pull(((self.gamma, self.u), (self.alpha, self.v_old)))

    def f(self, v: arb) -> arb:
        """The objective."""
        return self.weight * (-self.y * v).exp().log1p() + self.pull.value(v)

    def slope(self, v: arb) -> arb:
        """Its derivative: the loss's is ``-S y / (1 + e^(y v))``."""
        return self.pull.slope(v) - self.weight * self.y * rising(logistic, -self.y * v)

    def bend(self, v: arb) -> arb:
        """Its second derivative, at least gamma + alpha."""
        return self.pull.stiffness() + self.weight * SHAPES["sigmoid"].slope(v)

    def twist(self, v: arb) -> arb:
        """Its third derivative."""
        return self.weight * SHAPES["sigmoid"].bend(v)

    def box(self) -> arb:
        """Holds the minimiser v.

        The derivative vanishes, so with m = gamma + alpha and a the weighted mean v - a is
        ``S y / (m (1 + e^(y v)))``: between 0 and ``S y / m``.
        """
        pull = self.pull
        return hull(pull.centre(), pull.centre() + self.weight * self.y / pull.stiffness())

    def size(self, v: arb) -> arb:
        """See `Step.value_size`."""
        return self.weight * (-self.y * v).exp().log1p() + self.pull.value_size(v)

    def slope_size(self, v: arb) -> arb:
        """See `Step.gradient_size`: of changes of the data, the sigmoid and v."""
        steep = rising(logistic, -self.y * v) + abs(v) * SHAPES["sigmoid"].slope(v)
        return self.weight * steep + self.pull.slope_size(v)
