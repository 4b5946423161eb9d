"""What the judges of a Z that is a point of a set share: the move of C, and its figures.

With C the value of Z, ``F(C) = tau/2 ||W - C||^2 + alpha_z/2 ||C - C_old||^2`` is
``h/2 ||C - M||^2 + const`` with h = tau + alpha_z, and ``F'(C) = h (C - M)`` defines M: the block
problem is a projection of M.  Over several layers, F is the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnbcd_checks.arrays import Array, norm
from nnbcd_checks.compression import State
from nnbcd_checks.judged import Bench, Judged
from nnbcd_checks.rounding import AUDIT_UNIT, growth


@dataclass(frozen=True)
class Moved:
    """One layer's C after its update; arrays are of the shape of W."""

    value: Array  # C
    step: Array  # C - C_old
    pull: Array  # M - C
    off: Array  # how far a computed M may be off, entrywise
    stiff: float  # h
    decrease: float  # of tau/2 ||W - C||^2
    audit_error: float

    @property
    def target(self) -> Array:
        """M."""
        return self.value + self.pull


def move(bench: Bench, i: int, new: State) -> Moved:
    """Put the new Z of layer i in, and keep what the subgradient element is made of."""
    mixed, layer, name = bench.mixed, bench.problem.layer(i), f"Z{i}"
    weigh, compression = layer.penalties, layer.compression
    tensors_old, before = mixed.tensors(i), mixed.apart[i]
    names = [f"{name}{suffix}" for suffix in compression.tensors]
    mixed.replace_z(i, {key: new[key] for key in names})
    tensors, apart = mixed.tensors(i), mixed.apart[i]
    value, old = compression.value(tensors), compression.value(tensors_old)
    step = compression.change(tensors, tensors_old)
    bench.witness(name, mixed.gradient(name), weigh.alpha_z, step)
    stiff, both = weigh.tau + weigh.alpha_z, apart + before
    blur = 0.0 if compression.stored else growth(compression.length) * (norm(value) + norm(old))
    size = weigh.tau * np.abs(mixed.now[f"W{i}"]) + weigh.alpha_z * np.abs(old)
    return Moved(
        value=value,
        step=step,
        pull=(weigh.tau * apart - weigh.alpha_z * step) / stiff,
        off=8 * bench.unit * size / stiff,
        stiff=stiff,
        decrease=weigh.tau / 2 * float(np.vdot(step, both)),
        audit_error=AUDIT_UNIT * weigh.tau * norm(step) * (growth(step.size) * norm(both) + blur),
    )


@dataclass(frozen=True)
class Verdict:
    """What is left of optimality: of the value and of stationarity, each with what is allowed.

    ``lost``: how much decrease a right update may lose to rounding.
    """

    excess: float
    excess_allowed: float
    residual: float
    residual_allowed: float
    lost: float


def judged(
    bench: Bench, block: str, moves: Sequence[Moved], constant: float | None, found: Verdict
) -> Judged:
    """The figures of the block, of all layers that share it."""
    error = math.fsum(moved.audit_error for moved in moves)
    under = math.fsum(bench.underflow(moved.value.size, moved.stiff) for moved in moves)
    return Judged(
        block=block,
        step=math.hypot(*(norm(moved.step) for moved in moves)),
        decrease=math.fsum(moved.decrease for moved in moves),
        constant=constant,
        decrease_tolerance=found.lost + under + error,
        excess=found.excess,
        excess_tolerance=found.excess_allowed + under,
        residual=found.residual,
        residual_tolerance=found.residual_allowed + under,
        audit_error=error,
    )
