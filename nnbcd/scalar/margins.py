"""The proximal steps of four convex losses of one number: ``l(v) + m/2 (v - a)^2``."""

from __future__ import annotations

from typing import Any

from nnbcd.scalar.ops import Ops, RealOps
from nnbcd.scalar.root import bracketed_root


def squared_prox(a: Any, y: Any, m: Any) -> Any:
    """Minimise ``1/2 (v - y)^2 + m/2 (v - a)^2``: the weighted mean."""
    return (y + m * a) / (1 + m)


def huber_prox(a: Any, y: Any, m: Any, *, delta: float, ops: Ops) -> Any:
    """Minimise ``h(v - y) + m/2 (v - a)^2``, h quadratic within ``delta`` and affine beyond.

    ``m (a - v) = h'(v - y)``: the quadratic piece gives the weighted mean of y and a, the affine
    ones ``a +- delta/m``, beyond which the mean is never taken.
    """
    most = delta / m
    return ops.maximum(ops.minimum((y + m * a) / (1 + m), a + most), a - most)


def hinge_prox(a: Any, y: Any, m: Any, *, ops: Ops) -> Any:
    """Minimise ``max(0, 1 - y v) + m/2 (v - a)^2`` for ``y`` of -1 or 1.

    In the margin ``z = y v``, from ``c = y a``: c where it is 1 or more, else a step of ``1/m``
    that stops at the kink, exactly at 1.
    """
    c = y * a
    return y * ops.maximum(c, ops.minimum(c + 1 / m, 1))


def logistic_prox(a: Any, y: Any, m: Any, *, ops: RealOps) -> Any:
    """Minimise ``log(1 + e^(-y v)) + m/2 (v - a)^2`` for ``y`` of -1 or 1, up to rounding.

    In the margin ``z = y v``, from ``c = y a``: the root of ``m (z - c) - 1/(1 + e^z)``, which
    increases.  It lies in ``[c, c + 1/m]``, and below ``max(c + 1, -log m)``, where the second
    term is at most m.
    """
    c = y * a

    def function(z: Any) -> tuple[Any, Any, Any]:
        e = ops.exp(-ops.absolute(z))
        large, small = 1 / (1 + e), e / (1 + e)
        pull = ops.where(z > 0, small, large)
        size = m * (ops.absolute(z) + ops.absolute(c)) + pull
        return m * (z - c) - pull, m + large * small, size

    high = ops.minimum(c + 1 / m, ops.maximum(c + 1, -ops.log(m)))
    return y * bracketed_root(
        function,
        c,
        high,
        c,
        last=False,
        floor=ops.unit(a) * ops.unit(a),
        scale=ops.absolute(c),
        ops=ops,
    )


def squared_hinge_prox(a: Any, y: Any, m: Any, *, ops: Ops) -> Any:
    """Minimise ``max(0, 1 - v)^2 / 2 + m/2 (v - a)^2`` for ``y`` of 1; of 0, with ``max(0, v)``.

    ``a`` where its loss is 0 already; else the weighted mean of y and a, which lies between them:
    never above a for y of 0, never below it for y of 1.
    """
    mean = (y + m * a) / (1 + m)
    return ops.where(y > 0, ops.maximum(mean, a), ops.minimum(mean, a))
