"""What the specification asks of a compression."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from nnbcd_spec.exact import Array
from nnbcd_spec.objective import Objective

Factors = tuple[Array, ...]
"""The variables of a Z block: one matrix, or the cores of a tensor train."""


class Compression(Protocol):
    """A set of matrices ``C(Z)``, and the step that Z takes towards a weight matrix."""

    kind: ClassVar[str]

    def validate(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError where an (outputs, inputs) matrix cannot be compressed so."""

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The shapes of the factors for a weight matrix of this shape."""

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """``C(z)``, a matrix of this shape."""

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """The new Z; see :func:`nnbcd_spec.blocks.update_z`."""


def block_objective(
    z: Factors,
    z_old: Factors,
    w: Array,
    *,
    compression: Compression,
    tau: Any,
    alpha_z: Any,
    objective: Objective,
) -> Any:
    """The objective's terms in Z, plus the proximal term of every factor."""
    share = objective.share("z", z=z, w=w, tau=tau, compression=compression)
    steps = (objective.step(new, old, alpha_z) for new, old in zip(z, z_old, strict=True))
    return share + sum(steps)
