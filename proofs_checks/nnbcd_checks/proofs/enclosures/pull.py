"""The quadratic terms that every step has: they pull the variable towards given points."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from nnbcd_checks.proofs.enclosures.balls import square, total


@dataclass(frozen=True)
class Pull:
    """``sum_i w_i/2 (x - a_i)^2`` of pairs (w_i >= 0, a_i), one w_i > 0, of exact floats."""

    terms: tuple[tuple[float, float], ...]

    def stiffness(self) -> arb:
        """``sum_i w_i``, its second derivative."""
        return total(arb(w) for w, _ in self.terms)

    def centre(self) -> arb:
        """Its minimiser, the weighted mean of the points."""
        return total(arb(w) * a for w, a in self.terms) / self.stiffness()

    def value(self, x: arb) -> arb:
        """Its value."""
        return total(w * square(x - a) for w, a in self.terms) / 2

    def slope(self, x: arb) -> arb:
        """Its derivative; x stands in it once, so that no width is lost on wide balls."""
        return self.stiffness() * (x - self.centre())

    def value_size(self, x: arb) -> arb:
        """The value with absolute values in place of every difference."""
        return total(w * square(abs(x) + abs(a)) for w, a in self.terms) / 2

    def slope_size(self, x: arb) -> arb:
        """The derivative with absolute values in place of every difference."""
        return total(w * (abs(x) + abs(a)) for w, a in self.terms)
