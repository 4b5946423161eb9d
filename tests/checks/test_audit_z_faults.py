"""Every fault planted in a Z block of any compression is refuted, with the block named."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from audit_tools import audited, explain
from naive_z import FACTORED, FAULTS, KINDS, random_z_problem, random_z_start, z_states

CASES = [(fault, kind) for fault, kinds in FAULTS.items() for kind in kinds]
WANTED = 6


def room_for(fault, problem, at):
    """Whether the fault can be planted in layer ``at``."""
    layers = problem["layers"]
    c, (d, p) = layers[at - 1]["compression"], (layers[at - 1]["outputs"], layers[at - 1]["inputs"])
    kept = c.get("nonzeros") or c.get("n") or c.get("count") or c.get("rank")
    if fault in ("one_more", "second_best"):
        size = sum(la["outputs"] * la["inputs"] for la in layers)
        shape = c.get("shape", [1, 1])
        groups = {
            "prune": d * p, "nm": c.get("m", 0), "rows": d, "columns": p, "low_rank": min(d, p),
            "blocks": d * p // (shape[0] * shape[1]), "shared_prune": size,
        }  # fmt: skip
        return kept < groups[c["kind"]]
    if fault == "wrong_pattern":
        return c["kind"] != "nm" or (d % c["m"] == 0 and c["n"] < c["m"])
    if fault == "swapped":
        return d == p and c["row_modes"] == c["column_modes"]
    return True


def faulty_runs(fault, kind, seed, wanted, sweeps=2):
    """(problem, x, y, states, layer) where the fault shows, and nothing right moved before it."""
    found = 0
    for k in itertools.count():
        assert k < 100 * wanted, f"only {found} runs in which {fault} of {kind} shows"
        rng = np.random.default_rng([seed, k])
        depth = 2 if kind == "shared_prune" else int(rng.integers(1, 3))
        widths = [int(w) for w in rng.integers(2, 6, depth + 1)]
        if fault == "swapped":
            widths = [widths[0]] * (depth + 1)
        problem = random_z_problem(rng, (kind,), depth=depth, widths=widths, n=8, decades=1.0)
        at = 1 if kind == "shared_prune" else int(rng.integers(1, depth + 1))
        if not room_for(fault, problem, at):
            continue
        x, y, start = random_z_start(rng, problem)
        right = z_states(problem, x, y, start, sweeps)
        wrong = z_states(problem, x, y, start, sweeps, fault=fault, at=at)
        if differ_first_at(right, wrong, f"Z{at}"):
            found += 1
            yield problem, x, y, wrong, at
        if found == wanted:
            return


def differ_first_at(right, wrong, stem):
    """Whether the block of ``stem`` is visibly off in the first sweep that differs at all."""
    for one, other in zip(right, wrong, strict=True):
        off = [n for n in one if n.startswith("Z") and not np.array_equal(one[n], other[n])]
        if off:
            pairs = [(one[n], other[n]) for n in off if n.startswith(stem)]
            return any(np.abs(a - b).max() > 1e-4 * (1e-3 + np.abs(a).max()) for a, b in pairs)
    return False


@pytest.mark.parametrize(("fault", "kind"), CASES)
def test_planted_fault_is_refuted_and_named(fault, kind):
    for problem, x, y, states, at in faulty_runs(fault, kind, 71, WANTED):
        certificate = audited(problem, x, y, states)[0]
        assert certificate.exit_code == 1, (problem, fault, at)
        claim = certificate.refuted[0]
        assert claim.where.block.partition(".")[0] == f"Z{at}", (problem, explain(certificate))
        refuted = {c.claim for c in certificate.refuted}
        expected = {"feasibility"} if fault == "one_more" else {"block_optimality"}
        if fault == "wrong_pattern":
            expected = {"feasibility", "block_optimality"}
        assert refuted & expected, explain(certificate)


@pytest.mark.parametrize(
    "fault", ["one_more", "second_best", "no_prox_z", "split_budget", "jacobi"]
)
def test_planted_faults_show_in_single_precision_too(fault):
    for kind in FAULTS[fault]:
        for problem, x, y, states, at in faulty_runs(fault, kind, 72, 1):
            single = problem | {"dtype": "float32"}
            start = {name: value.astype(np.float32) for name, value in states[0].items()}
            data = x.astype(np.float32), y.astype(np.float32)
            wrong = z_states(single, *data, start, 2, fault=fault, at=at)
            claim = audited(single, *data, wrong)[0].refuted[0]
            assert claim.where.block.partition(".")[0] == f"Z{at}", (fault, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_relative_change_of_1e_6_in_any_tensor_is_refuted(kind):
    found = 0
    for k in itertools.count():
        rng = np.random.default_rng([73, k])
        problem = random_z_problem(rng, (kind,), depth=2, widths=[3, 4, 3], n=8, decades=1.0)
        x, y, start = random_z_start(rng, problem)
        states = z_states(problem, x, y, start, 3)
        names = [n for n in states[2] if n[0] == "Z" and np.abs(states[2][n]).max() > 1e-3]
        if kind == "grid":  # a scale without codes stands for the point 0, whatever it is
            names = [n for n in names if states[2][f"{n[:2]}.1"].any()]
        for name in names:
            changed = [*states]
            changed[2] = states[2] | {name: states[2][name] * (1 + 1e-6)}
            claim = audited(problem, x, y, changed)[0].refuted[0]
            assert claim.where.sweep == 2, (k, name)
            lead = "Z1" if kind == "shared_prune" else name
            assert claim.where.block == (lead if kind in FACTORED else lead[:2]), (k, name)
            found += 1
        if found >= WANTED:
            return


def outside(kind, state):
    """``state`` with a Z1 out of its set, one way or another."""
    z = {name: value.copy() for name, value in state.items() if name.startswith("Z1")}
    if kind == "grid":
        z["Z1.1"].flat[0] += 0.5
        return state | z
    return state | {"Z1": np.arange(1.0, 13.0).reshape(3, 4) ** 2}


TIGHT = {
    "prune": {"nonzeros": 11},
    "nm": {"n": 1, "m": 2},
    "rows": {"count": 2},
    "columns": {"count": 3},
    "blocks": {"shape": [1, 2], "count": 5},
    "low_rank": {"rank": 2},
    "shared_prune": {"group": "a", "nonzeros": 11},
    "grid": {"bits": 4},
}


def tight(kind):
    rng = np.random.default_rng(74)
    problem = random_z_problem(rng, ("prune",), depth=1, widths=[4, 3], n=5, decades=0.5)
    problem["layers"][0]["compression"] = {"kind": kind, **TIGHT[kind]}
    return problem, *random_z_start(rng, problem)


@pytest.mark.parametrize("kind", TIGHT)
def test_a_start_outside_its_set_is_refuted_there(kind):
    problem, x, y, start = tight(kind)
    assert audited(problem, x, y, z_states(problem, x, y, start, 1))[0].exit_code == 0
    claim = audited(problem, x, y, [outside(kind, start)])[0].refuted[0]
    assert (claim.claim, claim.where.sweep, claim.where.block) == ("feasibility", 0, "Z1")


@pytest.mark.parametrize(("scale", "code"), [(-0.5, 1.0), (0.0, 1.0), (0.5, 8.0), (0.5, -8.0)])
def test_a_grid_is_outside_by_its_scale_and_by_its_range(scale, code):
    problem, x, y, start = tight("grid")
    codes = start["Z1.1"].copy()
    codes[0, 0] = code
    state = start | {"Z1.1": codes, "Z1.2": np.array([scale])}
    assert audited(problem, x, y, [state])[0].refuted[0].claim == "feasibility"
    next_ = z_states(problem, x, y, start, 1)[1]
    assert audited(problem, x, y, [state, next_])[0].exit_code == 1


def test_a_rank_beyond_rounding_is_outside():
    problem, x, y, start = tight("low_rank")
    u, s, vt = np.linalg.svd(start["Z1"])
    for part, verdict in ((1e-15, "certified"), (1e-9, "refuted")):
        s[2] = part * s[0]
        state = start | {"Z1": (u * s) @ vt[:3]}
        claims = {c.claim: c.verdict for c in audited(problem, x, y, [state])[0].claims}
        assert claims["feasibility"] == (verdict if verdict == "refuted" else "not_checkable")
