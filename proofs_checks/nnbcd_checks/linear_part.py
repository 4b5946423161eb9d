"""A linear map from one factor to C, and the spectrum of its Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from nnbcd_checks.arrays import Array


class LinearPart(Protocol):
    """``A: G -> C`` with the other factors fixed."""

    @property
    def outer(self) -> float:
        """A bound of A's Frobenius norm along the axes that `grams` names."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the sums in ``A^T`` of a matrix, one after another."""

    def apply(self, factor: Array) -> Array:
        """``A(factor)`` (d, p)."""

    def adjoint(self, matrix: Array) -> Array:
        """``A^T matrix`` of the factor's shape, ``<A(G), matrix> = <G, A^T matrix>``."""

    def grams(self) -> tuple[Array | None, ...]:
        """``A^T A`` as a Kronecker product over the axes of G; ``None`` for the identity."""


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues of a Kronecker product of symmetric matrices, and their directions."""

    values: Array  # broadcasts to the shape of the factor
    vectors: tuple[Array | None, ...]

    @classmethod
    def of(cls, grams: Sequence[Array | None]) -> Spectrum:
        """From one matrix an axis; the identity where ``None``."""
        pairs = [None if gram is None else np.linalg.eigh(gram) for gram in grams]
        along = [
            np.ones(1) if pair is None else np.maximum(pair.eigenvalues, 0.0) for pair in pairs
        ]
        values = reduce(np.multiply, np.ix_(*along))
        return cls(values, tuple(None if pair is None else pair.eigenvectors for pair in pairs))

    def turn(self, factor: Array) -> Array:
        """``factor`` in the basis of the eigenvectors."""
        for axis, vectors in enumerate(self.vectors):
            if vectors is not None:
                turned = np.tensordot(factor, vectors, axes=(axis, 0))
                factor = np.moveaxis(turned, -1, axis)
        return factor
