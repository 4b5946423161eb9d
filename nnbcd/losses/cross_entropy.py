"""Cross-entropy of the softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nnbcd.losses.base import Loss
from nnbcd.losses.targets import ONE_HOT, Targets

OUTER, INNER, POLISH = 24, 6, 3
"""Newton steps: of the normaliser, of each omega, and of the whole row at the end."""


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``log sum_k exp(v_k) - v_c``, c the class."""

    kind: ClassVar[str] = "cross_entropy"
    targets: ClassVar[Targets] = ONE_HOT

    def rows(self, v: Tensor, y: Tensor) -> Tensor:
        """From differences to the class's output, so that large outputs do not cancel."""
        return torch.logsumexp(v - (v * y).sum(1, keepdim=True), 1)

    def nearest(self, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """The minimiser up to rounding; see :meth:`distance` for the certificate.

        With ``p = softmax(v)`` and ``c = a + y/m``, ``v = c - p/m`` and
        ``p_k = m omega(c_k - z - log m)``, ``omega(x) + log omega(x) = x``, where z makes p sum
        to 1.  The sum falls and is convex in z, so Newton rises to the root from any z below it:
        from the simplex threshold of ``m c``, as ``p_k >= m (c_k - z)`` where ``p_k <= 1``, and
        from ``logsumexp(c) - 1/m``, a tangent of logsumexp.  Newton on the row ends it.
        """
        c = a + y / m
        # Of c only differences matter; v itself stays unshifted, for its own rounding's sake.
        p = _probabilities(c - c.amax(1, keepdim=True), m)
        v = a - _residual_of(p, y) / m
        for _ in range(POLISH):
            p = torch.softmax(v, 1)
            r = _residual_of(p, y) + m * (v - a)
            # (diag(p + m) - p p^T)^{-1} r by Sherman-Morrison; 1 - p.q = m sum q, q = p/(p + m).
            q = p / (p + m)
            v = v - (r + q.mul(r).sum(1, keepdim=True) / (m * q.sum(1, keepdim=True)) * p) / (p + m)
        return v

    def distance(self, v: Tensor, a: Tensor, y: Tensor, m: Tensor) -> Tensor:
        """A bound (n,) on ``||v - v*||``: the gradient over the strong convexity m, in float64."""
        v, a, y, m = v.double(), a.double(), y.double(), m.double()
        gradient = _residual_of(torch.softmax(v, 1), y) + m * (v - a)
        bound: Tensor = torch.linalg.vector_norm(gradient / m, dim=1)
        return bound


def _residual_of(p: Tensor, y: Tensor) -> Tensor:
    """``p - y`` for p of sum 1; at the class minus the sum of the others, which does not cancel."""
    others = torch.where(y > 0, 0, p)
    return torch.where(y > 0, -others.sum(1, keepdim=True), others)


def _probabilities(c: Tensor, m: Tensor) -> Tensor:
    """p (n, d), positive and of sum about 1, with ``p_k/m + log p_k = c_k - z``; max c is 0."""
    z = torch.maximum(_simplex(m * c) / m, torch.logsumexp(c, 1, keepdim=True) - 1 / m)
    log_m = m.log()
    for _ in range(OUTER):
        w = _omega(c - z - log_m)
        p = m * w
        z = z + (p.sum(1, keepdim=True) - 1) / (p / (1 + w)).sum(1, keepdim=True)
    p = m * _omega(c - z - log_m)
    return p / p.sum(1, keepdim=True)


def _omega(x: Tensor) -> Tensor:
    """``w > 0`` with ``w + log w = x``, by Newton on ``log w`` from above.

    ``l + e^l - x`` is convex, and not negative at ``min(x, log(max(x, 1)))``.
    """
    log_w = torch.minimum(x, x.clamp(min=1).log())
    for _ in range(INNER):
        w = log_w.exp()
        log_w = log_w - (log_w + w - x) / (1 + w)
    return torch.where(x > 1, x - log_w, log_w.exp())


def _simplex(c: Tensor) -> Tensor:
    """x (n, 1) with ``sum_k max(c_k - x, 0) = 1``; the largest c is 0, so x is in [-1, 0]."""
    sums = c.clamp(min=-1).sort(1, descending=True).values.cumsum(1)
    count = torch.arange(1, c.shape[1] + 1, device=c.device, dtype=c.dtype)
    return ((sums - 1) / count).amax(1, keepdim=True)
