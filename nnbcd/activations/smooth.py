"""The proximal step shared by the activations that have no closed form."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nnbcd.activations.base import Activation
from nnbcd.activations.joined import joined
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class Smooth(Activation):
    """Known by a numerical minimiser of ``gamma/2 (v-s(u))^2 + beta/2 (u-m)^2``."""

    @abstractmethod
    def minimiser(self, v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, ops: Any) -> Any:
        """A global minimiser up to rounding, elementwise."""

    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """See :meth:`nnbcd.activations.base.Activation.prox`."""

        def form(v: Tensor, m: Tensor, u_old: Tensor, beta: float) -> Tensor:
            u = self.minimiser(v, m, u_old, gamma=gamma, beta=beta, ops=TORCH)
            assert isinstance(u, Tensor)  # the scalar forms are untyped by design
            return u

        return joined(form, v, pre, u_old, rho=rho, alpha=alpha)
