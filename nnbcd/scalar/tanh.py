"""The proximal steps of tanh and of the logistic sigmoid: no closed form, two candidates."""

from __future__ import annotations

from typing import Any

from nnbcd.scalar.choice import choose
from nnbcd.scalar.ops import RealOps
from nnbcd.scalar.root import Function, bracketed_root

TINY = 1e-30
"""Below every figure that matters, above the underflow of single precision."""


def tanh_prox(v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, ops: RealOps) -> Any:
    """Minimise ``f(u) = gamma/2 (v - tanh u)^2 + beta/2 (u - m)^2``, up to rounding.

    With ``t = tanh u``: ``f' = beta (u - m) - gamma (v - t)(1 - t^2)``, ``f'' = beta - gamma p``,
    ``p = (1 - t^2)(3 t^2 - 2 v t - 1)``.  Signs are flipped so that ``v >= tanh m``.  Then every
    stationary point has ``u >= m`` and ``t <= v``, where ``p > 0`` only below the smaller root of
    its second factor, and there ``p`` rises to one peak and falls: at most two local minima, one
    on either side of the peak, and ``f'`` is concave below it.

    - Below, a minimum has ``gamma p <= beta``, so ``u - m <= (v-t)/(3t^2-2vt-1)``, which increases
      with t and is under 1 at the peak: the bracket is ``[m, m + 1]``.
    - Above, ``f' >= 0`` from ``artanh v`` on where ``v < 1``, from ``m + gamma/beta (v - tanh m)``
      on, and from ``max(m + 1, log(4 gamma/beta (v - tanh m))/2)`` on, as ``1-t^2 <= 4 exp(-2u)``.

    ``u_old`` is a third candidate, for where both brackets fail: it wins only if it is better by
    more than rounding, since a root has the smaller residual.
    """
    flip = v < ops.tanh(m)
    v_up, m_up = ops.where(flip, -v, v), ops.where(flip, -m, m)
    below, above = _minima(v_up, m_up, gamma=gamma, beta=beta, ops=ops)
    lower, upper = ops.where(flip, -above, below), ops.where(flip, -below, above)

    def value(u: Any) -> tuple[Any, Any]:
        """Twice f, and what its rounding is relative to."""
        gap, move = v - ops.tanh(u), u - m
        size = gamma * ops.absolute(gap) * (ops.absolute(v) + 1)
        size = size + beta * ops.absolute(move) * (ops.absolute(u) + ops.absolute(m))
        return gamma * (gap * gap) + beta * (move * move), size

    best = choose([(lower, value(lower)[0]), (upper, value(upper)[0])], u_old, ops=ops)
    (best_value, size), (old_value, old_size) = value(best), value(u_old)
    noise = 4 * ops.unit(v) * (size + old_size)
    return ops.where(old_value < best_value - noise, u_old, best)


def sigmoid_prox(v: Any, m: Any, u_old: Any, *, gamma: float, beta: float, ops: RealOps) -> Any:
    """Minimise ``gamma/2 (v - 1/(1 + e^-u))^2 + beta/2 (u - m)^2``, up to rounding.

    The sigmoid is ``(1 + tanh(u/2))/2``: the problem of tanh in ``u/2`` with ``gamma/4, 4 beta``.
    """
    return 2 * tanh_prox(
        2 * v - 1, 0.5 * m, 0.5 * u_old, gamma=0.25 * gamma, beta=4 * beta, ops=ops
    )


def tanh_certificate(
    u: Any, v: Any, m: Any, *, gamma: float, beta: float, ops: RealOps
) -> tuple[Any, Any]:
    """``(distance, holds)``: where it holds, a local minimiser lies within ``distance`` of ``u``.

    By Kantorovich's theorem with the residual ``R = |f'(u)|``, its rounding included, the curvature
    ``c = f''(u)`` and ``|f'''| <= L = 4 gamma (1 + |v|)``: it holds where ``c > 0`` and
    ``2 R L <= c^2``; the distance is ``2 R / c``, and ``f(u)`` exceeds the minimum by at most
    ``2 R^2 / c``.
    """
    residual, curvature, size = _derivatives(v, m, gamma=gamma, beta=beta, ops=ops)(u)
    error = ops.absolute(residual) + 8 * ops.unit(v) * size
    third = 4 * gamma * (1 + ops.absolute(v))
    holds = ops.both(curvature > 0, 2 * error * third <= curvature * curvature)
    return 2 * error / ops.maximum(curvature, TINY), holds


def _minima(v: Any, m: Any, *, gamma: float, beta: float, ops: RealOps) -> tuple[Any, Any]:
    """The minimum below the peak of ``p`` and the one above, for ``v >= tanh m``.

    Where one is missing, the other twice: an end of its bracket may lie so close to the other
    minimum that their values round to the same, but it is not stationary.
    """
    function = _derivatives(v, m, gamma=gamma, beta=beta, ops=ops)
    gap, peak = v - ops.tanh(m), _peak(v, ops)
    common: dict[str, Any] = {"floor": beta * ops.unit(v), "scale": ops.absolute(m), "ops": ops}
    below = bracketed_root(
        function,
        m,
        ops.maximum(ops.minimum(peak, m + 1), m),
        m,
        last=False,
        **common,
    )
    low = ops.maximum(peak, m)
    saturated = ops.maximum(0.5 * ops.log(4 * gamma / beta * gap), m + 1)
    high = ops.minimum(ops.minimum(saturated, m + gamma / beta * gap), _artanh(v, ops))
    above = bracketed_root(
        function,
        low,
        ops.maximum(high, low),
        ops.maximum(high, low),
        last=True,
        **common,
    )
    return (
        ops.where(ops.both(m < peak, _stationary(function(below), ops)), below, above),
        ops.where(_stationary(function(above), ops), above, below),
    )


def _stationary(at: tuple[Any, Any, Any], ops: RealOps) -> Any:
    """Whether ``(f', f'', size)`` is that of a root; units as a steep ``f'`` multiplies them."""
    return ops.absolute(at[0]) <= 256 * ops.unit(at[0]) * at[2]


def _derivatives(v: Any, m: Any, *, gamma: float, beta: float, ops: RealOps) -> Function:
    """``f'``, ``f''`` and the size of ``f'``; ``1 - t^2`` by an exponential, without cancelling."""

    def at(u: Any) -> tuple[Any, Any, Any]:
        t, e = ops.tanh(u), ops.exp(-2 * ops.absolute(u))
        flat = 4 * e / ((1 + e) * (1 + e))
        first = beta * (u - m) - gamma * (v - t) * flat
        size = beta * (ops.absolute(u) + ops.absolute(m))
        size = size + gamma * flat * (ops.absolute(v) + ops.absolute(t))
        return first, beta - gamma * flat * (3 * t * t - 2 * v * t - 1), size

    return at


def _peak(v: Any, ops: RealOps) -> Any:
    """``u`` at the peak of ``p``: ``t`` is the least root of ``12 t^3 - 6 v t^2 - 8 t + 2 v``.

    Newton from -1, where the cubic is negative and up to the root increasing and concave: the
    iterates rise to it.  Six steps leave an error of about 1e-9 at worst, where a minimum on the
    wrong side of the peak would be no better than the other by 1e-36.
    """
    t = -1 + (4 + 4 * v) / (28 + 12 * v)
    for _ in range(5):
        t = t - (((12 * t - 6 * v) * t - 8) * t + 2 * v) / ((36 * t - 12 * v) * t - 8)
    return _artanh(t, ops)


def _artanh(t: Any, ops: RealOps) -> Any:
    """``artanh t`` for ``|t| < 1``, accurate beside 0; beyond +-34, some number beyond it."""
    size = ops.absolute(t)
    found = 0.5 * ops.log1p(2 * size / ops.maximum(1 - size, TINY))
    return ops.where(t < 0, -found, found)
