"""Activations, losses, weights and orders as a user says them: API, configuration, files."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import nnbcd
from nnbcd.activations import Piecewise, Tanh, activation_from
from nnbcd.api import run_config
from nnbcd.blocks import update_v_out
from nnbcd.config import load_config, parse_config
from nnbcd.data import load_digits
from nnbcd.errors import InputError
from nnbcd.goals import Goals
from nnbcd.losses import LOSSES, Huber, Loss
from nnbcd.objective import terms
from nnbcd.options import Options
from nnbcd.prepare import Wish, build_problem, hidden_activations, inputs, spread_penalties
from nnbcd.problem import ORDERS
from nnbcd.start import from_weights, random_weights, read_network
from nnbcd.sweep import Data, sweep

DATA = {"source": "digits"}
PIECEWISE = {"kind": "piecewise", "breaks": [-1, 0.5], "slopes": [0, 1, 0.25], "value": -1}
ACTIVATIONS = (
    "identity", "relu", "leaky_relu", "abs", "hard_tanh", "relu6", "hard_sigmoid", PIECEWISE,
    "tanh", "sigmoid",
)  # fmt: skip


def digits(n: int = 60) -> tuple[Any, Any]:
    whole = load_digits()
    return whole.x[:n], whole.labels[:n]


def objectives(loss: str, activation: Any, order: str, weighted: bool, sweeps: int) -> list[float]:
    """The objective after each sweep of a small network on digits."""
    x, labels = digits()
    features = inputs(x, dtype="float64", device="cpu")
    how = Options(loss=loss, order=order, class_weight="balanced" if weighted else None)
    goals = Goals.of(labels, 10, features, how.member())
    activations = hidden_activations(activation_from(activation), 2)
    penalties = {"gamma": 0.1, "rho": 0.1, "tau": 10.0, "alpha": 0.1, "alpha_z": 0.1}
    problem = build_problem(
        [64, 12, 10], activations, wish=Wish("prune", {"keep": 0.3}), samples=60, dtype="float64",
        name="t",
        penalties=spread_penalties(penalties, 2), loss=how.member(), weighted=how.weighted,
        order=how.blocks(),
    )  # fmt: skip
    data = Data.of(features, goals.y, goals.weights(None, how.class_weight))
    state = from_weights(problem, data, random_weights([64, 12, 10], seed=0))
    found = [float(terms(problem, data, state)["total"])]
    for _ in range(sweeps):
        state = sweep(problem, data, state)
        found.append(float(terms(problem, data, state)["total"]))
    return found


def falls(values: list[float]) -> bool:
    return all(b < a for a, b in pairwise(values))


@pytest.mark.parametrize("order", ["backward", "forward"])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_descends_on_digits(loss: str, order: str) -> None:
    assert falls(objectives(loss, "relu", order, weighted=True, sweeps=5))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_each_activation_descends_on_digits(activation: Any) -> None:
    assert falls(objectives("cross_entropy", activation, "backward", weighted=False, sweeps=5))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_sweep_weighs_its_samples(loss: str) -> None:
    """The weighted objective falls by what is guaranteed; unweighted steps miss it."""
    _, labels = digits()
    member: Loss = LOSSES[loss]()
    y = member.targets.encode(torch.as_tensor(labels), 10, torch.zeros(1).double())
    u, s = torch.zeros_like(y), torch.linspace(0.1, 9, 60).double()

    def objective(v: torch.Tensor) -> float:
        return float(member.value(v, y, s) + v.square().sum())

    keywords: dict[str, Any] = {"loss": member, "gamma": 1.0, "alpha": 1.0}
    weighted = objective(update_v_out(u, u, y, weights=s, **keywords))
    assert weighted < objective(update_v_out(u, u, y, **keywords)) * (1 - 1e-6)


def test_a_run_records_loss_weights_and_order(tmp_path: Path) -> None:
    x, y = digits()
    result = nnbcd.train(
        x, y, hidden=(8,), loss={"kind": "huber", "delta": 0.5}, activation=PIECEWISE,
        sample_weight=np.linspace(1, 2, 60), class_weight={3: 4.0}, order="forward", keep=0.5,
        sweeps=3, audit=False, evaluation=(x, y), out=tmp_path / "run",
    )  # fmt: skip
    problem = json.loads((tmp_path / "run" / "problem.json").read_text())
    assert problem["loss"] == {"kind": "huber", "delta": 0.5, "weighted": True}
    assert problem["order"] == ["V1", "U1", "W1", "Z1", "V2", "U2", "W2"]
    assert problem["layers"][0]["activation"] == PIECEWISE
    s = load_file(tmp_path / "run" / "data.safetensors")["S"]
    expected = torch.linspace(1, 2, 60).double() * torch.where(torch.as_tensor(y) == 3, 4.0, 1.0)
    torch.testing.assert_close(s, expected)
    assert result.outcome.metric == "accuracy"
    again = nnbcd.load_model(tmp_path / "run" / "model.safetensors")
    assert torch.equal(again.predict(x), result.model.predict(x))
    assert json.loads((tmp_path / "run" / "run.json").read_text())["metric"] == "accuracy"


def test_an_unweighted_run_says_nothing_of_weights(tmp_path: Path) -> None:
    x, y = digits()
    nnbcd.train(x, y, hidden=(8,), sweeps=1, audit=False, out=tmp_path / "run", dtype="float32")
    assert "weighted" not in (tmp_path / "run" / "problem.json").read_text()
    assert set(load_file(tmp_path / "run" / "data.safetensors")) == {"X", "Y"}


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_models_come_back_from_files_and_as_networks(activation: Any, tmp_path: Path) -> None:
    x, y = digits(30)
    options: dict[str, Any] = {"sweeps": 1, "audit": False}
    result = nnbcd.train(x, y, hidden=(6,), activation=activation, **options, out=tmp_path / "r")
    again = nnbcd.load_model(tmp_path / "r" / "model.safetensors")
    assert torch.equal(again.predict(x), result.model.predict(x))
    _, activations = read_network(result.model.to_dense())
    assert activations == [layer.activation for layer in result.problem.layers]


def test_torch_networks_are_read() -> None:
    modules = (nn.ReLU(), nn.LeakyReLU(0.2), nn.Hardtanh(), nn.ReLU6(), nn.Hardsigmoid(),
               nn.Tanh(), nn.Sigmoid())  # fmt: skip
    layers = [part for module in modules for part in (nn.Linear(3, 3), module, nn.Dropout())]
    _, activations = read_network(nn.Sequential(*layers, nn.Linear(3, 2)))
    assert [a.kind for a in activations] == [
        "relu", "leaky_relu", "hard_tanh", "relu6", "hard_sigmoid", "tanh", "sigmoid", "identity",
    ]  # fmt: skip
    wrong = nn.Sequential(nn.Linear(3, 3), nn.Hardtanh(-2, 2), nn.Linear(3, 2))
    with pytest.raises(InputError, match=r"module 1 is Hardtanh.*allowed: a Sequential"):
        read_network(wrong)
    doubled = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.ReLU(), nn.Linear(3, 2))
    with pytest.raises(InputError, match="module 2 is ReLU"):
        read_network(doubled)


@pytest.mark.parametrize("loss", LOSSES)
def test_compress_takes_every_loss(loss: str) -> None:
    x, y = digits()
    model = nn.Sequential(nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 10))
    result = nnbcd.compress(model, x, y, loss=loss, keep=0.5, sweeps=2, audit=False)
    assert result.problem.loss.kind == loss
    assert result.problem.layers[0].activation == Tanh()


def test_two_classes_in_one_column() -> None:
    x, y = digits(100)
    signs = np.where(y == 3, 1.0, -1.0)[:, None]
    result = nnbcd.train(x, signs, hidden=(8,), loss="logistic", keep=0.9, sweeps=60,
                         class_weight="balanced", evaluation=(x, signs), audit=False)  # fmt: skip
    assert result.outcome.metric == "accuracy"
    assert result.score is not None
    assert result.score > 0.9


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"loss": "hubber"}, 'loss: given kind "hubber"; allowed: squared, huber, binary_hinge'),
        ({"loss": {"kind": "huber", "delta": 0}}, "huber delta: given 0.0; allowed: a finite"),
        ({"loss": {"kind": "squared", "weighted": True}}, "given weighted = True"),
        ({"activation": "swish"}, 'activation: given kind "swish"; allowed: identity, relu'),
        ({"order": "sideways"}, 'order: given "sideways"; allowed: backward, forward'),
        ({"order": ["V1", "U1"]}, "order: given ['V1', 'U1']; allowed: ['V2', 'U2', 'W2', 'V1'"),
        ({"sample_weight": [1.0]}, "sample_weight: given float64 of shape (1,)"),
        ({"class_weight": "fair"}, "class_weight: given 'fair'; allowed: \"balanced\""),
        ({"class_weight": {10: 1.0}}, "class_weight: given class 10; allowed: 0 to 9"),
    ],
)
def test_what_cannot_be_is_refused(keywords: Any, message: str) -> None:
    x, y = digits()
    with pytest.raises(InputError, match=re.escape(message)):
        nnbcd.train(x, y, hidden=(8,), audit=False, **keywords)


def test_targets_a_loss_does_not_take_are_refused() -> None:
    x, y = digits()
    with pytest.raises(InputError, match=r"y: row 0 is \[0.5\]; allowed: labels, or entries -1"):
        nnbcd.train(x, np.full((60, 1), 0.5), loss="binary_hinge", audit=False)
    model = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))
    with pytest.raises(InputError, match="y: missing; loss cross_entropy takes labels"):
        nnbcd.compress(model, x, loss="cross_entropy", audit=False)
    with pytest.raises(TypeError, match="keap"):
        nnbcd.compress(model, x, y, keap=0.1)


def test_a_whole_order_may_be_given() -> None:
    x, y = digits()
    order = ["W1", "Z1", "U1", "V1", "W2", "U2", "V2"]
    result = nnbcd.train(x, y, hidden=(8,), order=order, sweeps=1, audit=False)
    assert list(result.problem.order) == order
    layers = result.problem.layers
    assert ORDERS["backward"](layers) == ("V2", "U2", "W2", "V1", "U1", "W1", "Z1")
    assert ORDERS["forward"](layers) == ("V1", "U1", "W1", "Z1", "V2", "U2", "W2")


def test_a_configuration_says_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        '[data]\nsource = "digits"\nclass_weight = {0 = 2.0, 9 = 0.5}\n'
        "[network]\nhidden = [8]\n"
        'activation = {kind = "piecewise", breaks = [-1.0, 1.0], slopes = [0, 1, 0], value = -1}\n'
        '[loss]\nkind = "huber"\ndelta = 0.5\n'
        '[compression]\nkind = "prune"\nkeep = 0.5\n'
        '[run]\nsweeps = 1\norder = "forward"\naudit = false\n',
        encoding="utf-8",
    )
    result = run_config(load_config(path), out=tmp_path / "run")
    problem = result.problem
    assert problem.loss == Huber(0.5)
    assert problem.weighted
    assert problem.order[0] == "V1"
    assert problem.layers[0].activation == Piecewise((-1.0, 1.0), (0.0, 1.0, 0.0), -1.0)
    s = load_file(tmp_path / "run" / "data.safetensors")["S"]
    assert sorted(set(s.tolist())) == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("loss", ["logistic", "crammer_singer"])
def test_a_start_by_back_propagation_minimises_the_same_loss(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nnbcd.configured.EPOCHS", 1)
    config = parse_config(
        {
            "data": DATA,
            "network": {"hidden": [8], "start": "backprop", "activation": "abs"},
            "loss": {"kind": loss},
            "run": {"sweeps": 1, "audit": False, "order": ["V2", "U2", "W2", "V1", "W1", "U1"]},
        }
    )
    result = run_config(config, out=tmp_path / "run")
    assert result.problem.loss.kind == loss
    assert result.outcome.metric == "accuracy"


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            {"network": {"activation": "swish"}},
            'network.activation: given kind "swish"; allowed: identity, relu, leaky_relu, abs, '
            "hard_tanh, relu6, hard_sigmoid, piecewise, tanh, sigmoid",
        ),
        (
            {"network": {"activation": {"kind": "piecewise", "breaks": [0.0]}}},
            "network.activation: slopes is missing; piecewise needs breaks, slopes, value",
        ),
        (
            {"network": {"activation": 3}},
            "network.activation: given 3; allowed: a kind, or a table with kind",
        ),
        (
            {"network": {"activation": "tanh", "slope": 0.1}},
            'network.slope: given 0.1; allowed: with activation "leaky_relu" only',
        ),
        (
            {"loss": {"kind": "hubber"}},
            'loss: given kind "hubber"; allowed: squared, huber, binary_hinge, logistic, '
            "weston_watkins, crammer_singer, squared_hinge, cross_entropy",
        ),
        (
            {"loss": {"kind": "huber", "detla": 1.0}},
            'loss: given key "detla"; allowed for huber: delta',
        ),
        (
            {"loss": {"kind": "huber", "delta": -1.0}},
            "loss: huber delta: given -1.0; allowed: a finite number > 0",
        ),
        ({"loss": 3}, "loss: given 3; allowed: a table [loss]"),
        (
            {"data": DATA | {"class_weight": "fair"}},
            'data.class_weight: given "fair"; allowed: "balanced", or a table of finite numbers '
            "> 0 by class",
        ),
        (
            {"data": DATA | {"class_weight": {"0": 0}}},
            'data.class_weight: given {"0": 0}; allowed: "balanced", or a table of finite numbers '
            "> 0 by class",
        ),
        (
            {"data": {"source": "npz", "path": "x", "task": "regression",
                      "class_weight": "balanced"}},
            "data.class_weight: given 'balanced'; allowed: with task \"classification\" only",
        ),
        (
            {"run": {"order": "sideways"}},
            'run.order: given "sideways"; allowed: "backward", "forward", or a list of all block '
            "names",
        ),
    ],
)  # fmt: skip
def test_each_complaint(tables: Any, line: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_config({"data": DATA} | tables)
    assert str(caught.value) == f"configuration: {line}"


def test_classes_that_the_data_lack_are_named(tmp_path: Path) -> None:
    config = parse_config({"data": DATA | {"class_weight": {"ten": 1.0}}})
    with pytest.raises(InputError, match=r'data\.class_weight: given class "ten"; allowed: 0, 1'):
        run_config(config, out=tmp_path / "run", audit=False)
