"""The operations a scalar form may use besides ``+ - * /`` and comparisons."""

from __future__ import annotations

from typing import Any, Protocol


class Ops(Protocol):
    """Elementwise operations over one kind of value (tensors, exact numbers or symbols)."""

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """``yes`` where ``condition`` holds, else ``no``; both finite."""

    def minimum(self, value: Any, bound: Any) -> Any:
        """The smaller of ``value`` and a bound, a constant or of the same kind."""

    def maximum(self, value: Any, bound: Any) -> Any:
        """The larger of ``value`` and a bound, a constant or of the same kind."""

    def absolute(self, value: Any) -> Any:
        """``|value|``."""

    def ceil(self, value: Any) -> Any:
        """The least whole number that is not below ``value``."""

    def both(self, left: Any, right: Any) -> Any:
        """Logical and."""

    def either(self, left: Any, right: Any) -> Any:
        """Logical or."""


class RealOps(Ops, Protocol):
    """The operations that forms without an exact value need besides."""

    def exp(self, value: Any) -> Any:
        """The exponential."""

    def log(self, value: Any) -> Any:
        """The natural logarithm; of 0 minus infinity."""

    def log1p(self, value: Any) -> Any:
        """``log(1 + value)``, accurate beside 0."""

    def tanh(self, value: Any) -> Any:
        """The hyperbolic tangent."""

    def unit(self, value: Any) -> float:
        """The distance from 1 to the next number of ``value``'s arithmetic."""

    def surely(self, condition: Any) -> bool:
        """Whether ``condition`` is known to hold everywhere, without waiting for a device."""
