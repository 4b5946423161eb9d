"""U_i for one entry, as SymPy expressions: pieces, switching boundaries, smooth stationarity.

Symbols: ``v`` = V_i, ``p`` = V_{i-1} W_i^T + b_i, ``u0`` the old value, ``s`` = s(u), and the
scalars of :mod:`nnbcd_spec.symbols`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from nnbcd_spec.activations import Piece
from nnbcd_spec.activations.smooth import Smooth
from nnbcd_spec.objective import STANDARD, Objective
from nnbcd_spec.symbols import alpha, gamma, rho

u, v, p, u0 = sp.symbols("u v p u0", real=True)
s = sp.Symbol("s", real=True)


@dataclass(frozen=True)
class PieceMinimiser:
    """A piece, its stationary point (a candidate only where on the piece), and the value there."""

    piece: Piece
    stationary: sp.Expr
    value: sp.Expr

    def clipped(self) -> sp.Expr:
        """The piece's minimiser: the stationary point moved to the nearer end."""
        low = -sp.oo if self.piece.low is None else self.piece.low
        high = sp.oo if self.piece.high is None else self.piece.high
        return sp.Min(sp.Max(self.stationary, low), high)


def entry_objective(piece: Piece, objective: Objective = STANDARD) -> sp.Expr:
    """One entry's objective, proximal term included, on a piece."""
    return entry_objective_of(piece.slope * u + piece.intercept, objective)


def entry_objective_of(s_u: sp.Expr, objective: Objective = STANDARD) -> sp.Expr:
    """One entry's objective, proximal term included, where ``s(u)`` is a given expression."""
    given = {"u": u, "s_u": s_u, "v": v, "pre": p}
    operands = {name: np.array([[x]], dtype=object) for name, x in given.items()}
    share = objective.share("u", **operands, gamma=gamma, rho=rho)
    old = np.array([[u0]], dtype=object)
    return sp.sympify(share + objective.step(operands["u"], old, alpha))


def piece_minimisers(
    pieces: Sequence[Piece], objective: Objective = STANDARD
) -> tuple[PieceMinimiser, ...]:
    """Solve the derivative on each piece; slopes and intercepts may be symbols."""
    found = []
    for piece in pieces:
        f = entry_objective(piece, objective)
        (stationary,) = sp.solve(sp.diff(f, u), u)
        found.append(PieceMinimiser(piece, sp.factor(stationary), sp.factor(f.subs(u, stationary))))
    return tuple(found)


def switching_boundary(left: PieceMinimiser, right: PieceMinimiser) -> tuple[sp.Expr, ...]:
    """The ``v`` at which two pieces' stationary points tie: every root of value = value.

    Which root is the boundary is decided by both points lying on their pieces.
    """
    return tuple(sp.solve(sp.numer(sp.together(left.value - right.value)), v))


def smooth_derivatives(
    activation: Smooth, objective: Objective = STANDARD
) -> tuple[sp.Expr, sp.Expr]:
    """The first and second derivative along u in terms of ``u`` and ``s``, for ``s' = D(s)``."""

    def along(f: sp.Expr) -> sp.Expr:
        return sp.diff(f, u) + sp.diff(f, s) * activation.derivative(s)

    first = along(entry_objective_of(s, objective))
    return sp.expand(first), sp.expand(along(first))
