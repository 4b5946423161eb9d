"""What each flag of a vector says about it, and the faults that such a vector catches."""

from __future__ import annotations

from collections.abc import Mapping

FLAGS: Mapping[str, str] = {
    "plain": "moderate numbers: a wrong formula, a lost term, swapped penalties",
    "tiny": "data near 1e-6: absolute thresholds and tolerances",
    "huge": "data near 1e6: absolute thresholds, saturation that is not exact",
    "wide": "penalties of very different size: a lost small term, cancellation",
    "prox_zero": "no proximal term: a division by it, or one that is always on",
    "prox_heavy": "a heavy proximal term: the old value ignored or weighted wrongly",
    "width_one": "one unit or one column: squeezed axes, broadcasts",
    "one_sample": "one row: squeezed axes, means for sums",
    "fixed_point": "the old value is the minimiser: steps that do not vanish",
    "kink": "the minimiser is a break of s: a stationary point that was not clipped",
    "boundary": "data on a break of s: sides confused",
    "two_minima": "several local minimisers, the best away from the old value: local descent",
    "tie_low": "tied minimisers, the old value nearer the lower: a wrong preference",
    "tie_high": "tied minimisers, the old value nearer the higher: a wrong preference",
    "tie_middle": "tied minimisers, the old value midway: of two equally near, the lower",
    "target": "a compressed layer: the tau term lost or put on b",
    "no_target": "no compression: a tau term where there is none",
    "decay": "mu > 0: decay lost, or left off b",
    "few_samples": "fewer samples than inputs: a system that is singular without its prox",
    "rank_deficient": "dependent or empty columns of data: a system solved without its prox",
    "singular": "no prox and dependent columns: not the minimiser nearest to the old value",
    "zero_weights": "zero weights: the neighbour's term must vanish",
    "penalties_apart": "gamma and rho far apart: one taken for the other",
    "equal_magnitudes": "equal magnitudes or norms: the wrong one kept, or too many",
    "few_nonzero": "fewer nonzeros than may be kept: zeros filled up",
    "all_kept": "everything may be kept: the last entry dropped",
    "one_kept": "one may be kept: selection off by one",
    "old_decides": "the old value decides what is kept: selection by W alone",
    "zero_factor": "a factor is zero: a singular neighbour",
    "bad_penalty": "a penalty outside its domain: computed with instead of refused",
    "bad_value": "NaN or infinity in an operand: passed on instead of refused",
    "bad_shape": "operands that do not fit: broadcast instead of refused",
    "bad_member": "member data outside the domain: accepted instead of refused",
    "bad_fit": "member data that do not fit the matrix: accepted instead of refused",
    "bad_target": "targets outside the loss's domain: accepted instead of refused",
}
