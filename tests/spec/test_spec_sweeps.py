"""Whole sweeps: problem.json, the block order, descent, and the values of the objective."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnbcd_spec import STANDARD, Problem, objective_value, sweep, update_block

COMPRESSIONS: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "prune": {"kind": "prune", "nonzeros": 2},
    "tt": {"kind": "tt", "modes": [2, 2], "ranks": [1]},
    "tt_svd": {"kind": "tt_svd", "modes": [2, 2], "ranks": [1]},
}
RELU = {"kind": "relu"}
LEAKY = {"kind": "leaky_relu", "slope": 0.1}


def network(
    *layers: tuple[str, dict[str, Any]], samples: int = 3, seed: int = 0
) -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    """A network of widths 2 in float64, from (compression, activation) a layer."""
    rng = np.random.default_rng(seed)
    described, order, state = [], [], {}
    for i, (kind, activation) in enumerate(layers, start=1):
        has_z = int(kind != "none")
        penalties = {
            "gamma": 0.7, "rho": 1.3, "tau": 0.37 * has_z, "alpha": 0.11, "alpha_z": 0.2 * has_z,
            "mu": 0.05,
        }  # fmt: skip
        last = i == len(layers)
        described.append(
            {
                "inputs": 2,
                "outputs": 2,
                "activation": {"kind": "identity"} if last else activation,
                "compression": COMPRESSIONS[kind],
                "penalties": penalties,
            }
        )
        order = [f"V{i}", f"U{i}", f"W{i}", *([f"Z{i}"] if has_z else []), *order]
        for name in ("V", "U"):
            state[f"{name}{i}"] = rng.standard_normal((samples, 2))
        state |= {f"W{i}": rng.standard_normal((2, 2)), f"b{i}": rng.standard_normal(2)}
        if kind == "prune":
            state[f"Z{i}"] = np.diag(rng.standard_normal(2))
        elif has_z:
            state[f"Z{i}.1"] = rng.standard_normal((1, 2, 1))
            state[f"Z{i}.2"] = rng.standard_normal((1, 2, 1))
    problem = {"loss": {"kind": "squared"}, "order": order, "layers": described}
    return problem, rng.standard_normal((samples, 2)), rng.standard_normal((samples, 2)), state


NETWORKS = {
    "one": (("prune", RELU),),
    "two": (("tt", RELU), ("none", RELU)),
    "three": (("none", LEAKY), ("prune", RELU), ("tt", RELU)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_block_descends_by_its_proximal_half(name: str) -> None:
    problem, x, y, state = network(*NETWORKS[name])
    total = objective_value(problem, x, y, state)["total"]
    proximal = {"V": 0, "U": Fraction(0.11) / 2, "W": Fraction(0.11) / 2, "Z": Fraction(0.2) / 2}
    last = f"{len(problem['layers'])}"
    for block in [b for _ in range(2) for b in problem["order"]]:
        # rounding between blocks keeps the fractions short; each step starts from floats
        state = {key: np.asarray(value, dtype=float) for key, value in state.items()}
        total = objective_value(problem, x, y, state)["total"]
        new = update_block(problem, x, y, state, block)
        after = objective_value(problem, x, y, {**state, **new})["total"]
        moved = sum(
            (Fraction(a) - Fraction(b)) ** 2
            for key in new
            for a, b in zip(new[key].flat, state[key].flat, strict=True)
        )
        constant = 0 if block == f"U{last}" else proximal[block[0]]
        assert total - after >= constant * moved
        state = {**state, **new}


def test_a_sweep_is_its_blocks_in_order() -> None:
    problem, x, y, state = network(*NETWORKS["two"])
    current: dict[str, Any] = dict(state)
    for block in problem["order"]:
        current |= update_block(problem, x, y, current, block)
    swept = sweep(problem, x, y, state)
    assert set(swept) == set(state)
    assert all(np.array_equal(swept[key], current[key]) for key in swept)
    parsed = sweep(Problem.from_json(problem), x, y, state)
    assert all(np.array_equal(swept[key], parsed[key]) for key in swept)


def test_the_order_claimed_is_the_order_run() -> None:
    problem, x, y, state = network(*NETWORKS["one"])
    other = {**problem, "order": problem["order"][::-1]}
    assert not np.array_equal(sweep(problem, x, y, state)["W1"], sweep(other, x, y, state)["W1"])
    assert Problem.from_json(problem).blocks() == tuple(problem["order"])


def test_a_sweep_leaves_its_start_alone() -> None:
    problem, x, y, state = network(*NETWORKS["two"])
    before = copy.deepcopy(state)
    sweep(problem, x, y, state)
    assert all(np.array_equal(before[key], state[key]) for key in before)


def test_objective_values_agree_with_floats() -> None:
    problem, x, y, s = network(("prune", LEAKY), ("none", RELU))
    values = objective_value(problem, x, y, s)
    assert list(values) == ["loss", "gamma", "rho", "tau", "mu", "total"]
    assert all(type(value) is Fraction for value in values.values())
    leaky = np.where(s["U1"] > 0, s["U1"], 0.1 * s["U1"])
    gaps = [s["U1"] - (x @ s["W1"].T + s["b1"]), s["U2"] - (s["V1"] @ s["W2"].T + s["b2"])]
    expected = {
        "loss": ((s["V2"] - y) ** 2).sum() / 2,
        "gamma": 0.35 * (((s["V1"] - leaky) ** 2).sum() + ((s["V2"] - s["U2"]) ** 2).sum()),
        "rho": 0.65 * sum((gap**2).sum() for gap in gaps),
        "tau": 0.185 * ((s["W1"] - s["Z1"]) ** 2).sum(),
        "mu": 0.025 * sum((s[key] ** 2).sum() for key in ("W1", "b1", "W2", "b2")),
    }
    for name, value in expected.items():
        assert float(values[name]) == pytest.approx(value, rel=1e-13)
    assert values["total"] == sum(values[name] for name in expected)


def test_a_changed_objective_changes_sweep_and_value_together() -> None:
    problem, x, y, state = network(*NETWORKS["one"])
    lighter = STANDARD.without("mu")
    unpenalised = copy.deepcopy(problem)
    unpenalised["layers"][0]["penalties"]["mu"] = 0
    changed, zero = sweep(problem, x, y, state, objective=lighter), sweep(unpenalised, x, y, state)
    assert all(np.array_equal(changed[key], zero[key]) for key in zero)
    assert "mu" not in objective_value(problem, x, y, state, objective=lighter)


def test_tt_svd_runs_and_feeds_the_next_block() -> None:
    problem, x, y, state = network(("tt_svd", RELU))
    after = sweep(problem, x, y, sweep(problem, x, y, state))
    assert objective_value(problem, x, y, after)["total"] > 0


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        (("order",), ["V1", "U1", "W1"], "order"),
        (("order",), ["V1", "U1", "W1", "Z1", "Z1"], "order"),
        (("loss",), {"kind": "hinge"}, "hinge"),
        (("layers", 0, "activation"), {"kind": "relu"}, "last layer"),
        (("layers", 0, "penalties", "gamma"), 0, "gamma"),
        (("layers", 0, "penalties", "alpha"), -1, "alpha"),
        (("layers", 0, "penalties", "tau"), 0, "tau"),
        (("layers", 0, "penalties"), {"gamma": 1}, "penalties"),
        (("layers", 0, "compression"), {"kind": "none"}, "without compression"),
        (("layers", 0, "compression", "nonzeros"), 5, "nonzeros"),
    ],
)
def test_problems_outside_the_format_are_refused(
    where: tuple[Any, ...], value: Any, says: str
) -> None:
    problem, *_ = network(*NETWORKS["one"])
    problem = copy.deepcopy(problem)
    inner: Any = problem
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(ValueError, match=says):
        Problem.from_json(problem)


def test_unknown_blocks_and_missing_tensors_are_refused() -> None:
    problem, x, y, state = network(*NETWORKS["one"])
    with pytest.raises(ValueError, match="given 'V2'"):
        update_block(problem, x, y, state, "V2")
    with pytest.raises(ValueError, match="'W1' is needed"):
        update_block(problem, x, y, {k: v for k, v in state.items() if k != "W1"}, "U1")


def test_layers_that_do_not_join_are_refused() -> None:
    problem, *_ = network(*NETWORKS["two"])
    problem["layers"][1] = {**problem["layers"][1], "inputs": 3}
    with pytest.raises(ValueError, match="inputs: given 3; allowed: 2"):
        Problem.from_json(problem)


NEW: dict[str, tuple[dict[str, Any], str, str]] = {
    "nm": ({"n": 1, "m": 2}, "tanh", "logistic"),
    "rows": ({"count": 1}, "abs", "binary_hinge"),
    "blocks": ({"shape": [1, 2], "count": 1}, "hard_tanh", "weston_watkins"),
    "low_rank": ({"rank": 1}, "relu6", "crammer_singer"),
    "grid": ({"bits": 3}, "sigmoid", "cross_entropy"),
    "tt_matrix": ({"row_modes": [2, 1], "column_modes": [1, 2], "ranks": [1]}, "abs", "squared"),
    "cp": ({"modes": [2, 2], "rank": 1}, "hard_sigmoid", "logistic"),
    "tucker": ({"modes": [2, 2], "ranks": [1, 1]}, "tanh", "cross_entropy"),
}


@pytest.mark.parametrize("kind", NEW)
def test_a_sweep_of_any_member_descends(kind: str) -> None:
    keys, activation, loss = NEW[kind]
    problem, x, _, state = network(("prune", {"kind": activation}), ("none", RELU), samples=2)
    problem["layers"][0]["compression"] = {"kind": kind, **keys}
    problem["loss"] = {"kind": loss}
    parsed = Problem.from_json(problem)
    y = 2 * np.eye(2) - 1 if loss in ("logistic", "binary_hinge") else np.eye(2)
    start = {name: v for name, v in state.items() if name[0] != "Z"}
    shapes = parsed.layers[0].compression.shapes((2, 2))
    for name, shape in zip(parsed.factor_names(1), shapes, strict=True):
        start[name] = np.ones(shape) if len(shapes) > 1 else np.array([[0.5, 0], [0, 0]])
    after = sweep(parsed, x, y, start)
    assert set(after) == set(start)
    before, end = (objective_value(parsed, x, y, s)["total"] for s in (start, after))
    assert end < before
