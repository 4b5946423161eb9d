"""Torch as the operations namespace of the scalar closed forms."""

from __future__ import annotations

import torch
from torch import Tensor


class TorchOps:
    """Implements :class:`nnbcd.scalar.RealOps` elementwise on tensors of one dtype and device."""

    def where(self, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        """``yes`` where ``condition`` holds, else ``no``."""
        # torch.where is not vectorised on CPUs; with weights 0 and 1 lerp is exact on finite
        # operands and several times as fast.
        return torch.lerp(no, yes, condition.to(no.dtype))

    def minimum(self, value: Tensor, bound: float | Tensor) -> Tensor:
        """The smaller of ``value`` and ``bound``."""
        return torch.clamp(value, max=bound)

    def maximum(self, value: Tensor, bound: float | Tensor) -> Tensor:
        """The larger of ``value`` and ``bound``."""
        return torch.clamp(value, min=bound)

    def absolute(self, value: Tensor) -> Tensor:
        """``|value|``."""
        return value.abs()

    def ceil(self, value: Tensor) -> Tensor:
        """The least whole number that is not below ``value``."""
        return value.ceil()

    def both(self, left: Tensor, right: Tensor) -> Tensor:
        """Logical and."""
        return left & right

    def either(self, left: Tensor, right: Tensor) -> Tensor:
        """Logical or."""
        return left | right

    def exp(self, value: Tensor) -> Tensor:
        """The exponential."""
        return value.exp()

    def log(self, value: Tensor) -> Tensor:
        """The natural logarithm."""
        return value.log()

    def log1p(self, value: Tensor) -> Tensor:
        """``log(1 + value)``."""
        return value.log1p()

    def tanh(self, value: Tensor) -> Tensor:
        """The hyperbolic tangent."""
        return value.tanh()

    def unit(self, value: Tensor) -> float:
        """The dtype's epsilon."""
        return torch.finfo(value.dtype).eps

    def surely(self, condition: Tensor) -> bool:
        """Whether all entries hold; always false on a device that one would have to wait for."""
        return condition.device.type == "cpu" and bool(condition.all())


TORCH = TorchOps()
