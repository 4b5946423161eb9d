"""Support and direct layers as a user says them: keywords, files, model files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nnbcd
from nnbcd.config import load_config
from nnbcd.errors import InputError
from nnbcd.prepare import Wish


def network(zeros: bool = True) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3)
        )
    with torch.no_grad():
        for layer in (model[0], model[2]):
            if zeros:
                layer.weight[layer.weight.abs() < 0.15] = 0
    return model


def blobs() -> tuple[Any, Any]:
    labels = np.arange(30) % 3
    return np.random.default_rng(0).normal(size=(30, 12)) + 2 * labels[:, None], labels


def test_the_support_of_a_pruned_network_stays_and_is_exported_sparse(tmp_path: Path) -> None:
    x, y = blobs()
    model = network()
    run = nnbcd.compress(
        model, x, y, compression="support", sweeps=3, audit=False, out=tmp_path / "run"
    )
    for own, layer in zip(run.outcome.state.layers, (model[0], model[2]), strict=False):
        assert torch.equal(own.W != 0, layer.weight != 0)
        assert not torch.equal(own.W, layer.weight.double())
    kept = sum(int((layer.weight != 0).sum()) for layer in (model[0], model[2]))
    assert run.kept_fraction == kept / 128
    again = nnbcd.load_model(tmp_path / "run" / "model.safetensors")
    assert torch.equal(again.predict(x), run.model.predict(x))
    assert sum(layer.stored()["values"].numel() for layer in list(again)[:3:2]) == kept
    recorded = json.loads((tmp_path / "run" / "problem.json").read_text())
    assert "Z1" not in recorded["order"]


def test_a_dense_network_has_no_support_unless_a_size_is_said() -> None:
    x, y = blobs()
    with pytest.raises(InputError, match="compression support: given no size, and weights of"):
        nnbcd.compress(network(False), x, y, compression="support", sweeps=1, audit=False)
    run = nnbcd.compress(
        network(False), x, y, compression="support", keep=0.5, sweeps=1, audit=False
    )
    assert run.kept_fraction == 0.5


@pytest.mark.parametrize("kind", ["tt", "tt_matrix", "cp", "tucker"])
def test_direct_layers_are_exported_as_their_factors(kind: str, tmp_path: Path) -> None:
    x, y = blobs()
    run = nnbcd.compress(
        network(), x, y, compression=kind, keep=0.6, direct=True, sweeps=2, audit=False,
        out=tmp_path / "run",
    )  # fmt: skip
    layer = run.problem.layers[0]
    own = run.outcome.state.layer(1)
    assert torch.equal(own.W, layer.compression.expand(own.Z, layer.shape))
    again = nnbcd.load_model(tmp_path / "run" / "model.safetensors")
    assert torch.equal(again.predict(x), run.model.predict(x))
    assert next(iter(again)).kind == kind


def test_a_file_says_direct_or_support(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    head = '[data]\nsource = "digits"\n[network]\nhidden = [8, 4]\n[compression]\n'
    path.write_text(head + 'kind = "tt"\nrank = 2\ndirect = true\n')
    config = load_config(path).compression
    made = Wish(config.kind, config.given()).resolve([(8, 64), (4, 8)], dtype="float64")
    assert all(one.to_json()["direct"] is True for one in made)
    path.write_text(head + 'kind = "support"\n')
    assert load_config(path).compression.given() == {}
    path.write_text(head + 'kind = "tt"\nrank = 2\ndirect = 1\n')
    with pytest.raises(InputError, match="direct: given 1; allowed: true or false"):
        load_config(path)
    path.write_text(head + 'kind = "tt_svd"\nrank = 2\ndirect = true\n')
    with pytest.raises(InputError, match="direct: given True; allowed: with kind"):
        load_config(path)
