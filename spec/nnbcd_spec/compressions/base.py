"""What the specification asks of a compression."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts
from nnbcd_spec.objective import Objective

Factors = tuple[Array, ...]
"""The variables of a Z block: one matrix, several factors, or a matrix a layer of a group."""

Bond = Literal["none", "penalty", "support", "direct"]
"""How a layer's W and Z belong together: not at all; by the term ``tau/2 ||W - C(Z)||^2``; W is 0
wherever the constant Z is 0; W is no variable but ``C(Z)``."""


class Compression(Protocol):
    """A set of matrices ``C(Z)``, and the step that Z takes towards a weight matrix."""

    kind: ClassVar[str]
    facts: ClassVar[Facts]

    @property
    def bond(self) -> Bond:
        """How W and Z belong together."""

    def validate(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError where an (outputs, inputs) matrix cannot be compressed so."""

    def shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The shapes of the factors for a weight matrix of this shape."""

    def expand(self, z: Factors, shape: tuple[int, ...]) -> Array:
        """``C(z)``, a matrix of this shape."""

    def group_name(self) -> str | None:
        """The name of the layers that own one block together; None for a layer's own block."""

    def proximal(self, z: Factors, shape: tuple[int, ...]) -> Factors:
        """The arrays whose squared steps the proximal term measures."""

    def update(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """The new Z; see :func:`nnbcd_spec.blocks.update_z`."""

    def minimisers(
        self, z_old: Factors, w: Array, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """All the Z that :meth:`update` may choose from, its own choice first."""


class OwnBlock:
    """A block of one layer, whose proximal term measures the factors themselves."""

    @property
    def bond(self) -> Bond:
        """``penalty``."""
        return "penalty"

    def group_name(self) -> str | None:
        """None."""
        return None

    def proximal(self, z: Factors, shape: tuple[int, ...]) -> Factors:
        """``z``."""
        return z


def require_bond(compression: Compression, allowed: Bond) -> None:
    """Raise ValueError where a compression binds W and Z in another way than the block needs."""
    if compression.bond != allowed:
        raise ValueError(
            f"compression: given {compression.kind} with the bond {compression.bond!r}, which has "
            f"no Z block of this form; allowed: the bond {allowed!r}"
        )


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
    """The objective's terms in Z, plus the proximal term of everything that it measures."""
    share = objective.share("z", z=z, w=w, tau=tau, compression=compression)
    new, old = (compression.proximal(point, w.shape) for point in (z, z_old))
    return share + sum(objective.step(a, b, alpha_z) for a, b in zip(new, old, strict=True))


def direct_objective(
    z: Factors,
    z_old: Factors,
    u: Array,
    v_prev: Array,
    b: Array,
    *,
    compression: Compression,
    rho: Any,
    alpha_z: Any,
    mu: Any,
    objective: Objective,
) -> Any:
    """The objective's terms in ``W = C(Z)`` and in Z, plus the proximal term of the factors."""
    w = compression.expand(z, (u.shape[1], v_prev.shape[1]))
    share = objective.share(
        "w", "z", w=w, z=z, b=b, u=u, v_prev=v_prev, target=None, rho=rho, mu=mu
    )  # fmt: skip
    return share + sum(objective.step(a, b, alpha_z) for a, b in zip(z, z_old, strict=True))
