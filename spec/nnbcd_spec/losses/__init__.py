"""Losses: one file and one line of ``LOSSES`` each."""

from typing import Any, ClassVar, Protocol

from nnbcd_spec.exact import Array
from nnbcd_spec.losses.squared import Squared
from nnbcd_spec.registry import Registry


class Loss(Protocol):
    """A sum over samples, bounded below by 0."""

    kind: ClassVar[str]

    def value(self, v: Array, y: Array) -> Any:
        """The loss of outputs ``v`` (n, d_N) at targets ``y`` (n, d_N)."""


LOSSES: Registry[Loss] = Registry(
    {
        "squared": Squared,
    }
)

__all__ = ["LOSSES", "Loss", "Squared"]
