"""The proximal step shared by all continuous piecewise-affine activations."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor

from nnbcd.activations.base import Activation
from nnbcd.activations.joined import joined
from nnbcd.scalar import Piece, piecewise_prox
from nnbcd.tensor_ops import TORCH


@dataclass(frozen=True)
class PiecewiseAffine(Activation):
    """Known by its pieces, which ascend."""

    @property
    @abstractmethod
    def pieces(self) -> tuple[Piece, ...]:
        """The affine pieces from left to right, covering the line."""

    def prox(
        self, v: Tensor, pre: Tensor, u_old: Tensor, *, gamma: float, rho: float, alpha: float
    ) -> Tensor:
        """See :meth:`nnbcd.activations.base.Activation.prox`."""
        pieces = self.pieces

        def form(v: Tensor, m: Tensor, u_old: Tensor, beta: float) -> Tensor:
            u = piecewise_prox(v, m, u_old, gamma=gamma, beta=beta, pieces=pieces, ops=TORCH)
            assert isinstance(u, Tensor)  # the scalar forms are untyped by design
            return u

        return joined(form, v, pre, u_old, rho=rho, alpha=alpha)
