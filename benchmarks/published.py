"""The published updates as written: our own transcription of the equations of arXiv 2303.06815.

Columns are samples, as in the paper: ``V_i`` is (d_i, n), ``U_i = W_i V_{i-1} + b_i 1^T``.  Blocks
with a quadratic problem are solved by explicit inverses, W and b one after the other, every block
computes its own products, and the tensor train is the truncated SVDs of W.  Nothing is reused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nnbcd.problem import Penalties, Problem
from nnbcd.state import State
from nnbcd.sweep import Data

Cores = tuple[Tensor, ...]


@dataclass(frozen=True)
class Layer:
    """V, U (d, n), W (d, p), b (d, 1), and the cores of the train that W is held to, if any."""

    V: Tensor
    U: Tensor
    W: Tensor
    b: Tensor
    G: Cores = ()


@dataclass(frozen=True)
class Published:
    """The problem and data of one run in the paper's orientation."""

    problem: Problem
    X: Tensor
    Y: Tensor

    @classmethod
    def of(cls, problem: Problem, data: Data) -> Published:
        """From samples as rows."""
        return cls(problem, data.X.mT.contiguous(), data.Y.mT.contiguous())

    def start(self, state: State) -> list[Layer]:
        """The same iterate, in the paper's orientation."""
        return [
            Layer(
                own.V.mT.contiguous(), own.U.mT.contiguous(), own.W, own.b[:, None].clone(), own.Z
            )
            for own in state.layers
        ]

    def sweep(self, layers: Sequence[Layer]) -> list[Layer]:
        """Algorithm 1: from the last layer to the first V, U, W, b and the cores."""
        new = list(layers)
        for i in range(len(new), 0, -1):
            for step in (self.step_v, self.step_u, self.step_w, self.step_b, self.step_g):
                new[i - 1] = step(new, i)
        return new

    def step_v(self, layers: Sequence[Layer], i: int) -> Layer:
        """The squared loss's proximal step in the output layer; else regularised least squares."""
        own, p = layers[i - 1], self._penalties(i)
        if i == len(layers):
            v = (self.Y + p.gamma * own.U + p.alpha * own.V) / (1 + p.gamma + p.alpha)
            return replace(own, V=v)
        after, rho = layers[i], self._penalties(i + 1).rho
        left = p.gamma * _identity(own.V) + rho * (after.W.mT @ after.W)
        right = p.gamma * own.U.clamp(min=0) + rho * (after.W.mT @ (after.U - after.b))
        return replace(own, V=torch.linalg.inv(left) @ right)

    def step_u(self, layers: Sequence[Layer], i: int) -> Layer:
        """A weighted mean in the output layer; else ReLU's proximal step."""
        own, p = layers[i - 1], self._penalties(i)
        pre = own.W @ self._before(layers, i) + own.b
        if i == len(layers):
            return replace(own, U=(p.gamma * own.V + p.rho * pre) / (p.gamma + p.rho))
        beta = p.rho + p.alpha
        mean = (p.rho * pre + p.alpha * own.U) / beta
        return replace(own, U=relu_step(own.V, mean, beta / p.gamma))

    def step_w(self, layers: Sequence[Layer], i: int) -> Layer:
        """W, b held: ``(rho (U - b) V^T + alpha W + tau C)(rho V V^T + (alpha + tau) I)^-1``."""
        own, p, v = layers[i - 1], self._penalties(i), self._before(layers, i)
        left = p.rho * ((own.U - own.b) @ v.mT) + p.alpha * own.W
        right = p.rho * (v @ v.mT) + p.alpha * _identity(v)
        if own.G:
            left = left + p.tau * assembled(own.G, own.W)
            right = right + p.tau * _identity(v)
        return replace(own, W=left @ torch.linalg.inv(right))

    def step_b(self, layers: Sequence[Layer], i: int) -> Layer:
        """b with the new W held."""
        own, p, v = layers[i - 1], self._penalties(i), self._before(layers, i)
        total = (own.U - own.W @ v).sum(1, keepdim=True)
        return replace(own, b=(p.alpha * own.b + p.rho * total) / (p.rho * v.shape[1] + p.alpha))

    def step_g(self, layers: Sequence[Layer], i: int) -> Layer:
        """The cores of W's train at the old ranks."""
        own = layers[i - 1]
        return replace(own, G=decomposed(own.W, own.G)) if own.G else own

    def objective(self, layers: Sequence[Layer]) -> Tensor:
        """What the algorithm logs after every sweep, in the working dtype."""
        total = 0.5 * (layers[-1].V - self.Y).square().sum()
        for i, own in enumerate(layers, start=1):
            p = self._penalties(i)
            s_u = own.U if i == len(layers) else own.U.clamp(min=0)
            error = own.U - own.W @ self._before(layers, i) - own.b
            total = total + 0.5 * p.gamma * (own.V - s_u).square().sum()
            total = total + 0.5 * p.rho * error.square().sum()
            if own.G:
                total = total + 0.5 * p.tau * (own.W - assembled(own.G, own.W)).square().sum()
        return total

    def _before(self, layers: Sequence[Layer], i: int) -> Tensor:
        return self.X if i == 1 else layers[i - 2].V

    def _penalties(self, i: int) -> Penalties:
        return self.problem.layers[i - 1].penalties


def relu_step(a: Tensor, b: Tensor, c: float) -> Tensor:
    """Minimise ``(a - max(u, 0))^2 + c (u - b)^2`` by the literature's cases (Zeng et al. 2019)."""
    edge = a * (c - math.sqrt(c * (c + 1)))
    u = torch.where(a + c * b < 0, b.clamp(max=0), torch.zeros_like(b))
    inside = ((a + c * b >= 0) & (b >= 0)) | ((b < 0) & (edge <= c * b))
    u = torch.where(inside, (a + c * b) / (1 + c), u)
    return torch.where((-a <= c * b) & (c * b <= edge), b, u)


def decomposed(w: Tensor, cores: Cores) -> Cores:
    """TT-SVD at the sizes of ``cores``, by library SVDs on the CPU as published."""
    rest, new = w.cpu(), []
    for core in cores[:-1]:
        before, mode, rank = core.shape
        u, s, vh = torch.linalg.svd(rest.reshape(before * mode, -1), full_matrices=False)
        new.append(u[:, :rank].reshape(core.shape).to(w.device))
        rest = s[:rank, None] * vh[:rank]
    return (*new, rest.reshape(cores[-1].shape).to(w.device))


def assembled(cores: Cores, like: Tensor) -> Tensor:
    """The train contracted, in the shape of ``like``."""
    whole = cores[0]
    for core in cores[1:]:
        whole = torch.tensordot(whole, core, dims=1)
    return whole.reshape(like.shape)


def _identity(rows: Tensor) -> Tensor:
    return torch.eye(rows.shape[0], dtype=rows.dtype, device=rows.device)
