"""Pruning over several layers at once: one block that owns the Z of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nnbcd_spec.compressions.base import Factors
from nnbcd_spec.compressions.matrix import MatrixSet
from nnbcd_spec.exact import Array
from nnbcd_spec.facts import Facts, Text, Whole, require
from nnbcd_spec.objective import Objective
from nnbcd_spec.quadratic import Quadratic
from nnbcd_spec.sparse import minimise_sparse, minimisers_sparse
from nnbcd_spec.symbols import alpha_z, total


@dataclass(frozen=True)
class SharedPrune(MatrixSet):
    """At most ``nonzeros`` nonzero entries in all Z of ``group`` together; C = Z in each layer.

    Where a block owns several layers, ``z_old``, ``w``, ``tau`` and ``alpha_z`` are tuples, an
    entry a layer, the lowest first.
    """

    kind: ClassVar[str] = "shared_prune"
    facts: ClassVar[Facts] = Facts(
        constant=alpha_z / 2,
        source="Li et al., arXiv 2303.06815, the projection step for a sparse copy of W",
        keys={"group": Text(), "nonzeros": Whole(1, total)},
        ties=("first",),
    )
    group: str
    nonzeros: int

    def __post_init__(self) -> None:
        require("shared_prune group", self.facts.keys["group"], self.group)
        require("shared_prune nonzeros", Whole(1), self.nonzeros)

    def group_name(self) -> str | None:
        """The group's name."""
        return self.group

    def validate(self, shape: tuple[int, ...]) -> None:
        """Any shape; what the group's sizes allow is for :meth:`validate_group`."""

    def validate_group(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """``nonzeros`` must lie in 1..the sum of the sizes."""
        size = sum(int(np.prod(shape)) for shape in shapes)
        require("shared_prune nonzeros", self.facts.keys["nonzeros"], self.nonzeros, total=size)

    def update(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> Factors:
        """A global minimiser; at ties the lowest layer comes first, then the entry."""
        ws, whole = self._whole(z_old, w, tau, alpha_z, objective)
        return _split(minimise_sparse(whole, self.nonzeros), ws)

    def minimisers(
        self, z_old: Factors, w: Any, *, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[Factors, ...]:
        """All the global minimisers, the update's own first."""
        ws, whole = self._whole(z_old, w, tau, alpha_z, objective)
        return tuple(_split(z, ws) for z in minimisers_sparse(whole, self.nonzeros))

    def _whole(
        self, z_old: Factors, w: Any, tau: Any, alpha_z: Any, objective: Objective
    ) -> tuple[tuple[Array, ...], Quadratic]:
        ws, taus, alphas = (x if isinstance(w, tuple) else (x,) for x in (w, tau, alpha_z))
        self.validate_group(tuple(each.shape for each in ws))
        parts = [
            self.quadratic((old,), each, tau=t, alpha_z=a, objective=objective)
            for old, each, t, a in zip(z_old, ws, taus, alphas, strict=True)
        ]
        return ws, stacked(parts)


def stacked(parts: list[Quadratic]) -> Quadratic:
    """The sum of quadratics in separate variables, one after another."""
    rows: list[dict[int, Any]] = []
    for part in parts:
        first = len(rows)
        rows += [{first + j: h for j, h in row.items()} for row in part.hessian]
    return Quadratic(tuple(rows), tuple(g for part in parts for g in part.slope))


def _split(flat: list[Any], like: tuple[Array, ...]) -> Factors:
    entries = np.array([None, *flat], dtype=object)[1:]
    parts = np.split(entries, np.cumsum([w.size for w in like])[:-1])
    return tuple(part.reshape(w.shape) for part, w in zip(parts, like, strict=True))
