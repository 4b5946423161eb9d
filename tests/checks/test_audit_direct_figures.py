"""Figures of supports and of direct layers against brute force, in any order of the blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from audit_tools import audited
from naive_direct import (
    KINDS,
    direct_states,
    random_direct_problem,
    random_direct_start,
    random_member,
)
from naive_z import contract_all, tensor_shapes

from nnbcd_checks import Auditor, Problem, measure
from nnbcd_checks.compressions import COMPRESSIONS
from nnbcd_checks.direct import half_inverse_by_steps
from nnbcd_checks.lipschitz import relative_error_matrix
from nnbcd_checks.subgradient import element_norm

DIRECT = [kind for kind in KINDS if kind != "support"]


def weight_of(layer, i, state):
    """W as the objective takes it."""
    c, w = layer["compression"], state[f"W{i}"]
    if not c.get("direct"):
        return w
    tensors = [state[f"Z{i}{suffix}"] for suffix in tensor_shapes(c, w.shape)]
    return contract_all(c, tensors, w.shape)


def objective(problem, x, y, state):
    """L of a net with identity activations, written out."""
    v, total = x, 0.5 * np.sum((state[f"V{len(problem['layers'])}"] - y) ** 2)
    for i, layer in enumerate(problem["layers"], 1):
        p, w, b = layer["penalties"], weight_of(layer, i, state), state[f"b{i}"]
        total += p["gamma"] / 2 * np.sum((state[f"V{i}"] - state[f"U{i}"]) ** 2)
        total += p["rho"] / 2 * np.sum((state[f"U{i}"] - v @ w.T - b) ** 2)
        total += p["mu"] / 2 * (np.sum(w**2) + np.sum(b**2))
        v = state[f"V{i}"]
    return total


def names_of(problem, block):
    """The variables of a row's block."""
    if block[0] != "W":
        return [block]
    direct = problem["layers"][int(block[1:]) - 1]["compression"].get("direct")
    return [f"b{block[1:]}"] if direct else [block, f"b{block[1:]}"]


def gradient(problem, x, y, state, name):
    """By central differences; of a W on a support, on it."""
    found = np.zeros_like(state[name])
    for index in np.ndindex(found.shape):
        i, ends = name[1:].partition(".")[0], []
        if name[0] == "W" and f"Z{i}" in state and not state[f"Z{i}"][index]:
            continue
        for h in (1e-5, -1e-5):
            moved = state[name].copy()
            moved[index] += h
            ends.append(objective(problem, x, y, state | {name: moved}))
        found[index] = (ends[0] - ends[1]) / 2e-5
    return found


def prox(problem, name):
    i = int(name[1:].partition(".")[0])
    p, last = problem["layers"][i - 1]["penalties"], i == len(problem["layers"])
    weights = {"V": p["alpha"] if last else 0, "U": 0 if last else p["alpha"], "Z": p["alpha_z"]}
    return weights.get(name[0], p["alpha"])


def smooth_run(seed, kinds, sweeps=2, order="random", **keys):
    rng = np.random.default_rng(seed)
    keys = {"n": 4, "decades": 0.5, "activations": ("identity",), **keys}
    problem = random_direct_problem(rng, kinds, order=order, **keys)
    for layer in problem["layers"]:
        layer["penalties"]["mu"] = max(layer["penalties"]["mu"], 0.1)
    x, y, start = random_direct_start(rng, problem)
    return problem, x, y, direct_states(problem, x, y, start, sweeps)


@pytest.mark.parametrize("kind", KINDS)
def test_decrease_step_and_constant_in_any_order(kind):
    for seed in range(3):
        problem, x, y, states = smooth_run([301, seed], (kind,), depth=3)
        rows = audited(problem, x, y, states)[1]
        for row, old, new in zip(rows, states, states[1:], strict=False):
            mixed = dict(old)
            for block in row.blocks:
                before, names = objective(problem, x, y, mixed), names_of(problem, block.block)
                mixed |= {name: new[name] for name in names}
                fall = before - objective(problem, x, y, mixed)
                assert block.decrease == pytest.approx(fall, rel=1e-9, abs=1e-11 * (1 + before))
                step = math.sqrt(sum(np.sum((new[n] - old[n]) ** 2) for n in names))
                assert block.step == pytest.approx(step, rel=1e-9)
                p = problem["layers"][int(block.block[1:].partition(".")[0]) - 1]["penalties"]
                want = {"W": p["alpha"] + p["mu"] / 2, "Z": p["alpha_z"]}
                assert block.constant == want.get(block.block[0], block.constant)
            assert row.after["total"] == pytest.approx(objective(problem, x, y, new))
            assert row.after["tau"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_element_distance_and_bound_in_any_order(kind):
    """g = gradient at the end - gradient right after the update - prox * step, per tensor."""
    for seed in range(3):
        problem, x, y, states = smooth_run([303, seed], (kind,), 2, depth=2, widths=[2, 3, 2])
        old, new = states[1], states[2]
        row, mixed, total, whole = audited(problem, x, y, states)[1][1], dict(old), 0.0, 0.0
        for block in row.blocks:
            names = names_of(problem, block.block)
            mixed |= {name: new[name] for name in names}
            for name in names:
                end = gradient(problem, x, y, new, name)
                g = end - gradient(problem, x, y, mixed, name)
                total += np.sum((g - prox(problem, name) * (new[name] - old[name])) ** 2)
                whole += np.sum(end**2)
        assert row.subgradient.element == pytest.approx(math.sqrt(total), rel=1e-4, abs=1e-7)
        assert row.subgradient.distance == pytest.approx(math.sqrt(whole), rel=1e-4, abs=1e-7)
        assert row.subgradient.bound >= math.sqrt(total) * (1 - 1e-4) - 1e-7


@pytest.fixture
def seen(monkeypatch):
    """What the last sweep's M was: matrix, names, and per name the norms of g and of the step."""
    found = {}

    def matrix(problem, mixed, bounds, names):
        whole = relative_error_matrix(problem, mixed, bounds, names)
        found["matrix"], found["names"] = whole, names
        return whole

    def element(mixed, witness):
        found[witness.name] = element_norm(mixed, witness), np.linalg.norm(witness.step)
        return found[witness.name][0]

    monkeypatch.setattr(measure, "relative_error_matrix", matrix)
    monkeypatch.setattr(measure, "element_norm", element)
    return found


def must_bound(seen):
    elements, steps = zip(*(seen[name] for name in seen["names"]), strict=True)
    bounds = seen["matrix"] @ np.array(steps)
    assert np.all(np.array(elements) <= bounds * (1 + 1e-9) + 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_the_matrix_bounds_its_element(seen, kind):
    """Not the whole norm alone: each ||g_p|| is at most its row of M times the steps."""
    for seed in range(8):
        problem, x, y, states = smooth_run(
            [304, seed], (kind,), 3, depth=2, decades=1.0, widths=[2, 3, 2]
        )
        auditor = Auditor(Problem.from_json(problem), x, y, states[0])
        for state in states[1:]:
            auditor.step(state)
            must_bound(seen)


SCALARS = {
    "support": {"kind": "support", "nonzeros": 1},
    "direct cp": {"kind": "cp", "direct": True, "modes": [1, 1], "rank": 1},
}


def two_states(rng, kind):
    """A problem of scalars and two states of it, not of a run: a few of its numbers differ."""
    keys = {"order": "random", "decades": 0.5, "activations": ("identity",)}
    problem = random_direct_problem(rng, ("none",), depth=2, widths=[1, 1, 1], n=1, **keys)
    for i, layer in enumerate(problem["layers"], 1):
        layer["compression"] = SCALARS[kind]
        layer["penalties"]["mu"] = 0.5
        if kind != "support":
            problem["order"].insert(int(rng.integers(0, 7)), f"Z{i}")
    x, y, old = random_direct_start(rng, problem)
    held = "Z" if kind == "support" else "W"
    moved = {n for n in old if n[0] != held and rng.random() < 0.3}
    new = {n: v + rng.standard_normal(v.shape) * (n in moved) for n, v in old.items()}
    if rng.random() < 0.5:  # no slope in W2 at the end, so that its change is all there is
        p, w = problem["layers"][1]["penalties"], weight_of(problem["layers"][1], 2, new)
        for state in (old, new):
            state["U2"] = new["V1"] @ w.T + new["b2"] + p["mu"] * w / (p["rho"] * new["V1"])
    return problem, x, y, old, new


@pytest.mark.parametrize("kind", SCALARS)
def test_the_matrix_bounds_scalars_of_which_few_move(seen, kind):
    """The bounds are nearly equalities there, so that every entry of M is needed."""
    for seed in range(300):
        problem, x, y, old, new = two_states(np.random.default_rng([309, seed]), kind)
        Auditor(Problem.from_json(problem), x, y, old).step(new)
        must_bound(seen)


def block_hessian(problem, x, y, state, names):
    """By central differences of a quadratic, prox included; of W on a support, on it."""
    flat = [(n, index) for n in names for index in np.ndindex(state[n].shape)]
    if f"Z{names[0][1:]}" in state:
        on = state[f"Z{names[0][1:]}"]
        flat = [(n, index) for n, index in flat if n[0] != "W" or on[index]]
    columns = []
    for name, index in flat:
        moved = state[name].copy()
        moved[index] += 1.0
        apart = [
            gradient(problem, x, y, s, n)
            for s in (state | {name: moved}, state) for n in names
        ]  # fmt: skip
        many = len(names)
        change = {n: a - b for n, a, b in zip(names, apart[:many], apart[many:], strict=True)}
        columns.append([change[n][k] for n, k in flat])
    return np.array(columns) + prox(problem, names[0]) * np.eye(len(flat)), flat


@pytest.mark.parametrize("kind", KINDS)
def test_excess_and_residual_of_a_wrong_block(kind):
    """Against the Hessian and the gradient by differences: 1/2 <R, H^-1 R>, and ||R||."""
    for seed in range(2):
        problem, x, y, states = smooth_run(
            [305, seed], (kind,), 1, "backward", depth=1, widths=[3, 2], n=4
        )
        blocks = ["W1", *(n for n in states[0] if "." in n)]
        for block in blocks:
            names = names_of(problem, block)
            rng = np.random.default_rng(seed)
            wrong = {n: states[1][n] + 0.1 * rng.standard_normal(states[1][n].shape) for n in names}
            if "Z1" in states[0]:
                wrong["W1"] = wrong["W1"] * states[0]["Z1"]
            later = {n: states[0][n] for n in states[0] if "." in n and n > block}
            state = states[1] | wrong
            hessian, flat = block_hessian(problem, x, y, state | later, names)
            slope = {n: gradient(problem, x, y, state | later, n) for n in names}
            residual = np.array([
                slope[n][k] + prox(problem, n) * (state[n] - states[0][n])[k] for n, k in flat
            ])  # fmt: skip
            got = next(
                b for b in audited(problem, x, y, [states[0], state])[1][0].blocks
                if b.block == block
            )  # fmt: skip
            assert got.residual == pytest.approx(np.linalg.norm(residual), rel=1e-4)
            want = residual @ np.linalg.solve(hessian, residual) / 2
            assert got.excess <= want * (1 + 1e-3)
            assert got.excess >= want * (1 - 5e-3)


def test_conjugate_gradients_rise_to_the_excess_and_never_above():
    rng = np.random.default_rng(306)
    for k in range(60):
        size = int(rng.integers(1, 12))
        basis = np.linalg.qr(rng.standard_normal((size, size)))[0]
        values = 10 ** rng.uniform(-3, 2, size)
        h, r = (basis * values) @ basis.T, rng.standard_normal(size)
        want = r @ np.linalg.solve(h, r) / 2
        got = half_inverse_by_steps(lambda g, h=h: h @ g, r, float(values.min()))
        assert got <= want * (1 + 1e-7), k
        assert got >= want * (1 - 2e-3), k
    assert half_inverse_by_steps(lambda g: g, np.zeros(3), 1.0) == 0.0


def test_the_magnitude_of_a_w_made_of_factors_bounds_what_rounding_moves_it_by():
    """Single precision contractions in one sum, of factors that cancel, against exact C."""
    rng = np.random.default_rng(307)
    for kind in DIRECT:
        for _ in range(20):
            d, p = (int(k) for k in rng.integers(1, 7, 2))
            c = random_member(rng, kind, d, p)
            member = COMPRESSIONS[c["kind"]].read(c, (d, p))
            single = [rng.standard_normal(s).astype("f4") for s in member.shapes]
            tensors = [tensor.astype(float) for tensor in single]
            exact = member.value(tensors)
            off = np.abs(contract_all(c, single, (d, p)) - exact)
            assert np.all(off <= 2 * 2.0**-24 * member.weight_size(tensors, exact))
            assert np.all(member.weight_size(tensors, exact) >= 2 * np.abs(exact) * (1 - 1e-12))


def test_distance_speaks_of_the_last_state_alone():
    for k, kind in enumerate(KINDS):
        problem, x, y, states = smooth_run([308, k], (kind,), 1, "backward", depth=2)
        orders = [
            [str(b) for b in np.random.default_rng(seed).permutation(problem["order"])]
            for seed in (k, k + 1)
        ]
        found = [
            audited(problem | {"order": order}, x, y, states)[1][0].subgradient.distance
            for order in (problem["order"], *orders)
        ]
        assert found == pytest.approx([found[0]] * 3, rel=1e-8, abs=1e-12)
