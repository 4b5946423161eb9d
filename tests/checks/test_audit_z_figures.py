"""The figures of Z blocks against brute force and plain evaluation, in any order of the blocks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from audit_tools import audited
from naive_z import (
    FACTORED,
    KINDS,
    SETS,
    contract_all,
    group_layers,
    groups_of,
    keep,
    most_of,
    order_of,
    random_compression,
    random_z_problem,
    random_z_start,
    tensor_shapes,
    value,
    z_states,
)

from nnbcd_checks import Auditor, Problem, measure
from nnbcd_checks.compressions import COMPRESSIONS
from nnbcd_checks.group_set import contest_excess
from nnbcd_checks.kinks import sparse_normal_gap
from nnbcd_checks.lipschitz import relative_error_matrix
from nnbcd_checks.low_rank import _split
from nnbcd_checks.subgradient import element_norm


def tensors_of(state, i, c, shape):
    return [state[f"Z{i}{suffix}"] for suffix in tensor_shapes(c, shape)]


def objective(problem, x, y, state):
    """L of a net with identity activations, written out."""
    v, total = x, 0.5 * np.sum((state[f"V{len(problem['layers'])}"] - y) ** 2)
    for i, layer in enumerate(problem["layers"], 1):
        p, c, w, b = layer["penalties"], layer["compression"], state[f"W{i}"], state[f"b{i}"]
        total += p["gamma"] / 2 * np.sum((state[f"V{i}"] - state[f"U{i}"]) ** 2)
        total += p["rho"] / 2 * np.sum((state[f"U{i}"] - v @ w.T - b) ** 2)
        total += p["mu"] / 2 * (np.sum(w**2) + np.sum(b**2))
        if c["kind"] != "none":
            part = w - value(c, tensors_of(state, i, c, w.shape), w.shape)
            total += p["tau"] / 2 * np.sum(part**2)
        v = state[f"V{i}"]
    return total


def names_of(problem, block):
    """The tensors that a row's block stands for."""
    i = int(block[1:].partition(".")[0])
    if block[0] == "W":
        return [block, f"b{i}"]
    if block[0] != "Z" or "." in block:
        return [block]
    layers = group_layers(problem["layers"], i)
    found = []
    for k in layers:
        layer = problem["layers"][k - 1]
        shape = (layer["outputs"], layer["inputs"])
        found += [f"Z{k}{suffix}" for suffix in tensor_shapes(layer["compression"], shape)]
    return found


def smooth_run(seed, kinds, sweeps=2, order="random", **keys):
    rng = np.random.default_rng(seed)
    keys = {"n": 4, "decades": 0.5, "activations": ("identity",), **keys}
    problem = random_z_problem(rng, kinds, order=order, **keys)
    x, y, start = random_z_start(rng, problem)
    return problem, x, y, z_states(problem, x, y, start, sweeps)


@pytest.mark.parametrize("kind", KINDS)
def test_decrease_and_step_against_plain_evaluation_in_any_order(kind):
    for seed in range(3):
        problem, x, y, states = smooth_run([91, seed], (kind,), depth=3)
        for row, old, new in zip(
            audited(problem, x, y, states)[1], states, states[1:], strict=False
        ):
            mixed = dict(old)
            for block in row.blocks:
                before, names = objective(problem, x, y, mixed), names_of(problem, block.block)
                mixed |= {name: new[name] for name in names}
                fall = before - objective(problem, x, y, mixed)
                assert block.decrease == pytest.approx(fall, rel=1e-9, abs=1e-11 * (1 + before))
                if kind != "grid":
                    step = math.sqrt(sum(np.sum((new[n] - old[n]) ** 2) for n in names))
                    assert block.step == pytest.approx(step, rel=1e-9)


@pytest.mark.parametrize("kind", ["prune", "nm", "rows", "columns", "blocks"])
def test_excess_and_residual_of_a_wrong_z_as_audited(kind):
    """Another member of the set in place of the right one: value and cone as by brute force."""
    for seed in range(4):
        problem, x, y, states = smooth_run([99, seed], (kind,), 1, "backward", depth=1, n=6)
        p, c = problem["layers"][0]["penalties"], problem["layers"][0]["compression"]
        h, w = p["tau"] + p["alpha_z"], states[1]["W1"]
        m = (p["tau"] * w + p["alpha_z"] * states[0]["Z1"]) / h
        groups, one = groups_of(c, w.shape), np.ones(w.size)
        rng = np.random.default_rng(seed)
        z = keep(rng.standard_normal(w.size), groups, most_of(c), one).reshape(w.shape)
        got = audited(problem, x, y, [states[0], states[1] | {"Z1": z}])[1][0].blocks[-1]
        best = keep(m.ravel(), groups, most_of(c), one).reshape(w.shape)
        want = h / 2 * (np.sum((z - m) ** 2) - np.sum((best - m) ** 2))
        assert got.excess == pytest.approx(want, rel=1e-9)
        held = [k for g in groups for group in g if z.ravel()[group].any() for k in group]
        assert got.residual == pytest.approx(h * np.linalg.norm((z - m).ravel()[held]), rel=1e-9)


def test_excess_and_residual_of_a_wrong_grid_as_audited():
    """The sum of what codes cost at the old scale, and the scale at the new codes."""
    for seed in range(6):
        problem, x, y, states = smooth_run([100, seed], ("grid",), 1, "backward", depth=1, n=6)
        p = problem["layers"][0]["penalties"]
        h, w = p["tau"] + p["alpha_z"], states[1]["W1"]
        largest = 2 ** (problem["layers"][0]["compression"]["bits"] - 1) - 1
        old = states[0]["Z1.2"][0]
        m = (p["tau"] * w + p["alpha_z"] * old * states[0]["Z1.1"]) / h
        rng = np.random.default_rng(seed)
        codes = rng.integers(-largest, largest + 1, w.shape).astype(float)
        codes[0, 0], scale = 1.0, float(rng.uniform(0.1, 1.0))
        levels = old * np.arange(-largest, largest + 1)
        nearest = ((m.ravel()[:, None] - levels) ** 2).min(axis=1).sum()
        fitted = np.sum(codes * m) / np.sum(codes**2)
        wrong = {"Z1.1": codes, "Z1.2": np.array([scale])}
        got = audited(problem, x, y, [states[0], states[1] | wrong])[1][0].blocks[-1]
        want = np.sum((old * codes - m) ** 2) - nearest
        want += np.sum((scale * codes - m) ** 2) - np.sum((fitted * codes - m) ** 2)
        assert got.excess == pytest.approx(h / 2 * want, rel=1e-9)
        along = abs(np.sum(codes * (scale * codes - m))) / np.linalg.norm(codes)
        assert got.residual == pytest.approx(h * along, rel=1e-9)


@pytest.mark.parametrize("kind", FACTORED)
def test_residual_of_a_wrong_factor_is_its_gradient(kind):
    problem, x, y, states = smooth_run([101], (kind,), 1, "backward", depth=1, widths=[3, 4])
    for name in [n for n in states[1] if "." in n]:
        moved = states[1] | {name: 1.1 * states[1][name]}
        later = {n: states[0][n] for n in moved if "." in n and n > name}
        slope = gradient(problem, x, y, moved | later, name)
        step = prox(problem, name) * (moved[name] - states[0][name])
        blocks = audited(problem, x, y, [states[0], moved])[1][0].blocks
        got = next(block for block in blocks if block.block == name)
        assert got.residual == pytest.approx(np.linalg.norm(slope + step), rel=1e-4)


def test_a_step_of_a_scale_below_the_roundoff_of_c():
    """Of a change in the last place of the scale, C's difference keeps nothing, the step all."""
    member = COMPRESSIONS["grid"].read({"bits": 4}, (2, 3))
    codes = np.array([[3.0, -5.0, 7.0], [0.0, 6.0, 1.0]])
    for scale in (0.1, 0.3, 0.7):
        near = np.nextafter(scale, 1.0)
        got = member.change([codes, np.array([near])], [codes, np.array([scale])])
        assert np.array_equal(got, (near - scale) * codes)
        assert not np.array_equal(near * codes - scale * codes, got)


# -- the element of dL in any order, by finite differences --


def gradient(problem, x, y, state, name):
    found = np.zeros_like(state[name])
    for index in np.ndindex(found.shape):
        ends = []
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


@pytest.mark.parametrize("kind", [*FACTORED, "prune", "low_rank", "shared_prune"])
def test_element_and_bound_in_any_order(kind):
    """g = gradient at the end - gradient right after the update - prox * step, per tensor."""
    for seed in range(2):
        problem, x, y, states = smooth_run([92, seed], (kind,), 2, depth=2, widths=[2, 3, 2])
        old, new = states[1], states[2]
        row, mixed, total = audited(problem, x, y, states)[1][1], dict(old), 0.0
        for block in row.blocks:
            names = names_of(problem, block.block)
            mixed |= {name: new[name] for name in names}
            for name in names:
                g = gradient(problem, x, y, new, name) - gradient(problem, x, y, mixed, name)
                total += np.sum((g - prox(problem, name) * (new[name] - old[name])) ** 2)
        assert row.subgradient.element == pytest.approx(math.sqrt(total), rel=1e-4, abs=1e-7)
        assert row.subgradient.bound >= math.sqrt(total) * (1 - 1e-4) - 1e-7


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_the_matrix_bounds_its_element(monkeypatch, kind):
    """Not the whole norm alone: each ||g_p|| is at most its row of M times the steps."""
    seen = {}

    def matrix(problem, mixed, bounds, names):
        seen["matrix"], seen["names"] = relative_error_matrix(problem, mixed, bounds, names), names
        return seen["matrix"]

    def element(mixed, witness):
        seen[witness.name] = element_norm(mixed, witness), np.linalg.norm(witness.step)
        return seen[witness.name][0]

    monkeypatch.setattr(measure, "relative_error_matrix", matrix)
    monkeypatch.setattr(measure, "element_norm", element)
    for seed in range(6):
        problem, x, y, states = smooth_run([102, seed], (kind,), 3, depth=2, decades=1.0)
        auditor = Auditor(Problem.from_json(problem), x, y, states[0])
        for state in states[1:]:
            seen.clear()
            row = auditor.step(state)
            if row.subgradient.element is None:
                continue
            elements, steps = zip(*(seen[name] for name in seen["names"]), strict=True)
            bounds = seen["matrix"] @ np.array(steps)
            # Of coupled factors the bound is tight, so that a lost entry shows here or never.
            assert np.all(np.array(elements) <= bounds * (1 + 1e-9) + 1e-10)


# -- projections: value and normal cone --


def random_member(rng, kind, d, p):
    c = random_compression(rng, kind, d, p) | ({"group": "a"} if kind == "shared_prune" else {})
    return c, COMPRESSIONS[kind].read(c, (d, p))


@pytest.mark.parametrize("kind", SETS)
def test_excess_of_any_member_of_a_set_is_what_it_costs_over_the_best(kind):
    rng = np.random.default_rng(93)
    for _ in range(30):
        d, p = (int(k) for k in rng.integers(1, 5, 2))
        c, member = random_member(rng, kind, d, p)
        m = rng.choice([0.0, 0.5, 1.0, -1.0, 2.0], (d, p))  # ties, and whole groups of nothing
        groups, one = groups_of(c, (d, p)), np.ones(d * p)
        best = keep(m.ravel(), groups, most_of(c), one).reshape(d, p)
        z = keep(rng.standard_normal(d * p), groups, most_of(c), one)
        z[rng.random(d * p) < 0.2] = 0
        z = z.reshape(d, p)
        kept = member.kept([z])
        got, _ = contest_excess(member.fold(m**2), kept, 0 * member.fold(m**2), member.most)
        got += member.fold((z - m) ** 2)[kept].sum()
        assert got == pytest.approx(np.sum((z - m) ** 2) - np.sum((best - m) ** 2), abs=1e-12)


@pytest.mark.parametrize("kind", SETS)
def test_normal_cone_of_groups_against_all_supports(kind):
    rng = np.random.default_rng(94)
    for _ in range(10):
        d, p = (int(k) for k in rng.integers(1, 4, 2))
        c, member = random_member(rng, kind, d, p)
        z = keep(rng.standard_normal(d * p), groups_of(c, (d, p)), most_of(c), np.ones(d * p))
        z[rng.random(d * p) < 0.5] = 0
        y, want = rng.standard_normal((d, p)), 0.0
        for groups in groups_of(c, (d, p)):
            held = {k for k, g in enumerate(groups) if z[g].any()}
            room = min(most_of(c), len(groups)) - len(held)
            rest = [k for k in range(len(groups)) if k not in held]
            want += min(
                sum(np.sum(y.ravel()[groups[k]] ** 2) for k in held | set(extra))
                for extra in itertools.combinations(rest, room)
            )
        norms = np.sqrt(member.fold(y**2))
        got = sparse_normal_gap(norms, member.kept([z.reshape(d, p)]), member.most)
        assert got == pytest.approx(math.sqrt(want))


def test_normal_cone_of_bounded_rank_in_full_bases():
    """N at a point of rank q: no part in its spaces, and rank at most min(d, p) - r."""
    rng = np.random.default_rng(95)
    for _ in range(40):
        d, p = (int(k) for k in rng.integers(1, 6, 2))
        rank = int(rng.integers(1, min(d, p) + 1))
        q = int(rng.integers(0, rank + 1))
        z, y = (
            rng.standard_normal((d, q)) @ rng.standard_normal((q, p)),
            rng.standard_normal((d, p)),
        )
        u, _, vt = np.linalg.svd(z)
        inside = u[:, q:].T @ y @ vt[q:].T
        values = np.linalg.svd(inside, compute_uv=False)
        nearest = np.sum(y**2) - np.sum(values[: min(d, p) - rank] ** 2)
        got = _split(u[:, :q], vt[:q], y).gap(rank)
        assert got == pytest.approx(math.sqrt(max(0.0, nearest)), abs=1e-7)


def low_rank_excess(problem, x, y, states, z):
    row = audited(problem, x, y, [states[0], states[1] | {"Z1": z}])[1][0]
    return row.blocks[-1]


def test_excess_of_a_bounded_rank_is_never_above_the_truth_and_never_hides_a_wrong_choice():
    rng = np.random.default_rng(96)
    problem, x, y, states = smooth_run(
        [96], ("low_rank",), 1, "backward", depth=1, widths=[5, 4], n=6
    )
    problem["layers"][0]["compression"]["rank"] = 2
    x, y, start = random_z_start(rng, problem)
    states = z_states(problem, x, y, start, 1)
    p = problem["layers"][0]["penalties"]
    h = p["tau"] + p["alpha_z"]
    m = (p["tau"] * states[1]["W1"] + p["alpha_z"] * start["Z1"]) / h
    u, s, vt = np.linalg.svd(m, full_matrices=False)
    for pair in itertools.combinations(range(4), 2):
        z = (u[:, pair] * s[list(pair)]) @ vt[list(pair)]
        true = h / 2 * (np.sum((z - m) ** 2) - np.sum(s[2:] ** 2))
        got = low_rank_excess(problem, x, y, states, z)
        assert got.excess == pytest.approx(true, abs=1e-12)
        assert (got.excess > got.excess_tolerance) == (pair != (0, 1))
    for size in (1e-6, 1e-3, 0.3):
        z = (u[:, :2] + size * rng.standard_normal((4, 2))) * s[:2] @ vt[:2]
        true = h / 2 * (np.sum((z - m) ** 2) - np.sum(s[2:] ** 2))
        got = low_rank_excess(problem, x, y, states, z)
        assert got.excess_tolerance < got.excess <= true * (1 + 1e-6)
        assert got.excess >= true / 4
        left, _, right = np.linalg.svd(z)
        free = left[:, 2:].T @ (h * (z - m)) @ right[2:].T
        want = np.sum((h * (z - m)) ** 2) - np.sum(free**2)
        assert got.residual == pytest.approx(math.sqrt(want), rel=1e-6)


# -- the multilinear parts --


@pytest.mark.parametrize("kind", FACTORED)
def test_parts_against_the_sum_written_out(kind):
    rng = np.random.default_rng(97)
    for _ in range(8):
        d, p = (int(k) for k in rng.integers(1, 7, 2))
        c, member = random_member(rng, kind, d, p)
        tensors = [rng.standard_normal(shape) for shape in member.shapes]
        assert np.allclose(member.value(tensors), contract_all(c, tensors, (d, p)))
        y = rng.standard_normal((d, p))
        for j, tensor in enumerate(tensors):
            part, columns = member.part(tensors, j), []
            for k in range(tensor.size):
                unit = np.zeros(tensor.size)
                unit[k] = 1
                changed = [*tensors[:j], unit.reshape(tensor.shape), *tensors[j + 1 :]]
                columns.append(contract_all(c, changed, (d, p)).ravel())
            design = np.array(columns).T
            assert np.allclose(part.apply(tensor).ravel(), design @ tensor.ravel())
            assert np.allclose(part.adjoint(y).ravel(), design.T @ y.ravel())
            gram = np.ones((1, 1))
            for matrix, size in zip(part.grams(), tensor.shape, strict=True):
                gram = np.kron(gram, np.eye(size) if matrix is None else matrix)
            assert np.allclose(gram, design.T @ design)
            norms = {f".{k}": np.linalg.norm(other) for k, other in enumerate(tensors, 1)}
            reach = member.reach(norms.__getitem__, f".{j + 1}")
            assert np.linalg.norm(design, 2) <= min(reach, part.outer) * (1 + 1e-9)
            for other in set(norms) - {f".{j + 1}"}:
                both = member.reach(norms.__getitem__, f".{j + 1}", other)
                assert both * norms[other] == pytest.approx(reach)


def test_distance_speaks_of_the_last_state_alone():
    """Whatever order is declared, its own caches and blocks must give the same distance."""
    for k, kind in enumerate(KINDS):
        problem, x, y, states = smooth_run([98, k], (kind,), 1, "backward", depth=2)
        orders = [
            order_of(problem["layers"], o, np.random.default_rng(k)) for o in ("forward", "random")
        ]
        found = [
            audited(problem | {"order": order}, x, y, states)[1][0].subgradient.distance
            for order in (problem["order"], *orders)
        ]
        assert found == pytest.approx([found[0]] * 3, rel=1e-8, abs=1e-12)
