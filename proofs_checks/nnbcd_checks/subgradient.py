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

from nnbcd_checks.arrays import CHUNK, Term, chunks, empty, reduce_sum
from nnbcd_checks.judged import Witness
from nnbcd_checks.kinks import subdifferential_gap
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.problem import Problem, block_kind


def why_no_element(problem: Problem) -> str | None:
    """Why no subgradient element is known for runs of this problem; ``None`` if one is."""
    place = {block: k for k, block in enumerate(problem.order)}
    for i, layer in enumerate(problem.layers, 1):
        if layer.compression.no_theorem is not None:
            what = layer.compression.no_theorem
            return f"Z{i} is set by {what}, which satisfies no optimality condition"
        kinked = layer.activation.kind != "identity"
        if kinked and place[f"V{i}"] > place[f"U{i}"]:
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
        _distance(mixed, f"{letter}{i}") for i in range(1, problem.depth + 1) for letter in "VUWb"
    ]
    for layers in problem.z_blocks.values():
        parts.append(problem.layer(layers[0]).compression.distance(mixed, layers))
    return math.hypot(*parts)


def _distance(mixed: Mixed, name: str) -> float:
    """``dist(0, d_p L)`` of one tensor at the end of the sweep, from the definition."""
    kind, i = block_kind(name)
    terms = mixed.gradient(name)
    if kind == "U" and not mixed.pieces[i].smooth:
        return _distance_u(mixed, i, terms)
    return math.sqrt(reduce_sum(terms)[0])


def _distance_u(mixed: Mixed, i: int, terms: Sequence[Term]) -> float:
    (weight, linear), gamma = terms[0], mixed.problem.layer(i).penalties.gamma
    flats = [np.ravel(a) for a in (linear, mixed.now[f"U{i}"], mixed.misfit[i])]
    pieces, buffers, total = mixed.pieces[i], empty(4, CHUNK), 0.0
    for part in chunks(flats[0].size):
        e, u, a = (flat[part] for flat in flats)
        smooth, pull, slope, out = buffers[:, : u.size]
        np.multiply(e, weight, out=smooth)
        np.multiply(a, gamma, out=pull)
        pieces.slope(u, out=slope)
        gap = subdifferential_gap(smooth, pull, slope, np.flatnonzero(u == 0), pieces, out=out)
        total += float(np.dot(gap, gap))
    return math.sqrt(total)
