"""The one nonconvex, nonsmooth scalar term ``gamma/2 (v - s(u))^2``, in u, entrywise.

A derivative of the term is ``-gamma k (v - s(u))`` with k the slope of s on u's side.  At a
kink the one-sided derivatives are ``l = -gamma k_left (v - s)`` and ``r = -gamma k_right (v - s)``.
If ``l <= r`` the kink is convex and the (limiting) subdifferential is the interval [l, r]; if
``l > r`` it is concave and the limiting subdifferential is the pair {l, r} (Rockafellar and
Wets, *Variational Analysis*, 8.3 and 9.13).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.activations.piecewise import Kink, PiecewiseAffine
from nnbcd_checks.arrays import Array

Indices: TypeAlias = NDArray[np.intp]


def near_kink(u: Array, activation: PiecewiseAffine, band: float) -> list[Indices]:
    """Per kink, where the entries of u (m,) are on it, or within ``band``, relative to it."""
    return [
        np.flatnonzero(u == 0 if kink.at == 0 else np.abs(u - kink.at) <= band * abs(kink.at))
        for kink in activation.kinks
    ]


def subdifferential_gap(
    smooth: Array,
    pull: Array,
    slope: Array,
    on: Sequence[Indices],
    activation: PiecewiseAffine,
    out: Array | None = None,
) -> Array:
    """dist(0, smooth + gamma d/du 1/2 (v - s(u))^2), entrywise and signed where single-valued.

    ``smooth``: derivative of everything else; ``pull = gamma (v - s(u))``; ``slope``: that of
    s at u; all of one shape (m,).  ``on``: per kink, the entries on it.  ``out`` takes the result.
    """
    gap = np.multiply(pull, slope, out=out)
    np.subtract(smooth, gap, out=gap)
    for kink, at in zip(activation.kinks, on, strict=True):
        if at.size:
            gap[at] = _gap_at_kink(smooth[at], -pull[at], kink)
    return gap


def _gap_at_kink(smooth: Array, ends: Array, kink: Kink) -> Array:
    """Distance of ``-smooth`` to [l, r] (convex) or {l, r} (concave), l, r = slopes * ends."""
    left, right = kink.left * ends + smooth, kink.right * ends + smooth
    inside = (left <= 0) & (right >= 0)
    nearest = np.minimum(np.abs(left), np.abs(right))
    found: Array = np.where(inside, 0.0, nearest)  # 0 lies between only if the kink is convex
    return found


def sparse_normal_gap(y: Array, kept: NDArray[np.bool_], sparsity: int) -> float:
    """dist(y, N) for the limiting normal cone N of {at most s nonzeros} at a Z with support S.

    N is ``{y : y_S = 0}`` where |S| = s, else the union of ``{y : y_S' = 0}`` over supersets S'
    of S with s members: the distance is the norm over S and the s - |S| smallest others
    (Bauschke, Luke, Phan and Wang, Found. Comput. Math. 14, 2014).  Of a product of such sets,
    one along each line of the last axis, N is the product.
    """
    total = float(np.square(y[kept]).sum())
    free = sparsity - np.count_nonzero(kept, axis=-1)
    if np.any(free > 0):
        others = np.sort(np.where(kept, np.inf, np.square(y)), axis=-1)
        taken = np.arange(y.shape[-1]) < np.expand_dims(free, -1)
        total += float(others[taken].sum())
    return float(np.sqrt(total))
