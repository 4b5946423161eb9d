"""The auditor's figures against brute force, and against the written-out formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from audit_tools import audited, states_of, trained
from naive_bcd import activate, contract, random_problem, random_start

from nnbcd_checks import Problem
from nnbcd_checks.activations import read_activation
from nnbcd_checks.arrays import reduce_sum
from nnbcd_checks.fused import Part, copy_array, copy_matrix
from nnbcd_checks.kinked import KinkedScan
from nnbcd_checks.kinks import near_kink, sparse_normal_gap, subdifferential_gap
from nnbcd_checks.measure import Meter
from nnbcd_checks.scalars import Scalars

RELU = read_activation({"kind": "relu"})
LEAKY, HALF = (read_activation({"kind": "leaky_relu", "slope": k}) for k in (0.2, 0.5))


# -- the objective and each block's decrease, by plain evaluation --


def objective(problem, x, y, state):
    """L, written out."""
    layers, v = problem["layers"], x
    total = 0.5 * np.sum((state[f"V{len(layers)}"] - y) ** 2)
    for i, layer in enumerate(layers, 1):
        p, a = layer["penalties"], layer["activation"]
        w, b, u = state[f"W{i}"], state[f"b{i}"], state[f"U{i}"]
        s = activate(a["kind"], a.get("slope"), u)
        total += p["gamma"] / 2 * np.sum((state[f"V{i}"] - s) ** 2)
        total += p["rho"] / 2 * np.sum((u - v @ w.T - b) ** 2)
        total += p["mu"] / 2 * (np.sum(w**2) + np.sum(b**2))
        c = layer["compression"]
        if c["kind"] == "prune":
            total += p["tau"] / 2 * np.sum((w - state[f"Z{i}"]) ** 2)
        elif c["kind"] != "none":
            cores = [state[f"Z{i}.{j + 1}"] for j in range(len(c["modes"]))]
            total += p["tau"] / 2 * np.sum((w - contract(cores).reshape(w.shape)) ** 2)
        v = state[f"V{i}"]
    return total


def tensors_of(block):
    return (block, block.replace("W", "b")) if block[0] == "W" else (block,)


def test_objective_and_block_decreases_against_plain_evaluation():
    for seed in range(25):
        problem, x, y, states = trained(np.random.default_rng([41, seed]), 3, decades=1)
        rows = audited(problem, x, y, states)[1]
        for row, old, new in zip(rows, states, states[1:], strict=False):
            mixed = dict(old)
            assert row.before["total"] == pytest.approx(objective(problem, x, y, old), rel=1e-12)
            for block in row.blocks:
                before = objective(problem, x, y, mixed)
                names = tensors_of(block.block)
                mixed |= {name: new[name] for name in names}
                after = objective(problem, x, y, mixed)
                assert block.decrease == pytest.approx(before - after, abs=1e-11 * (1 + before))
                step = math.sqrt(sum(np.sum((new[n] - old[n]) ** 2) for n in names))
                assert block.step == pytest.approx(step, rel=1e-12)
            assert row.after["total"] == pytest.approx(objective(problem, x, y, new), rel=1e-12)


def test_excess_of_a_disturbed_block_against_plain_evaluation():
    """Excess is F(new) - min F: here the minimiser is what the right trainer found."""
    rng = np.random.default_rng(42)
    for _ in range(15):
        problem, x, y, states = trained(rng, 1, decades=1)
        for block in audited(problem, x, y, states)[1][0].blocks:
            names = tensors_of(block.block)
            moved = {n: states[1][n] + 1e-3 * (states[1][n] != 0) for n in names}
            row = audited(problem, x, y, [states[0], states[1] | moved])[1][0]
            got = next(b for b in row.blocks if b.block == block.block)
            want = block_value(problem, x, y, states, block.block, moved) - block_value(
                problem, x, y, states, block.block, {}
            )
            crossed = block.block[0] == "U" and got.excess > want
            assert crossed or got.excess == pytest.approx(want, rel=1e-5, abs=1e-12)
            assert got.excess >= want - 1e-12
            assert got.excess > got.excess_tolerance


def block_value(problem, x, y, states, block, changed):
    """F of one block: L with earlier blocks new and later ones old, plus its prox term."""
    old, new = states
    mixed = dict(old)
    for other in problem["order"]:
        i = int(other[1:])
        names = [n for n in new if n == other or n.startswith(f"{other}.")]
        names += [f"b{i}"] if other[0] == "W" else []
        if block.startswith(other) and (block == other or block.startswith(f"{other}.")):
            for name in names:
                mixed[name] = new[name]
                if name == block and "." in block:
                    break
            break
        mixed |= {name: new[name] for name in names}
    mixed |= changed
    p, i = problem["layers"][int(block[1:].split(".")[0]) - 1]["penalties"], int(block[1])
    last = i == len(problem["layers"])
    prox = {"V": p["alpha"] if last else 0, "U": 0 if last else p["alpha"], "W": p["alpha"]}
    weight = prox.get(block[0], p["alpha_z"])
    step = sum(np.sum((mixed[n] - old[n]) ** 2) for n in tensors_of(block))
    return objective(problem, x, y, mixed) + weight / 2 * step


# -- the scalar problem of U --


def test_scalar_excess_against_a_grid():
    """No point of a fine grid may lie below the bound; the suspects include all undercut."""
    rng = np.random.default_rng(43)
    grid = np.linspace(-6, 6, 24001)
    for _ in range(300):
        pieces = (RELU, LEAKY)[int(rng.integers(2))]
        gamma, rho, alpha = 10 ** rng.uniform(-1, 1, 3)
        v, w, u0 = rng.normal(size=3)
        u = float(rng.choice([0.0, rng.normal()]))

        def value(t, v=v, w=w, u0=u0, g=gamma, r=rho, a=alpha, s=pieces):
            return (
                g / 2 * (v - s.value(np.asarray(t))) ** 2
                + r / 2 * (t - w) ** 2
                + a / 2 * (t - u0) ** 2
            )

        excess = value(u) - value(grid).min()
        one = np.array([u])
        shaped = pieces.value(one)
        scan = KinkedScan(Scalars(gamma, rho, alpha), pieces, "float64")
        scan.visit(Part(0, one, pieces.slope(one), shaped, one - u0, v - shaped, w - one))
        assert scan.own >= 0
        if excess > scan.own + 1e-9:
            assert list(scan.suspects) == [0]


@pytest.mark.parametrize("pieces", [RELU, LEAKY])
def test_subdifferential_against_difference_quotients(pieces):
    """The set at the kink from one-sided difference quotients and, if convex, all between."""
    rng = np.random.default_rng(44)
    for _ in range(200):
        v, smooth, gamma = rng.normal(), 3 * rng.normal(), 10 ** rng.uniform(-1, 1)
        u = float(rng.choice([0.0, rng.normal()]))
        h = 1e-6

        def f(t, v=v, g=gamma):
            return g / 2 * (v - float(pieces.value(np.asarray(t)))) ** 2

        left, right = (f(u) - f(u - h)) / h, (f(u + h) - f(u)) / h
        candidates = [left, right]
        if u == 0 and left <= right:
            candidates = np.linspace(left, right, 5001)
        want = np.min(np.abs(smooth + np.asarray(candidates)))
        one = np.array([u])
        pull = np.array([gamma * (v - float(pieces.value(np.asarray(u))))])
        on = near_kink(one, pieces, 0.0)
        got = subdifferential_gap(np.array([smooth]), pull, pieces.slope(one), on, pieces)
        assert abs(got[0]) == pytest.approx(want, abs=1e-3)


def test_kink_by_hand():
    """v > 0: {-v, 0}; v < 0: [0, -v]; v = 0: {0}; times gamma = 2."""

    def gap(smooth, v, pieces=RELU):
        slope, at = pieces.slope(np.zeros(1)), np.array([0])
        arrays = (np.array([smooth]), np.array([2.0 * v]), slope, [at], pieces)
        return abs(float(subdifferential_gap(*arrays)[0]))

    assert [gap(s, 1.5) for s in (0.0, 3.0, 1.0, 2.0, -1.0, 4.0)] == [0, 0, 1, 1, 1, 1]
    assert [gap(s, -1.5) for s in (0.0, -3.0, -1.0, 1.0, -4.0)] == [0, 0, 0, 1, 1]
    assert [gap(s, 0.0) for s in (0.0, 1.0, -2.0)] == [0, 1, 2]
    assert [gap(s, -1.0, HALF) for s in (-1.0, -2.0, -1.5, 0.0)] == [0, 0, 0, 1]
    assert [gap(s, 1.0, HALF) for s in (1.0, 2.0, 1.5)] == [0, 0, 0.5]


def test_sparse_normal_cone_against_all_supports():
    rng = np.random.default_rng(45)
    for _ in range(100):
        size, s = 6, int(rng.integers(1, 7))
        kept = np.zeros(size, bool)
        kept[rng.choice(size, int(rng.integers(0, s + 1)), replace=False)] = True
        y = rng.normal(size=size)
        supports = (
            set(np.flatnonzero(kept)) | set(extra)
            for extra in itertools.combinations(np.flatnonzero(~kept), s - int(kept.sum()))
        )
        want = min(math.sqrt(sum(y[k] ** 2 for k in support)) for support in supports)
        assert sparse_normal_gap(y, kept, s) == pytest.approx(want)


def test_bounds_of_matrices_are_bounds():
    rng = np.random.default_rng(46)
    for _ in range(50):
        a = rng.normal(size=tuple(rng.integers(1, 30, 2))) + rng.choice([0, 2])
        got = copy_matrix(a)
        assert np.array_equal(got.value, a)
        assert got.spectral >= np.linalg.norm(a, 2)
        assert got.norm == pytest.approx(np.linalg.norm(a))
        assert got.columns == pytest.approx(np.linalg.norm(a, axis=0))
        value, norm = copy_array(a.astype(np.float32).T)
        assert np.array_equal(value, a.astype(np.float32).T)
        assert norm == pytest.approx(np.linalg.norm(a), rel=1e-5)
    tall = rng.normal(size=(700, 90))  # more than one chunk
    assert copy_matrix(tall).norm == pytest.approx(np.linalg.norm(tall))
    assert copy_matrix(tall).spectral >= np.linalg.norm(tall, 2)
    terms = [(float(rng.normal()), rng.normal(size=(300, 200))) for _ in range(3)]
    against = rng.normal(size=(300, 200))
    whole = sum(c * a for c, a in terms)
    got = reduce_sum([*terms, (0.0, against)], against)
    assert got == pytest.approx((np.sum(whole**2), np.sum(whole * against)))


# -- the subgradient element and the relative-error matrix, written out for the paper's order --


def written_out(problem, x, old, new):
    """{tensor: g} after a sweep in the paper's order, samples as rows; TT cores left out."""
    layers, depth, found = problem["layers"], len(problem["layers"]), {}
    for i, layer in enumerate(layers, 1):
        p, a = layer["penalties"], layer["activation"]

        def s(u, a=a):
            return activate(a["kind"], a.get("slope"), u)

        d = {n: new[f"{n}{i}"] - old[f"{n}{i}"] for n in "VUWb"}
        v_new, v_old = (x, x) if i == 1 else (new[f"V{i - 1}"], old[f"V{i - 1}"])
        dv, w, last = v_new - v_old, new[f"W{i}"], i == depth
        e = v_new @ w.T + new[f"b{i}"] - new[f"U{i}"]
        found[f"V{i}"] = p["gamma"] * (s(old[f"U{i}"]) - s(new[f"U{i}"]))
        if last:
            found[f"V{i}"] -= p["alpha"] * d["V"]
        moved = v_old @ d["W"].T + dv @ w.T + d["b"]
        found[f"U{i}"] = -(0 if last else p["alpha"]) * d["U"] - p["rho"] * moved
        if not last and a["kind"] == "identity":
            pass  # V precedes U: the coupling with V_i does not change after U's update
        found[f"W{i}"] = p["rho"] * (e.T @ dv + (dv @ w.T).T @ v_old) - p["alpha"] * d["W"]
        found[f"b{i}"] = p["rho"] * (dv @ w.T).sum(axis=0) - p["alpha"] * d["b"]
        if layer["compression"]["kind"] == "prune":
            dz = new[f"Z{i}"] - old[f"Z{i}"]
            found[f"W{i}"] -= p["tau"] * dz
            found[f"Z{i}"] = -p["alpha_z"] * dz
    return found


def test_element_against_the_written_out_formulas():
    """Up to the residuals, which are rounding in a right run."""
    for seed in range(40):
        rng = np.random.default_rng([47, seed])
        problem, x, y, states = trained(rng, 3, decades=1, compressions=("none", "prune"))
        rows = audited(problem, x, y, states)[1]
        for row, old, new in zip(rows, states, states[1:], strict=False):
            want = math.sqrt(sum(np.sum(g**2) for g in written_out(problem, x, old, new).values()))
            assert row.subgradient.element == pytest.approx(want, rel=1e-9, abs=1e-9)


def test_core_elements_are_exact_gradients():
    """For TT cores: the gradient of tau/2 ||W - C||^2 at the end, by central differences."""
    for seed in range(6):
        rng = np.random.default_rng([48, seed])
        problem, x, y, states = trained(
            rng, 2, depth=1, widths=[3, 4], n=5, decades=0.5, compressions=("tt",)
        )
        row = audited(problem, x, y, states)[1][1]
        total = sum(np.sum(g**2) for g in written_out_w_tt(problem, x, states[1], states[2]))
        for name in [n for n in states[2] if "." in n]:
            for index in np.ndindex(states[2][name].shape):
                ends = []
                for h in (1e-5, -1e-5):
                    core = states[2][name].copy()
                    core[index] += h
                    ends.append(objective(problem, x, y, states[2] | {name: core}))
                total += ((ends[0] - ends[1]) / 2e-5) ** 2
        assert row.subgradient.element == pytest.approx(math.sqrt(total), rel=1e-4, abs=1e-6)


def written_out_w_tt(problem, x, old, new):
    found = written_out(problem, x, old, new)
    p = problem["layers"][0]["penalties"]
    count = len(problem["layers"][0]["compression"]["modes"])
    ends = [
        contract([state[f"Z1.{j + 1}"] for j in range(count)]).reshape(new["W1"].shape)
        for state in (old, new)
    ]
    found["W1"] -= p["tau"] * (ends[1] - ends[0])
    return found.values()


def test_bound_against_the_written_out_matrix():
    """M of the paper's order with exact spectral norms is never above the auditor's."""
    for seed in range(40):
        rng = np.random.default_rng([49, seed])
        problem, x, y, states = trained(rng, 3, decades=1)
        rows = audited(problem, x, y, states)[1]
        for row, old, new in zip(rows, states, states[1:], strict=False):
            matrix, delta = written_out_matrix(problem, x, old, new)
            figures = row.subgradient
            assert figures.bound >= np.linalg.norm(matrix @ delta) * (1 - 1e-9)
            assert figures.b >= np.linalg.norm(matrix, 2) * (1 - 1e-9)
            assert figures.b <= 40 * np.linalg.norm(matrix, 2) + 1e-9
            assert figures.element <= figures.bound + figures.tolerance
            assert figures.distance <= figures.element + figures.tolerance


def written_out_matrix(problem, x, old, new):
    names = list(new)
    place, matrix = {n: k for k, n in enumerate(names)}, np.zeros((len(names),) * 2)
    depth = len(problem["layers"])
    n = len(x)

    def put(row, column, value):
        if column in place:
            matrix[place[row], place[column]] = value

    for i, layer in enumerate(problem["layers"], 1):
        p, last = layer["penalties"], i == depth
        v_new, v_old = (x, x) if i == 1 else (new[f"V{i - 1}"], old[f"V{i - 1}"])
        w, below = np.linalg.norm(new[f"W{i}"], 2), np.linalg.norm(v_old, 2)
        e = v_new @ new[f"W{i}"].T + new[f"b{i}"] - new[f"U{i}"]
        put(f"V{i}", f"V{i}", p["alpha"] if last else 0)
        put(f"V{i}", f"U{i}", p["gamma"])
        put(f"U{i}", f"U{i}", 0 if last else p["alpha"])
        put(f"U{i}", f"W{i}", p["rho"] * below)
        put(f"U{i}", f"V{i - 1}", p["rho"] * w)
        put(f"U{i}", f"b{i}", p["rho"] * math.sqrt(n))
        put(f"W{i}", f"W{i}", p["alpha"])
        put(f"W{i}", f"V{i - 1}", p["rho"] * (np.linalg.norm(e, 2) + w * below))
        put(f"b{i}", f"b{i}", p["alpha"])
        put(f"b{i}", f"V{i - 1}", p["rho"] * math.sqrt(n) * w)
        if f"Z{i}" in place:
            put(f"W{i}", f"Z{i}", p["tau"])
            put(f"Z{i}", f"Z{i}", p["alpha_z"])
        cores = [name for name in names if name.startswith(f"Z{i}.")]
        beta = {c: max(np.linalg.norm(old[c]), np.linalg.norm(new[c])) for c in cores}

        def others(*without, beta=beta):
            return math.prod(value for core, value in beta.items() if core not in without)

        for j, core in enumerate(cores):
            apart = np.linalg.norm(contract([new[c] for c in cores]).ravel() - new[f"W{i}"].ravel())
            put(core, core, p["alpha_z"])
            put(f"W{i}", core, p["tau"] * others(core))
            for later in cores[j + 1 :]:
                both = others(core, later) * apart + others(core) * others(later)
                put(core, later, p["tau"] * both)
    delta = [np.linalg.norm(new[name] - old[name]) for name in names]
    return matrix, np.array(delta)


def test_distance_is_the_gradient_norm_where_l_is_smooth():
    """Identity activations, no Z: dist(0, dL) is the norm of the gradient, by differences."""
    for seed in range(4):
        rng = np.random.default_rng([50, seed])
        problem = random_problem(
            rng,
            depth=2,
            widths=[2, 3, 2],
            n=3,
            decades=0.5,
            activations=("identity",),
            compressions=("none",),
        )
        x, y, start = random_start(rng, problem)
        states = states_of(problem, x, y, start, 1)
        total = 0.0
        for name, value in states[1].items():
            for index in np.ndindex(value.shape):
                ends = []
                for h in (1e-5, -1e-5):
                    moved = value.copy()
                    moved[index] += h
                    ends.append(objective(problem, x, y, states[1] | {name: moved}))
                total += ((ends[0] - ends[1]) / 2e-5) ** 2
        row = audited(problem, x, y, states)[1][0]
        assert row.subgradient.distance == pytest.approx(math.sqrt(total), rel=1e-6)


def test_distance_does_not_depend_on_the_order():
    """It speaks of the last state alone: any order declared must give it, from its own caches."""
    for seed in range(20):
        rng = np.random.default_rng([52, seed])
        problem, x, y, states = trained(rng, 2, depth=3, n=6, decades=1)
        want = [row.subgradient.distance for row in audited(problem, x, y, states)[1]]
        order = [str(block) for block in rng.permutation(problem["order"])]
        rows = audited(problem | {"order": order}, x, y, states)[1]
        assert [row.subgradient.distance for row in rows] == pytest.approx(want, rel=1e-9)
        for row, old, new in zip(rows, states, states[1:], strict=False):
            fall = objective(problem, x, y, old) - objective(problem, x, y, new)
            assert row.total.decrease == pytest.approx(fall, rel=1e-9)


def test_pairs_measured_apart_give_the_live_figures():
    """A meter started at any sweep measures what one that saw all sweeps measured."""
    problem, x, y, states = trained(np.random.default_rng(51), 4, depth=3, n=6, decades=1)
    rows = audited(problem, x, y, states)[1]
    for k, row in enumerate(rows):
        again = Meter(Problem.from_json(problem), x, y, states[k], k).step(states[k + 1])
        assert again.sweep == row.sweep
        assert again.subgradient.distance == pytest.approx(row.subgradient.distance, rel=1e-9)
        assert again.total.decrease == pytest.approx(row.total.decrease, rel=1e-9)
        assert [b.constant for b in again.blocks] == [b.constant for b in row.blocks]
