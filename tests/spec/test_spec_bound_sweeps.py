"""Whole sweeps of networks with supports, direct factors and the squared hinge, exactly."""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnbcd_spec import Problem, blocks, objective_value, sweep, update_block

Source = random.Random
FACTORED: dict[str, dict[str, Any]] = {
    "tt": {"modes": [2, 2], "ranks": [1]},
    "tt_matrix": {"row_modes": [2, 1], "column_modes": [1, 2], "ranks": [1]},
    "cp": {"modes": [2, 2], "rank": 1},
    "tucker": {"modes": [2, 2], "ranks": [1, 2]},
}
BOUND = ("support", *(f"direct {kind}" for kind in FACTORED))
KINDS = (*BOUND, "none", "prune", "tt")
Case = tuple[dict[str, Any], Any, Any, dict[str, Any]]


def eighths(source: Source, *shape: int) -> Any:
    """Numbers that floats hold exactly."""
    size = int(np.prod(shape))
    return np.array([source.randint(-12, 12) / 8 for _ in range(size)]).reshape(shape)


def compression(kind: str, source: Source) -> dict[str, Any]:
    if kind == "support":
        return {"kind": "support", "nonzeros": source.randint(1, 4)}
    if kind == "prune":
        return {"kind": "prune", "nonzeros": 2}
    name = kind.removeprefix("direct ")
    direct = {"direct": True} if kind != name else {}
    return {"kind": name, **FACTORED.get(name, {}), **direct}


def penalties(kind: str, source: Source) -> dict[str, Any]:
    own = {name: source.randint(1, 9) / 4 for name in ("gamma", "rho", "tau", "alpha", "alpha_z")}
    own["mu"] = source.randint(0, 4) / 8
    absent = {"none": ("tau", "alpha_z"), "support": ("tau", "alpha_z")}
    for name in absent.get(kind, ("tau",) if kind.startswith("direct") else ()):
        own[name] = 0
    return own


def network(kinds: tuple[str, ...], source: Source, samples: int = 2) -> Case:
    """A random network of widths 2 with a random order of its blocks, and a feasible state."""
    activations = [{"kind": source.choice(["relu", "abs", "hard_tanh"])} for _ in kinds]
    activations[-1] = {"kind": "identity"}
    layers = [
        {"inputs": 2, "outputs": 2, "activation": s, "compression": compression(kind, source),
         "penalties": penalties(kind, source)}
        for kind, s in zip(kinds, activations, strict=True)
    ]  # fmt: skip
    problem = {"loss": {"kind": source.choice(["squared", "squared_hinge"])}, "layers": layers}
    order = [f"{name}{i}" for i, kind in enumerate(kinds, start=1)
             for name in ("VUW" if kind in ("none", "support") else "VUWZ")]  # fmt: skip
    source.shuffle(order)
    problem["order"] = order
    state: dict[str, Any] = {}
    for i, layer in enumerate(Problem.from_json(problem).layers, start=1):
        state |= {f"{n}{i}": eighths(source, samples, 2) for n in ("V", "U")}
        state |= start(i, layer.compression, source)
    y = np.array([[source.randint(0, 1) for _ in range(2)] for _ in range(samples)])
    return problem, eighths(source, samples, 2), y, state


def start(i: int, member: Any, source: Source) -> dict[str, Any]:
    """W_i, b_i and Z_i as the layer allows them."""
    w, shapes = eighths(source, 2, 2), member.shapes((2, 2))
    factors = tuple(eighths(source, *s) for s in shapes)
    if member.bond == "support":
        places = source.sample(range(4), member.nonzeros)
        factors = (np.isin(np.arange(4), places).astype(float).reshape(2, 2),)
        w = w * factors[0]
    elif member.kind == "prune":
        factors = (np.diag(np.diag(factors[0])),)
    elif member.bond == "direct":
        w = np.asarray(member.expand(factors, (2, 2)), dtype=float)
    names = [f"Z{i}"] if len(shapes) == 1 else [f"Z{i}.{j + 1}" for j in range(len(shapes))]
    return {f"W{i}": w, f"b{i}": eighths(source, 2), **dict(zip(names, factors, strict=True))}


def total(case: Case, state: Any) -> Fraction:
    problem, x, y, _ = case
    return objective_value(problem, x, y, state)["total"]


def constant(problem: dict[str, Any], block: str) -> Any:
    """What the objective falls by at least, over the squared step of the block's variables."""
    i = int(block[1:])
    layer, last = problem["layers"][i - 1], i == len(problem["layers"])
    p = {name: Fraction(x) for name, x in layer["penalties"].items()}
    factored = layer["compression"]["kind"] in FACTORED
    own = {
        "V": p["gamma"] / 2 + p["alpha"] if last else p["gamma"] / 2,
        "U": (p["gamma"] + p["rho"]) / 2 if last else p["alpha"] / 2,
        "W": p["alpha"] + p["mu"] / 2,
        "Z": p["alpha_z"] if factored else p["alpha_z"] / 2,
    }
    return own[block[0]]


def rounded(state: Any, problem: dict[str, Any]) -> Any:
    """The state in floats, with W made of the factors again where it is."""
    short = {name: np.asarray(x, dtype=float) for name, x in state.items()}
    parsed = Problem.from_json(problem)
    for i, layer in enumerate(parsed.layers, start=1):
        if layer.compression.bond == "direct":
            factors = tuple(short[name] for name in parsed.factor_names(i))
            short[f"W{i}"] = np.asarray(layer.compression.expand(factors, (2, 2)), dtype=float)
    return short


def step(problem: dict[str, Any], block: str, new: Any, old: Any) -> Fraction:
    """The squared step of the block's own variables: of a direct Z the factors, not C(Z)."""
    names = [name for name in new if not (block[0] == "Z" and name[0] == "W")]
    pairs = (pair for name in names for pair in zip(new[name].flat, old[name].flat, strict=True))
    return sum(((Fraction(a) - Fraction(b)) ** 2 for a, b in pairs), Fraction(0))


def check_descent(kind: str, seeds: int) -> None:
    for seed in range(seeds):
        source = random.Random(f"{kind}/{seed}")
        case = network((kind, source.choice(KINDS)), source)
        problem, x, y, state = case
        for block in problem["order"] * 2:
            state = rounded(state, problem)  # keeps the fractions short
            before = total(case, state)
            new = update_block(problem, x, y, state, block)
            fall = before - total(case, {**state, **new})
            least = constant(problem, block) * step(problem, block, new, state)
            assert fall >= least, "less than the constant"
            state = {**state, **new}


@pytest.mark.parametrize("kind", BOUND)
def test_every_block_descends_by_its_constant(kind: str) -> None:
    check_descent(kind, 8)


@pytest.mark.parametrize(
    ("kind", "name", "prox"),
    [
        ("support", "update_supported_w", "alpha"),
        ("direct cp", "update_b", "alpha"),
        ("direct tt", "update_direct_z", "alpha_z"),
    ],
)
def test_a_lost_proximal_term_is_seen(
    kind: str, name: str, prox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(blocks, name)
    monkeypatch.setattr(blocks, name, lambda *o, **given: right(*o, **{**given, prox: 0}))
    with pytest.raises(AssertionError, match="less than the constant"):
        check_descent(kind, 20)


@pytest.mark.parametrize("kind", BOUND)
def test_a_whole_sweep_descends(kind: str) -> None:
    for seed in range(4):
        source = random.Random(f"sweep/{kind}/{seed}")
        case = network((kind, *([source.choice(BOUND)] if seed % 2 else [])), source, samples=1)
        problem, x, y, state = case
        after = sweep(problem, x, y, state)
        assert set(after) == set(state)
        assert total(case, after) < total(case, state)


def test_a_sweep_of_a_direct_layer_without_its_z_leaves_w() -> None:
    problem, x, y, state = network(("direct tt", "none"), random.Random(3))
    for block in ("V1", "U1", "W1"):
        assert "W1" not in update_block(problem, x, y, state, block)
    new = update_block(problem, x, y, state, "Z1")
    assert sorted(new) == ["W1", "Z1.1", "Z1.2"]
    cores = (new["Z1.1"].reshape(2, 1), new["Z1.2"].reshape(1, 2))
    assert np.array_equal(new["W1"], cores[0] @ cores[1])


def test_w_of_a_direct_layer_is_its_factors_whatever_is_stored() -> None:
    case = network(("direct cp", "support"), random.Random(5))
    problem, x, y, state = case
    other = {**state, "W1": state["W1"] + 1}
    assert total(case, state) == total(case, other)
    first, second = (sweep(problem, x, y, s) for s in (state, other))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_support_stays_and_w_within_it() -> None:
    problem, x, y, state = network(("support",), random.Random(8))
    after = sweep(problem, x, y, state)
    assert after["Z1"] is state["Z1"]
    assert not after["W1"][state["Z1"] == 0].any()
    assert after["W1"].any()


def test_the_terms_of_bound_layers_are_as_in_floats() -> None:
    case = network(("support", "direct tucker"), random.Random(2))
    problem, x, y, s = case
    values = objective_value(problem, x, y, s)
    assert values["tau"] == 0
    first, second = (layer["penalties"] for layer in problem["layers"])
    gaps = [s["U1"] - (x @ s["W1"].T + s["b1"]), s["U2"] - (s["V1"] @ s["W2"].T + s["b2"])]
    rho = (first["rho"] * (gaps[0] ** 2).sum() + second["rho"] * (gaps[1] ** 2).sum()) / 2
    mu = sum(p["mu"] / 2 * sum((s[n] ** 2).sum() for n in names)
             for p, names in ((first, ("W1", "b1")), (second, ("W2", "b2"))))  # fmt: skip
    assert float(values["rho"]) == pytest.approx(rho, rel=1e-13)
    assert float(values["mu"]) == pytest.approx(mu, rel=1e-13)


@pytest.mark.parametrize(
    ("kind", "where", "value", "says"),
    [
        ("support", ("penalties", "tau"), 1, "tau, alpha_z: given > 0 on a fixed support"),
        ("support", ("penalties", "alpha_z"), 1, "tau, alpha_z: given > 0 on a fixed support"),
        ("support", ("compression", "nonzeros"), 0, r"nonzeros: given 0; allowed: 1\.\.4"),
        ("support", ("compression", "nonzeros"), 5, r"nonzeros: given 5; allowed: 1\.\.4"),
        ("direct tt", ("penalties", "tau"), 1, r"tau: given > 0 where W is C\(Z\)"),
        ("direct tt", ("compression", "direct"), 1, "tt direct: given 1; allowed: true or false"),
        ("direct tt", ("compression", "direct"), False, "tau: given 0"),
    ],
)
def test_problems_outside_the_format_are_refused(
    kind: str, where: tuple[str, str], value: Any, says: str
) -> None:
    problem = copy.deepcopy(network((kind,), random.Random(1))[0])
    Problem.from_json(problem)
    problem["layers"][0][where[0]][where[1]] = value
    with pytest.raises(ValueError, match=says):
        Problem.from_json(problem)


def test_a_support_has_no_z_block_and_a_direct_layer_has() -> None:
    problem = network(("support", "direct tt"), random.Random(1))[0]
    parsed = Problem.from_json(problem)
    assert parsed.blocks() == ("V2", "U2", "W2", "Z2", "V1", "U1", "W1")
    assert parsed.forward() == ("V1", "U1", "W1", "V2", "U2", "W2", "Z2")
    with pytest.raises(ValueError, match="order: given"):
        Problem.from_json({**problem, "order": [*problem["order"], "Z1"]})


def test_states_outside_the_support_are_refused() -> None:
    problem, x, y, state = network(("support",), random.Random(8))
    for name, wrong, says in (
        ("W1", np.ones((2, 2)), "nonzeros off the support; allowed: none"),
        ("Z1", np.ones((2, 2)), "Z: given 4 ones"),
        ("Z1", state["Z1"] / 2, "Z: given 1/2; allowed: entries 0 and 1"),
    ):
        with pytest.raises(ValueError, match=says):
            sweep(problem, x, y, {**state, name: wrong})
