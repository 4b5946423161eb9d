"""Judge of a pruned Z: its value against that of the exact projection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nnbcd_checks.arrays import Array, norm, square
from nnbcd_checks.judged import Bench, Constants, Judged
from nnbcd_checks.kinks import sparse_normal_gap
from nnbcd_checks.rounding import AUDIT_UNIT, growth


def excess_nonzeros(z: Array, allowed: int) -> int:
    """By how many entries Z exceeds its sparsity; 0 where it is feasible."""
    return max(0, int(np.count_nonzero(z)) - allowed)


def judge_prune(
    bench: Bench, i: int, new: Mapping[str, Array], constants: Constants
) -> list[Judged]:
    """Z (d, p), at most s nonzeros: its value against that of the exact projection.

    ``F(Z) = tau/2 ||W - Z||^2 + alpha_z/2 ||Z - Z_old||^2 = h/2 ||Z - M||^2 + const`` with
    h = tau + alpha_z, and F'(Z) = h (Z - M) defines M.  Over the sparse set the least possible
    ``||Z - M||^2`` is the sum of all but the s largest M^2, so with T the s-th largest |M|

        ||Z - M||^2 - min = sum_S (Z - M)^2 + sum_{off S, |M| > T} (M^2 - T^2)
                            + sum_{S, |M| < T} (T^2 - M^2) + (s - |S|) T^2,

    S the support of Z: every summand is >= 0 and nothing cancels.
    """
    mixed, name, layer = bench.mixed, f"Z{i}", bench.problem.layer(i)
    weigh = layer.penalties
    old, apart_before = mixed.now[name], mixed.apart[i]
    step = new[name] - old
    mixed.replace_z(i, {name: new[name]})
    z, stiff = mixed.now[name], weigh.tau + weigh.alpha_z
    pull = (weigh.tau * mixed.apart[i] - weigh.alpha_z * step) / stiff  # M - Z
    size = weigh.tau * np.abs(mixed.now[f"W{i}"]) + weigh.alpha_z * np.abs(old)
    off = 8 * bench.unit * size / stiff
    kept, sparsity = z != 0, int(layer.compression.nonzeros or 0)
    excess, allowed = _projection_excess(z + pull, kept, off, sparsity)
    excess = stiff / 2 * (excess + square(pull[kept]))
    allowed = stiff / 2 * (allowed + square(off[kept])) + bench.underflow(z.size, stiff)
    bench.witness(name, mixed.gradient(name), weigh.alpha_z, step)
    both, step_norm = mixed.apart[i] + apart_before, norm(step)
    error = AUDIT_UNIT * growth(step.size) * weigh.tau * step_norm * norm(both)
    return [
        Judged(
            block=name,
            step=step_norm,
            decrease=weigh.tau / 2 * float(np.vdot(step, both)),
            constant=constants[name],
            decrease_tolerance=allowed + error,
            excess=excess,
            excess_tolerance=allowed,
            residual=sparse_normal_gap(stiff * pull, kept, sparsity),
            residual_tolerance=stiff * norm(off) + bench.underflow(z.size, stiff),
            audit_error=error,
        )
    ]


def _projection_excess(
    target: Array, kept: NDArray[np.bool_], off: Array, sparsity: int
) -> tuple[float, float]:
    """The part of the excess that the choice of support makes, and what is rounding in it."""
    size = np.abs(target)
    threshold = float(np.partition(size, size.size - sparsity, axis=None)[-sparsity])
    wrong = np.where(kept, size < threshold, size > threshold)
    # An error of the M's compared moves each square, and the threshold's, by that much.
    free = max(0, sparsity - int(np.count_nonzero(kept)))
    excess = float(np.abs(size[wrong] ** 2 - threshold**2).sum()) + free * threshold**2
    worst = float(off[wrong].max(initial=0.0))
    allowed = float((2 * (size[wrong] + threshold) * (off[wrong] + worst)).sum())
    if free:
        allowed += free * float(off.max()) ** 2
    return excess, allowed
