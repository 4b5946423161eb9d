"""Random valid problems for the torch solver: shapes, penalties and data that are hard on it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nnbcd.activations import Activation, Identity, LeakyRelu, Relu
from nnbcd.problem import Layer, Penalties, Problem
from nnbcd.start import from_weights, random_weights
from nnbcd.state import State
from nnbcd.sweep import Data
from random_compressions import random_compression, settle_groups


@dataclass(frozen=True)
class Case:
    """A problem with its data and start."""

    problem: Problem
    data: Data
    start: State


def random_case(
    seed: int,
    *,
    dtype: str = "float64",
    low: float = 1e-3,
    high: float = 1e3,
    kinds: tuple[str, ...] = ("none", "prune", "tt"),
    depth: int | None = None,
    largest: int = 7,
    samples: int | None = None,
    exact_fit: bool | None = None,
    hard: bool = True,
) -> Case:
    """A random problem; every choice follows from ``seed``.

    ``hard``: features may be rank-deficient, constant, repeated, empty or badly scaled.
    """
    rng = np.random.default_rng(seed)
    depth = depth or int(rng.integers(1, 5))
    sizes = [int(k) for k in rng.integers(1, largest + 1, depth + 1)]
    n = samples or int(rng.choice([1, 2, 3, 5, 9, 20]))
    layers = tuple(
        _layer(rng, p, d, last=i == depth - 1, kinds=kinds, low=low, high=high)
        for i, (p, d) in enumerate(itertools.pairwise(sizes))
    )
    layers = settle_groups(rng, layers)
    problem = Problem(layers=layers, samples=n, dtype=dtype, name=f"random-{seed}")
    kind = torch.float32 if dtype == "float32" else torch.float64
    x = torch.as_tensor(_features(rng, n, sizes[0], hard), dtype=kind)
    weights = random_weights(sizes, seed=seed)
    y = torch.as_tensor(rng.normal(size=(n, sizes[-1])), dtype=kind)
    data = Data.of(x, y)
    state = from_weights(problem, data, weights)
    reached = state.layers[-1].V
    # Outputs of 0 (dead layers) as targets leave nothing to do and nothing to be judged.
    if (exact_fit if exact_fit is not None else rng.random() < 0.2) and bool(reached.any()):
        data = Data.of(x, reached.clone())
    return Case(problem, data, state)


def _features(rng: np.random.Generator, n: int, p: int, hard: bool) -> Any:
    x = rng.normal(size=(n, p))
    match rng.integers(5) if hard else None:
        case 0:  # rank one
            x = np.outer(rng.normal(size=n), rng.normal(size=p))
        case 1:  # a constant column, confounded with the bias
            x[:, 0] = 1.0
        case 2:  # repeated columns, and an empty one
            x[:, -1] = x[:, 0]
            x[:, p // 2] = 0.0
        case 3:  # large and small columns
            x = x * np.logspace(-2, 2, p)
        case _:
            pass
    return x


def _layer(
    rng: np.random.Generator,
    p: int,
    d: int,
    *,
    last: bool,
    kinds: tuple[str, ...],
    low: float,
    high: float,
) -> Layer:
    def weight() -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    members: tuple[Activation, ...] = (Identity(), Relu(), LeakyRelu(0.125), Relu())
    return Layer(
        inputs=p,
        outputs=d,
        activation=Identity() if last else members[rng.integers(4)],
        compression=random_compression(rng, str(rng.choice(kinds)), (d, p)),
        penalties=Penalties(
            gamma=weight(),
            rho=weight(),
            tau=weight(),
            alpha=weight(),
            alpha_z=weight(),
            mu=weight() if rng.random() < 0.5 else 0.0,
        ),
    )
