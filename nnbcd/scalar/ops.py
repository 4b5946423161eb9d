"""The operations a scalar closed form may use besides ``+ - * /`` and comparisons."""

from __future__ import annotations

from typing import Any, Protocol


class Ops(Protocol):
    """Elementwise operations over one kind of value (tensors, exact numbers or symbols)."""

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """``yes`` where ``condition`` holds, else ``no``."""

    def minimum(self, value: Any, bound: float) -> Any:
        """The smaller of ``value`` and a constant."""

    def maximum(self, value: Any, bound: float) -> Any:
        """The larger of ``value`` and a constant."""

    def absolute(self, value: Any) -> Any:
        """``|value|``."""

    def both(self, left: Any, right: Any) -> Any:
        """Logical and."""

    def either(self, left: Any, right: Any) -> Any:
        """Logical or."""
