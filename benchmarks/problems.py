"""The problems that the benchmark times: shapes of networks from the literature, made-up data.

The times depend on shapes, not on what the samples mean, so X is random and Y the classes that a
random linear map gives it, both from a fixed seed; nothing is read from disk.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from nnbcd.activations import Identity, Relu
from nnbcd.compressions import COMPRESSIONS, Compression, NoCompression
from nnbcd.problem import Layer, Penalties, Problem
from nnbcd.start import from_weights, random_weights
from nnbcd.state import State
from nnbcd.sweep import Data

COMPRESSED = ("none", "tt")


@dataclass(frozen=True)
class Case:
    """A network of ReLU layers, its number of samples, and the rank that compresses it.

    ``rank`` caps every rank of a tensor train of the weights' reshape into four modes: 80 as
    published for HAR, which keeps about a fifth of its entries; 10 on the narrow flare network.
    """

    name: str
    sizes: tuple[int, ...]
    samples: int
    rank: int = 80


HAR = Case("har", (561, 1024, 1024, 1024, 512, 6), 7352)
MNIST = Case("mnist", (784, 1500, 1500, 1500, 10), 60_000)
CNN = Case("cnn", (5408, 1024, 1024, 10), 6000)
FLARE = Case("flare", (40, 300, 100, 2), 8114, rank=10)
MAIN = (HAR, MNIST, CNN, FLARE)
SCALING = (
    Case("samples-1k", (256, 512, 512, 10), 1024),
    Case("samples-4k", (256, 512, 512, 10), 4096),
    Case("samples-16k", (256, 512, 512, 10), 16_384),
    Case("width-128", (256, 128, 128, 10), 4096, rank=20),
    Case("width-2k", (256, 2048, 2048, 10), 4096),
    Case("depth-8", (256, *[512] * 8, 10), 4096),
)
"""One of samples, width and depth at a time."""


def cases(device: str, names: Sequence[str] = (), *, quick: bool = False) -> list[Case]:
    """The problems of one device, in the order of their names where given.

    A CPU gets a tenth of MNIST's samples; ``quick`` gives every case a tiny shape.
    """
    known = {case.name: case for case in (*MAIN, *SCALING)}
    if device == "cpu":
        known["mnist"] = replace(MNIST, samples=6000)
    chosen = [known[name] for name in names or [case.name for case in MAIN]]
    return [tiny(case) for case in chosen] if quick else chosen


def tiny(case: Case) -> Case:
    """The same depth and kind of sides, at most 24 a side and 60 samples."""
    sizes = tuple(max(2, min(24, size // 40)) for size in case.sizes)
    return replace(case, sizes=sizes, samples=60, rank=3)


def build(
    case: Case, compression: str, *, dtype: str, device: str, seed: int = 0
) -> tuple[Problem, Data, State]:
    """The problem, its data, and the start after a forward pass with random weights."""
    problem = Problem(layers=_layers(case, compression), samples=case.samples, dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    kind = torch.float32 if dtype == "float32" else torch.float64
    x = torch.randn(case.samples, case.sizes[0], generator=generator, dtype=kind)
    rule = torch.randn(case.sizes[0], case.sizes[-1], generator=generator, dtype=kind)
    y = torch.eye(case.sizes[-1], dtype=kind)[(x @ rule).argmax(1)]
    data = Data.of(x.to(device), y.to(device))
    return problem, data, from_weights(problem, data, random_weights(case.sizes, seed=seed))


def _layers(case: Case, compression: str) -> tuple[Layer, ...]:
    """All layers but the last are compressed, as in the trainer."""
    shapes = [(d, p) for p, d in itertools.pairwise(case.sizes)]
    members: list[Compression] = [NoCompression()] * len(shapes)
    if compression != "none":
        own = COMPRESSIONS[compression]
        members[:-1] = [own.from_size(shape, rank=case.rank) for shape in shapes[:-1]]
    return tuple(
        Layer(
            inputs=p,
            outputs=d,
            activation=Identity() if i == len(shapes) - 1 else Relu(),
            compression=member,
            penalties=Penalties(),
        )
        for i, ((d, p), member) in enumerate(zip(shapes, members, strict=True))
    )


def kept(problem: Problem) -> float:
    """The share of the compressed layers' entries that their compressions store."""
    layers = [layer for layer in problem.layers if layer.compressed]
    entries = sum(layer.inputs * layer.outputs for layer in layers)
    return sum(layer.compression.stored(layer.shape) for layer in layers) / max(entries, 1)
