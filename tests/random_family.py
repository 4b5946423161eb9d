"""Random problems over the whole family: any activation, loss, compression, weights and order."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

import family
from nnbcd.activations import activation_from
from nnbcd.losses import loss_from
from nnbcd.problem import ORDERS, Problem
from nnbcd.start import from_weights
from nnbcd.sweep import Data
from random_problems import Case, random_case


def family_case(seed: int, **choices: Any) -> Case:
    """As :func:`random_problems.random_case` draws it, with members of the whole family put in.

    The loss is weighted in a third of the cases.  Half of the orders are backward, a quarter
    forward, a quarter any permutation in which each V comes before its U.
    """
    base = random_case(seed, exact_fit=False, **({"kinds": family.COMPRESSIONS} | choices))
    rng = np.random.default_rng([seed, 1])
    hidden = list(family.ACTIVATIONS)
    layers = tuple(
        dataclasses.replace(
            layer, activation=activation_from(family.activation(_pick(rng, hidden)))
        )
        if i < base.problem.depth
        else layer
        for i, layer in enumerate(base.problem.layers, start=1)
    )
    n, outputs = base.problem.samples, layers[-1].outputs
    losses = [kind for kind in family.LOSSES if outputs > 1 or kind not in family.ONE_HOT]
    kind = _pick(rng, losses)
    weighted = bool(rng.random() < 1 / 3)
    problem = dataclasses.replace(
        base.problem,
        layers=layers,
        loss=loss_from(family.loss(kind)),
        weighted=weighted,
        order=_order(rng, base.problem),
    )
    y = torch.as_tensor(family.targets(kind, rng, n, outputs)).to(base.data.X)
    s = torch.as_tensor(np.exp(rng.uniform(-2, 2, n))).to(base.data.X) if weighted else None
    data = Data.of(base.data.X, y, s)
    weights = [(own.W, own.b) for own in base.start.layers]
    return Case(problem, data, from_weights(problem, data, weights))


def _pick(rng: np.random.Generator, kinds: list[str]) -> str:
    return kinds[int(rng.integers(len(kinds)))]


def _order(rng: np.random.Generator, problem: Problem) -> tuple[str, ...]:
    drawn = int(rng.integers(4))
    if drawn < 3:
        return ORDERS["forward" if drawn == 2 else "backward"](problem.layers)
    order = [str(block) for block in rng.permutation(problem.order)]
    for i in range(1, problem.depth + 1):
        v, u = order.index(f"V{i}"), order.index(f"U{i}")
        if v > u:
            order[v], order[u] = order[u], order[v]
    return tuple(order)
