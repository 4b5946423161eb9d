"""Exact minimisation over U, entry by entry.

The block's objective is a polynomial in the entries of U and of S = s(U).  That it is a sum over
entries is read off the polynomial.  The activation gives finitely many points that may minimise
an entry's part; the best value wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnbcd_spec.activations.base import Activation, Candidate, Part
from nnbcd_spec.exact import Array, next_mpf
from nnbcd_spec.quadratic import generators


def entry_parts(objective: Callable[[Array, Array], Any], shape: tuple[int, ...]) -> list[Part]:
    """``objective(U, S)`` as one polynomial an entry, row-major.

    A constant belongs to no entry in particular; it is given to the first.  Raises ValueError
    where two entries interact.
    """
    n = int(np.prod(shape))
    gens = generators(2 * n)
    entries = np.array([None, *gens], dtype=object)[1:]
    polynomial = objective(entries[:n].reshape(shape), entries[n:].reshape(shape))
    parts: list[Part] = [{} for _ in range(n)]
    for monomial, coefficient in gens[0].ring(polynomial).terms():
        touched = {i % n for i, degree in enumerate(monomial) if degree} or {0}
        if len(touched) > 1:
            raise ValueError("the objective couples two entries of U; it must separate")
        entry = touched.pop()
        parts[entry][monomial[entry], monomial[entry + n]] = coefficient
    return parts


def tied(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The candidates of least value: those that their ``slack`` does not tell from the least."""
    least = min(found, key=lambda c: c.value)
    return tuple(c for c in found if c.value - least.value <= c.slack + least.slack)


def best(found: tuple[Candidate, ...], old: Any) -> Candidate:
    """The one of least value; a tie goes to the point nearest ``old``, then to the lowest."""
    return min(tied(found), key=lambda c: (abs(c.point - old), c.point))


def outgoing(candidate: Candidate) -> Any:
    """A candidate's point: exact, or the ``mpf`` that stands for an irrational one."""
    return next_mpf(candidate.point) if candidate.slack else candidate.point


def minimise_entrywise(
    objective: Callable[[Array, Array], Any], activation: Activation, u_old: Array
) -> Array:
    """A global minimiser of ``objective(U, s(U))``, shaped as ``u_old``; ties: :func:`best`."""
    parts = entry_parts(objective, u_old.shape)
    points = [
        outgoing(best(activation.candidates(part), old))
        for part, old in zip(parts, u_old.flat, strict=True)
    ]
    return np.array([None, *points], dtype=object)[1:].reshape(u_old.shape)
