"""Tensor-train contractions: a matrix W, row-major, as a tensor of modes m_1 .. m_q.

``C[a_1, .., a_q] = G_1[0, a_1, :] G_2[:, a_2, :] .. G_q[:, a_q, 0]`` with cores G_j of shape
(r_{j-1}, m_j, r_j) (Oseledets, SIAM J. Sci. Comput. 33, 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnbcd_checks.arrays import Array


def left_products(cores: Sequence[Array]) -> list[Array]:
    """For each j the matrix (m_1 .. m_{j-1}, r_{j-1}) of the cores before j."""
    found = [np.ones((1, 1))]
    for core in cores[:-1]:
        found.append(extend_left(found[-1], core))
    return found


def extend_left(left: Array, core: Array) -> Array:
    """The left product with one more core: (a, r) and (r, m, s) give (a m, s)."""
    product: Array = left @ core.reshape(core.shape[0], -1)
    return product.reshape(-1, core.shape[2])


def right_products(cores: Sequence[Array]) -> list[Array]:
    """For each j the matrix (r_j, m_{j+1} .. m_q) of the cores after j."""
    found = [np.ones((1, 1))]
    for core in reversed(cores[1:]):
        product: Array = core.reshape(-1, core.shape[2]) @ found[-1]
        found.append(product.reshape(core.shape[0], -1))
    return found[::-1]


def middle(left: Array, core: Array, right: Array, shape: tuple[int, ...]) -> Array:
    """``L . core . R`` as a matrix of ``shape``: linear in the core (r, m, s)."""
    product: Array = extend_left(left, core) @ right
    return product.reshape(shape)


def transpose_middle(left: Array, matrix: Array, right: Array) -> Array:
    """The adjoint of `middle`: ``<L . G . R, matrix> = <G, result>``; result (r, m, s)."""
    rows, columns = left.shape[0], right.shape[1]
    product: Array = matrix.reshape(-1, columns) @ right.T
    product = left.T @ product.reshape(rows, -1)
    return product.reshape(left.shape[1], -1, right.shape[0])


def reconstruct(cores: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """The matrix of ``shape`` that the cores stand for."""
    product = np.ones((1, 1))
    for core in cores:
        product = extend_left(product, core)
    return product.reshape(shape)
