"""Random members of every compression kind for a matrix of a given shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nnbcd.compressions import (
    CP,
    NM,
    Blocks,
    Columns,
    Compression,
    Grid,
    LowRank,
    NoCompression,
    Prune,
    Rows,
    SharedPrune,
    Support,
    TensorTrain,
    TensorTrainMatrix,
    TensorTrainSVD,
    Tucker,
)
from nnbcd.compressions.train import largest_ranks, rank_limit
from nnbcd.problem import Layer

Shape = tuple[int, int]
GROUP = "together"


def random_compression(rng: np.random.Generator, kind: str, shape: Shape) -> Compression:
    """A member of this kind; one of a shared group still lacks its size (``settle_groups``)."""
    return MAKERS[kind](rng, shape)


def settle_groups(rng: np.random.Generator, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers with one random size for those that share a block."""
    shared = [layer for layer in layers if layer.compression.shared is not None]
    if not shared:
        return layers
    member = SharedPrune(GROUP, _upto(rng, sum(layer.inputs * layer.outputs for layer in shared)))
    return tuple(
        layer if layer.compression.shared is None else replace(layer, compression=member)
        for layer in layers
    )


def _upto(rng: np.random.Generator, largest: int) -> int:
    return int(rng.integers(1, largest + 1))


def _divisor(rng: np.random.Generator, k: int) -> int:
    return int(rng.choice([j for j in range(1, k + 1) if k % j == 0]))


def _ranks(rng: np.random.Generator, modes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_reachable(modes, [_upto(rng, top) for top in largest_ranks(modes)]))


def _reachable(modes: tuple[int, ...], ranks: list[int]) -> list[int]:
    """Lower ranks until each fits beside its neighbours."""
    while True:
        limits = [rank_limit(modes, ranks, cut) for cut in range(len(ranks))]
        if all(r <= t for r, t in zip(ranks, limits, strict=True)):
            return ranks
        ranks = [min(r, t) for r, t in zip(ranks, limits, strict=True)]


def _modes(shape: Shape, rng: np.random.Generator) -> tuple[int, ...]:
    prime = [f for side in shape for f in _prime_factors(side)]
    if len(prime) < 2 or rng.random() < 0.3:
        return shape
    return tuple(prime)


def _prime_factors(k: int) -> list[int]:
    factors = []
    for q in (2, 3, 5, 7):
        while k % q == 0:
            factors.append(q)
            k //= q
    return factors + ([k] if k > 1 else [])


def _nm(rng: np.random.Generator, shape: Shape) -> NM:
    m = _divisor(rng, shape[1])
    return NM(_upto(rng, m), m)


def _blocks(rng: np.random.Generator, shape: Shape) -> Blocks:
    block = (_divisor(rng, shape[0]), _divisor(rng, shape[1]))
    return Blocks(block, _upto(rng, math.prod(shape) // math.prod(block)))


def _train(rng: np.random.Generator, shape: Shape) -> TensorTrain:
    modes = _modes(shape, rng)
    return TensorTrain(modes, _ranks(rng, modes))


def _train_svd(rng: np.random.Generator, shape: Shape) -> TensorTrainSVD:
    modes = _modes(shape, rng)
    return TensorTrainSVD(modes, _ranks(rng, modes))


def _train_matrix(rng: np.random.Generator, shape: Shape) -> TensorTrainMatrix:
    rows, columns = ((a, side // a) for side in shape for a in [_divisor(rng, side)])
    modes = tuple(o * c for o, c in zip(rows, columns, strict=True))
    return TensorTrainMatrix(rows, columns, _ranks(rng, modes))


def _tucker(rng: np.random.Generator, shape: Shape) -> Tucker:
    modes = _modes(shape, rng)
    return Tucker(modes, tuple(_upto(rng, m) for m in modes))


MAKERS: dict[str, Callable[[np.random.Generator, Shape], Compression]] = {
    "none": lambda rng, shape: NoCompression(),
    "prune": lambda rng, shape: Prune(_upto(rng, math.prod(shape))),
    "nm": _nm,
    "rows": lambda rng, shape: Rows(_upto(rng, shape[0])),
    "columns": lambda rng, shape: Columns(_upto(rng, shape[1])),
    "blocks": _blocks,
    "low_rank": lambda rng, shape: LowRank(_upto(rng, min(shape))),
    "shared_prune": lambda rng, shape: SharedPrune(GROUP, 1),
    "support": lambda rng, shape: Support(_upto(rng, math.prod(shape))),
    "grid": lambda rng, shape: Grid(int(rng.integers(2, 9))),
    "tt": _train,
    "tt_svd": _train_svd,
    "tt_matrix": _train_matrix,
    "cp": lambda rng, shape: CP(_modes(shape, rng), _upto(rng, 4)),
    "tucker": _tucker,
}
