"""The floor: the matrix work that no arrangement of one exact sweep can do without.

Per layer one ``W V``, one ``E V^T``, one ``W^T (.)``, the Grams at half a product (they are
symmetric), the Cholesky factors and triangular solves; the V block in the cheaper of its two
forms, and nothing for the input's Gram and factor, which are constant.  With a tensor train one
contraction a layer and three a core, and the small eigendecompositions.  No elementwise work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from nnbcd.compressions import Factors
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.sweep import Data


@dataclass(frozen=True)
class Work:
    """One library call: what for, how many operations (0 where none are counted), and the call."""

    name: str
    operations: int
    run: Callable[[], object]


def floor(problem: Problem, data: Data, state: State) -> list[Work]:
    """The work of one sweep on the matrices of ``state``, in the order of the sweep."""
    work: list[Work] = []
    for i in range(problem.depth, 0, -1):
        own, v = state.layer(i), data.X if i == 1 else state.layer(i - 1).V
        work += _weights(v, own.U, own.W, first=i == 1)
        if problem.layers[i - 1].compressed:
            work += _train(own.Z, own.W)
        if i > 1:
            work += min(
                list(_direct(own.U, own.W)), list(_small_side(own.U, own.W, v)), key=operations
            )
    return work


def operations(work: Iterable[Work]) -> int:
    """Multiplications and additions of all calls."""
    return sum(one.operations for one in work)


def run(work: list[Work]) -> None:
    """All calls, back to back."""
    for one in work:
        one.run()


def _weights(v: Tensor, u: Tensor, w: Tensor, *, first: bool) -> Iterator[Work]:
    (n, p), d = v.shape, w.shape[0]
    h = _definite(v, p + 1)
    yield Work("W V", 2 * d * p * n, lambda: v @ w.mT)
    yield Work("E V^T", 2 * d * p * n, lambda: u.mT @ v)
    if not first:
        yield from _gram(v)
        yield from _factor(h)
    yield from _solve(h, w.new_ones(d, p + 1))


def _direct(u: Tensor, w: Tensor) -> Iterator[Work]:
    """The V block before ``w`` by its (p, p) system."""
    (n, d), p = u.shape, w.shape[1]
    h = _definite(w, p)
    yield from _gram(w)
    yield from _factor(h)
    yield Work("W^T U", 2 * d * p * n, lambda: u @ w)
    yield from _solve(h, u.new_ones(n, p))


def _small_side(u: Tensor, w: Tensor, v: Tensor) -> Iterator[Work]:
    """The same by the (d, d) system: ``V = s + W^T (c I + W W^T)^-1 (U - b - W s)``."""
    (n, d), p = u.shape, w.shape[1]
    h = _definite(w, d)
    yield from _gram(w.mT)
    yield from _factor(h)
    yield Work("W s", 2 * d * p * n, lambda: v @ w.mT)
    yield from _solve(h, u)
    yield Work("W^T U", 2 * d * p * n, lambda: u @ w)


def _gram(v: Tensor) -> Iterator[Work]:
    """Half of ``v^T v``: the product of half the rows, which runs at the speed of a product."""
    half = v[: (v.shape[0] + 1) // 2]
    yield Work("Gram", v.shape[0] * v.shape[1] ** 2, lambda: half.mT @ half)


def _factor(h: Tensor) -> Iterator[Work]:
    yield Work("Cholesky", h.shape[0] ** 3 // 3, lambda: torch.linalg.cholesky_ex(h))


def _solve(h: Tensor, rows: Tensor) -> Iterator[Work]:
    factor = torch.linalg.cholesky(h)
    yield Work(
        "solves", 2 * h.shape[0] ** 2 * len(rows), lambda: torch.cholesky_solve(rows.mT, factor)
    )


def _definite(like: Tensor, size: int) -> Tensor:
    """A well-conditioned stand-in: the time of a factor does not depend on the values."""
    h = like.new_full((size, size), 1.0 / size)
    h.diagonal().add_(1.0)
    return h


def _train(cores: Factors, w: Tensor) -> Iterator[Work]:
    """``C(Z)`` once; per core the descent, what it leaves, and the next residual."""
    left = cores[0].reshape(-1, cores[0].shape[-1])
    for core in cores[1:]:
        yield _product("C(Z)", left, core.reshape(core.shape[0], -1))
        left = w.new_ones(left.shape[0] * core.shape[1], core.shape[2])
    after = w.numel()
    for j, core in enumerate(cores):
        a, m, b = core.shape
        after //= m
        flat, rest = core.reshape(a * m, b), w.new_ones(b, after)
        residual = w.new_ones(a * m, after)
        yield _product("descent", residual, rest.mT)
        for side in (a, b):
            if side > 1:
                yield from _eigenvectors(side, core)
        if j < len(cores) - 1:
            yield _product("residual", flat, rest)
            yield _product("next residual", flat.mT, residual)


def _eigenvectors(side: int, core: Tensor) -> Iterator[Work]:
    """Of one Gram matrix, and the change to its basis and back."""
    h, flat = _definite(core, side), core.reshape(side, -1)
    yield Work("eigenvectors", 0, lambda: torch.linalg.eigh(h))
    yield _product("basis", h, flat)
    yield _product("basis", h, flat)


def _product(name: str, left: Tensor, right: Tensor) -> Work:
    return Work(name, 2 * left.numel() * right.shape[1], lambda: left @ right)
