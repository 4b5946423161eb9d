"""Runs of layers whose weights are bound to Z, by the solver, judged by the auditor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import nnbcd

N, SIZES = 40, (6, 8, 6, 3)


@pytest.fixture
def problem():
    random = np.random.default_rng(3)
    x, labels = random.normal(size=(N, SIZES[0])), np.arange(N) % SIZES[-1]
    x[np.arange(N), labels] += 2  # something to learn
    torch.manual_seed(3)
    layers = [nn.Linear(SIZES[0], SIZES[1]), nn.ReLU(), nn.Linear(SIZES[1], SIZES[2]), nn.ReLU(),
              nn.Linear(SIZES[2], SIZES[3])]  # fmt: skip
    return nn.Sequential(*layers), x, labels


def pruned(model):
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight[layer.weight.abs() < layer.weight.abs().median()] = 0.0
    return model


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("order", ["backward", "forward"])
@pytest.mark.parametrize("loss", ["squared", "squared_hinge"])
def test_weights_on_the_support_of_a_pruned_network(problem, dtype, order, loss):
    model, x, labels = problem
    model = pruned(model)
    kept = [int(torch.count_nonzero(layer.weight)) for layer in (model[0], model[2])]
    result = nnbcd.compress(
        model, x, labels, compression="support", sweeps=12, dtype=dtype, order=order, loss=loss
    )
    assert result.certificate.certified, result.certificate.refuted
    assert [layer.compression.nonzeros for layer in result.problem.layers[:2]] == kept


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["tt", "tt_matrix", "cp", "tucker"])
def test_factors_fitted_directly(problem, kind, dtype):
    model, x, labels = problem
    result = nnbcd.compress(
        model, x, labels, compression={"kind": kind, "direct": True, "keep": 0.7}, sweeps=12,
        dtype=dtype,
    )  # fmt: skip
    assert result.certificate.certified, result.certificate.refuted


def test_a_support_needs_zeros(problem):
    model, x, labels = problem
    with pytest.raises(nnbcd.InputError, match="support"):
        nnbcd.compress(model, x, labels, compression="support", sweeps=1)
