"""The subgradient element of a sweep, its membership in dL, and the distance of 0 to dL.

After a sweep with states P_old -> P, for every tensor p

    g_p = (gradient of the smooth coupling in p at P) - (the same right after p's update)
          - prox * (p - p_old).

Right after its update p satisfies ``0 in gradient + nonsmooth part + prox * step``, so g lies in
dL(P) provided p's nonsmooth part is the same at P: that of Z never changes, and that of a kinked
U_i is a function of (U_i, V_i) alone, so V_i must precede U_i in the order.  dL(P) is then a
product over tensors, since the nonsmooth parts couple smoothly with all else (Rockafellar and
Wets, 8.8 and 10.5).  Hence dist(g, dL(P)) is, tensor by tensor, the distance of
``0`` from the optimality condition of p's own block problem: what the judges call residual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnbcd_checks.activations import PiecewiseAffine
from nnbcd_checks.arrays import CHUNK, Term, chunks, empty, norm, reduce_sum, weighted_sum
from nnbcd_checks.judged import Witness
from nnbcd_checks.kinks import near_kink, subdifferential_gap
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.problem import Problem, block_kind
from nnbcd_checks.rounding import iterate_unit, kink_band


def why_no_element(problem: Problem) -> str | None:
    """Why no subgradient element is known for runs of this problem; ``None`` if one is."""
    place = {block: k for k, block in enumerate(problem.order)}
    for i, layer in enumerate(problem.layers, 1):
        if layer.compression.no_theorem is not None:
            what = layer.compression.no_theorem
            return f"Z{i} is set by {what}, which satisfies no optimality condition"
        if not layer.activation.smooth and place[f"V{i}"] > place[f"U{i}"]:
            return (
                f"V{i} is updated after U{i}: the nonsmooth part of U{i} changes after its "
                "update, so that no subgradient element is at hand"
            )
    return None


def element_norm(mixed: Mixed, witness: Witness) -> float:
    """``||g_p||`` of one tensor; ``mixed`` is at the end of the sweep."""
    terms: list[Term] = []
    for (weight, end), (_, then) in zip(mixed.gradient(witness.name), witness.terms, strict=True):
        if end is not then:
            terms += [(weight, end), (-weight, then)]
    if witness.prox:
        terms.append((-witness.prox, witness.step))
    return math.sqrt(reduce_sum(terms)[0])


def distance(mixed: Mixed) -> float:
    """``dist(0, dL)`` at the end of the sweep: over all tensors, and the Z of each block."""
    problem = mixed.problem
    parts = [
        _distance(mixed, f"{letter}{i}")
        for i, layer in enumerate(problem.layers, 1)
        for letter in ("VUb" if layer.compression.makes_w else "VUWb")
    ]
    for layers in problem.z_blocks.values():
        parts.append(problem.layer(layers[0]).compression.distance(mixed, layers))
    return math.hypot(*parts)


def _distance(mixed: Mixed, name: str) -> float:
    """``dist(0, d_p L)`` of one tensor at the end of the sweep, from the definition."""
    kind, i = block_kind(name)
    terms = mixed.gradient(name)
    activation = mixed.problem.layer(i).activation
    if kind == "U" and isinstance(activation, PiecewiseAffine) and not activation.linear:
        return _distance_u(mixed, i, activation, terms)
    if kind == "V" and i == mixed.problem.depth:
        return _distance_v_out(mixed, i, terms)
    return math.sqrt(reduce_sum(terms)[0])


def _distance_v_out(mixed: Mixed, i: int, terms: Sequence[Term]) -> float:
    """Of 0 to ``gamma (V - s(U)) + S dl``, with the subgradients of kinks within rounding."""
    targets, weigh = mixed.targets, mixed.problem.layer(i).penalties
    v, smooth = mixed.now[f"V{i}"], weighted_sum(terms)
    band = targets.band(v, weigh.gamma + weigh.alpha, iterate_unit(mixed.problem.dtype))
    return norm(targets.residual(smooth, targets.nearest(smooth, v, band)))


def _distance_u(mixed: Mixed, i: int, activation: PiecewiseAffine, terms: Sequence[Term]) -> float:
    (weight, linear), gamma = terms[0], mixed.problem.layer(i).penalties.gamma
    flats = [np.ravel(a) for a in (linear, mixed.now[f"U{i}"], mixed.misfit[i])]
    band, buffers, total = kink_band(mixed.problem.dtype), empty(5, CHUNK), 0.0
    for part in chunks(flats[0].size):
        e, u, a = (flat[part] for flat in flats)
        smooth, pull, slope, shaped, out = buffers[:, : u.size]
        np.multiply(e, weight, out=smooth)
        np.multiply(a, gamma, out=pull)
        activation.shape(u, slope, shaped)
        on = near_kink(u, activation, band)
        gap = subdifferential_gap(smooth, pull, slope, on, activation, out=out)
        total += float(np.dot(gap, gap))
    return math.sqrt(total)
