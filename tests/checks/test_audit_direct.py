"""Layers on a fixed support, or made of their factors: right runs certified, faults named."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from audit_tools import audited, explain, write_run
from hypothesis import given
from hypothesis import strategies as st
from naive_direct import (
    DIRECT_FAULTS,
    KINDS,
    SUPPORT_FAULTS,
    blocks_of,
    direct_states,
    random_direct_problem,
    random_direct_start,
    random_member,
)
from naive_z import contract_all, tensor_shapes

from nnbcd_checks import Problem, TraceError, audit_run

DIRECT = [kind for kind in KINDS if kind != "support"]
WANTED = 5


@given(
    seed=st.integers(0, 2**32),
    kinds=st.sampled_from([*((kind,) for kind in KINDS), (*KINDS, "none", "prune", "tt")]),
    dtype=st.sampled_from(["float64", "float32"]),
    order=st.sampled_from(["backward", "random"]),
    data=st.sampled_from(["plain", "deficient", "constant", "reachable"]),
    decades=st.sampled_from([1.0, 2.0, 3.0]),
)
def test_right_runs_are_certified(seed, kinds, dtype, order, data, decades):
    """In any order, of kinks the element of dL excepted where V_i comes after U_i."""
    rng = np.random.default_rng(seed)
    problem = random_direct_problem(rng, kinds, order=order, dtype=dtype, decades=decades)
    x, y, start = random_direct_start(rng, problem, data)
    certificate = audited(problem, x, y, direct_states(problem, x, y, start, 4))[0]
    assert certificate.exit_code == 0, explain(certificate)
    place = {block: k for k, block in enumerate(problem["order"])}
    kinked = [i for i, la in enumerate(problem["layers"], 1) if is_kinked(la["activation"])]
    if all(place[f"V{i}"] < place[f"U{i}"] for i in kinked):
        assert certificate.certified, explain(certificate)


def is_kinked(activation):
    return activation["kind"] != "identity"


def small(rng, kind, **keys):
    depth = int(keys.pop("depth", rng.integers(1, 3)))
    widths = [int(w) for w in rng.integers(2, 5, depth + 1)]
    return random_direct_problem(rng, (kind,), depth=depth, widths=widths, n=8, **keys)


def ready(fault, problem, at):
    """The problem as the fault needs it, or ``None``."""
    layers, order = problem["layers"], problem["order"]
    c, weigh = layers[at - 1]["compression"], layers[at - 1]["penalties"]
    size = layers[at - 1]["outputs"] * layers[at - 1]["inputs"]
    if fault in ("off_support", "support_changed", "masked_late"):
        return problem if c["nonzeros"] < size else None
    if fault == "double_mu":
        weigh["mu"] = max(weigh["mu"], 0.3)
    if fault == "old_v" and at == 1:
        return None
    if fault == "old_v":  # V below before Z, so that it has changed by then
        problem["order"] = [f"V{at - 1}", *(b for b in order if b != f"V{at - 1}")]
    if fault == "old_w_bias":
        problem["order"] = [f"Z{at}", *(b for b in order if b != f"Z{at}")]
    return problem


def faulty_runs(fault, kind, seed, *, where, wanted=WANTED, sweeps=2):
    """(problem, x, y, states, layer) in which a tensor of ``where(layer)`` visibly differs."""
    found = 0
    for k in itertools.count():
        assert k < 60 * wanted, f"only {found} runs in which {fault} of {kind} shows"
        rng = np.random.default_rng([seed, k])
        problem = small(rng, kind)
        at = int(rng.integers(1, len(problem["layers"]) + 1))
        if ready(fault, problem, at) is None:
            continue
        x, y, start = random_direct_start(rng, problem)
        right = direct_states(problem, x, y, start, sweeps)
        wrong = direct_states(problem, x, y, start, sweeps, fault=fault, at=at)
        stems = tuple(f"{letter}{at}" for letter in where)
        if visible(right, wrong, stems):
            found += 1
            yield problem, x, y, wrong, at
        if found == wanted:
            return


def visible(right, wrong, stems, part=1e-4):
    """Whether the first sweep that differs does so in one of ``stems``, by more than rounding."""
    for one, other in zip(right, wrong, strict=True):
        if any(not np.array_equal(one[name], other[name]) for name in one):
            pairs = [(one[n], other[n]) for n in one if n.partition(".")[0] in stems]
            return any(np.abs(a - b).max() > part * (1e-3 + np.abs(a).max()) for a, b in pairs)
    return False


def must_name(certificate, claim, block):
    assert certificate.exit_code == 1, explain(certificate)
    first = certificate.refuted[0]
    found = first.claim, first.where.block.partition(".")[0]
    assert found == (claim, block), explain(certificate)


@pytest.mark.parametrize("fault", [f for f in SUPPORT_FAULTS if f[:3] not in ("off", "sup")])
def test_a_wrong_w_on_a_support_is_named(fault):
    for problem, x, y, states, at in faulty_runs(fault, "support", 201, where="Wb"):
        must_name(audited(problem, x, y, states)[0], "block_optimality", f"W{at}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fault", ["off_support", "support_changed"])
def test_a_w_off_its_support_is_outside_exactly(fault, dtype):
    """One entry as small as there is, or a support that moves in the second sweep."""
    found = 0
    for k in itertools.count():
        rng = np.random.default_rng([202, k])
        problem = small(rng, "support", dtype=dtype)
        at = len(problem["layers"])
        if ready(fault, problem, at) is None:
            continue
        x, y, start = random_direct_start(rng, problem)
        states = direct_states(problem, x, y, start, 3, fault=fault, at=at)
        certificate = audited(problem, x, y, states)[0]
        must_name(certificate, "feasibility", f"W{at}")
        assert certificate.refuted[0].where.sweep == (2 if fault == "support_changed" else 1)
        found += 1
        if found == WANTED:
            return


@pytest.mark.parametrize("kind", DIRECT)
@pytest.mark.parametrize("fault", [f for f in DIRECT_FAULTS if "stored" not in f])
def test_a_wrong_block_of_a_direct_layer_is_named(fault, kind):
    block = "W" if fault in ("old_w_bias", "no_prox_b") else "Z"
    where = "b" if block == "W" else "Z"
    for problem, x, y, states, at in faulty_runs(
        fault, kind, 203, where=[where] if where == "b" else "Z", wanted=4
    ):
        must_name(audited(problem, x, y, states)[0], "block_optimality", f"{block}{at}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fault", ["stored_w", "stale_stored_w"])
def test_a_stored_w_that_is_not_c_of_z_is_outside(fault, dtype):
    for k, kind in itertools.product(range(3), DIRECT):
        rng = np.random.default_rng([204, k])
        problem = small(rng, kind, dtype=dtype)
        at = len(problem["layers"])
        x, y, start = random_direct_start(rng, problem)
        states = direct_states(problem, x, y, start, 2, fault=fault, at=at)
        must_name(audited(problem, x, y, states)[0], "feasibility", f"Z{at}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_skipped_block_or_tensor_is_named(kind):
    """Every block of the order, and every tensor of a direct layer, left as it was."""
    for seed in range(2):
        rng = np.random.default_rng([205, seed])
        problem = small(rng, kind, depth=2, decades=0.5)
        x, y, start = random_direct_start(rng, problem)
        right = direct_states(problem, x, y, start, 1)
        tensors = [name for name in start if "." in name]
        for block in [*problem["order"], *tensors]:
            wrong = direct_states(problem, x, y, start, 1, fault="skip", at=block)
            names = (block, f"b{block[1:]}") if block[0] == "W" else (block,)
            moved = [n for n in right[1] if n in names or n.partition(".")[0] in names]
            assert any(np.abs(right[1][n] - wrong[1][n]).max() > 1e-6 for n in moved), block
            claim = audited(problem, x, y, wrong)[0].refuted[0]
            assert (claim.claim, claim.where.block) == (
                "block_optimality",
                f"{block}.1"
                if kind != "support" and block[0] == "Z" and "." not in block
                else block,
            ), (block, explain(audited(problem, x, y, wrong)[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_relative_change_of_1e_6_is_named(kind):
    for seed in range(3):
        rng = np.random.default_rng([206, seed])
        problem = small(rng, kind, depth=2)
        x, y, start = random_direct_start(rng, problem)
        states = direct_states(problem, x, y, start, 2)
        for name in [n for n in start if n[0] in "VUbW" or "." in n]:
            if np.abs(states[2][name]).max() < 1e-3:
                continue
            changed = states[2] | {name: states[2][name] * (1 + 1e-6)}
            claims = audited(problem, x, y, [*states[:2], changed])[0].refuted
            blocks = [claim.where.block for claim in claims]
            block = f"W{name[1:]}" if name[0] == "b" else name
            if name[0] == "W" and kind != "support":
                block = f"Z{name[1:]}"
            assert block in blocks, (name, blocks)


def test_float32_faults_show_too():
    for fault, kind in [
        ("half_rho", "support"),
        *itertools.product(["half_rho", "jacobi"], DIRECT),
    ]:
        where = "W" if kind == "support" else "Z"
        for problem, x, y, states, at in faulty_runs(fault, kind, 207, where=where, wanted=2):
            single = problem | {"dtype": "float32"}
            data, start = (x.astype("f4"), y.astype("f4")), states[0]
            start = {name: value.astype("f4") for name, value in start.items()}
            wrong = direct_states(single, *data, start, 2, fault=fault, at=at)
            refuted = audited(single, *data, wrong)[0].refuted
            assert refuted[0].where.block.partition(".")[0] == f"{where}{at}", (fault, kind)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_factors_whose_products_cancel_are_allowed_their_rounding(dtype):
    """C a thousandth of the products it sums up: right in the working precision is right."""
    for seed in range(6):
        rng = np.random.default_rng([212, seed])
        problem = random_direct_problem(
            rng, ("direct cp",), depth=2, widths=[3, 4, 3], n=8, decades=0.3, dtype=dtype
        )
        for layer in problem["layers"]:
            layer["compression"] = {"kind": "cp", "direct": True, "modes": [4, 3], "rank": 2}
            layer["penalties"] |= {"alpha_z": 100.0, "alpha": 1.0}
        x, y, start = random_direct_start(rng, problem)
        for i in (1, 2):
            for j in (1, 2):
                factor = start[f"Z{i}.{j}"]
                factor[:, 1] = factor[:, 0] * (-1 if j == 1 else 1)
                factor *= 30
                factor += 1e-3 * rng.standard_normal(factor.shape)
            tensors = [start[f"Z{i}.1"], start[f"Z{i}.2"]]
            shape = start[f"W{i}"].shape
            start[f"W{i}"] = contract_all(problem["layers"][i - 1]["compression"], tensors, shape)
        certificate = audited(problem, x, y, direct_states(problem, x, y, start, 3))[0]
        assert certificate.exit_code == 0, explain(certificate)


@pytest.mark.parametrize("kind", DIRECT)
def test_factors_that_are_all_0_without_a_prox_are_judged(kind):
    """The block problem is constant then: nothing to minimise, and no division by its curvature."""
    for word in (kind, kind.removeprefix("direct ")):
        rng = np.random.default_rng(214)
        problem = small(rng, word, depth=1)
        problem["layers"][0]["penalties"] |= {"alpha_z": 0, "mu": 0}
        x, y, start = random_direct_start(rng, problem)
        empty = {name: 0 * value for name, value in start.items() if name[0] in "ZW"}
        states = direct_states(problem, x, y, start | empty, 2)
        if word != kind:  # W moves
            states = [state | {n: v for n, v in empty.items() if n[0] == "Z"} for state in states]
        certificate = audited(problem, x, y, states)[0]
        assert certificate.exit_code == 0, explain(certificate)


# -- run folders, and what a claim may say --


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_folder_agrees_with_the_live_audit(tmp_path, kind):
    """Live rows hold offline; a row that drops a residual, or a support that moves, does not."""
    rng = np.random.default_rng([208, len(kind)])
    problem = small(rng, kind, depth=2)
    x, y, start = random_direct_start(rng, problem)
    states = direct_states(problem, x, y, start, 3)
    rows = [row.to_json() for row in audited(problem, x, y, states)[1]]
    good = write_run(tmp_path / "good", problem, x, y, states, rows=rows)
    certificate = audit_run(good)
    assert certificate.certified, explain(certificate)
    for name in ("W2",) if kind == "support" else ("W2", "Z2.1"):
        forged = json.loads(json.dumps(rows))
        block = next(b for b in forged[1]["blocks"] if b["block"] == name)
        block |= {"residual": None, "residual_tolerance": None}
        folder = write_run(tmp_path / f"bad {name}", problem, x, y, states, rows=forged)
        refuted = audit_run(folder).refuted
        assert [(c.claim, c.where.block) for c in refuted] == [("recorded_rows", name)]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_must_say_how_far_w_is_outside(tmp_path, kind):
    rng = np.random.default_rng([213, len(kind)])
    problem = small(rng, kind, depth=1)
    x, y, start = random_direct_start(rng, problem)
    states = direct_states(problem, x, y, start, 2)
    rows = [row.to_json() for row in audited(problem, x, y, states)[1]]
    folder = write_run(tmp_path / "good", problem, x, y, states, keep=[0], rows=rows)
    assert audit_run(folder).exit_code == 0
    del rows[1]["feasibility"]["outside"]
    folder = write_run(tmp_path / "bad", problem, x, y, states, keep=[0], rows=rows)
    assert [(c.claim, c.where.sweep) for c in audit_run(folder).refuted] == [("recorded_rows", 2)]


def test_a_support_that_moves_between_stored_pairs_is_outside(tmp_path):
    rng = np.random.default_rng(209)
    problem = small(rng, "support", depth=1, decades=0.5)
    problem["layers"][0]["compression"]["nonzeros"] = 1
    x, y, start = random_direct_start(rng, problem)
    states = direct_states(problem, x, y, start, 4)
    other = np.roll(start["Z1"].ravel(), 1).reshape(start["Z1"].shape)
    moved = start | {"Z1": other, "W1": 2 * other}
    later = direct_states(problem, x, y, moved, 4)
    folder = write_run(
        tmp_path / "run", problem, x, y, [*states[:2], *later[2:]], keep=[0, 1, 3, 4]
    )
    claim = audit_run(folder).refuted[0]
    assert (claim.claim, claim.where.sweep, claim.where.block) == ("feasibility", 3, "W1")


@pytest.mark.parametrize(
    "change", [{"Z1": 0.5}, {"Z1": 0.0}, {"W1": 1e-300}], ids=["half", "none", "tiny"]
)
def test_a_start_off_its_support_is_outside(change):
    rng = np.random.default_rng(210)
    problem = small(rng, "support", depth=1)
    problem["layers"][0]["compression"]["nonzeros"] = 2
    x, y, start = random_direct_start(rng, problem)
    ((name, value),) = change.items()
    wrong, on = start[name].copy(), start["Z1"] == (name == "Z1")
    wrong[tuple(np.argwhere(on)[0])] = value
    state = start | {name: wrong}
    if value == 0:  # W follows, so that there is one too few, and nothing else
        state["W1"] = state["W1"] * wrong
    claim = audited(problem, x, y, [state])[0].refuted[0]
    assert (claim.claim, claim.where.sweep, claim.where.block) == ("feasibility", 0, "W1")


def base(kind):
    rng = np.random.default_rng(211)
    problem = random_direct_problem(rng, (kind,), depth=1, widths=[4, 3], n=3)
    problem["layers"][0]["compression"] = random_member(rng, kind, 3, 4)
    return problem


@pytest.mark.parametrize("kind", KINDS)
def test_claims_survive_the_round_trip(kind):
    problem = base(kind)
    assert Problem.from_json(problem).to_json() == problem
    assert problem["order"] == blocks_of(problem["layers"])


@pytest.mark.parametrize(
    ("kind", "compression", "penalties", "words"),
    [
        ("support", {"nonzeros": 13}, {}, ("compression.nonzeros", "13", "1 to 12")),
        ("support", {"direct": True}, {}, ("compression", "direct")),
        (
            "support",
            {},
            {"tau": 1},
            ("penalties", "'tau': 1.0", "0 without compression, or on a fixed"),
        ),
        ("support", {}, {"alpha_z": 1}, ("penalties", "'alpha_z': 1.0", "0 without compression")),
        ("direct tt", {}, {"tau": 1}, ("penalties.tau", "1.0", "0 where W is made")),
        ("direct tt", {"direct": False}, {}, ("penalties.tau", "> 0")),
        ("direct tt", {"kind": "tt_svd"}, {}, ("compression", "direct")),
        ("direct cp", {"direct": 1}, {}, ("direct", "boolean")),
    ],
)
def test_a_claim_out_of_its_domain_is_an_error(kind, compression, penalties, words):
    problem = base(kind)
    problem["layers"][0]["compression"] |= compression
    problem["layers"][0]["penalties"] |= penalties
    with pytest.raises(TraceError) as caught:
        Problem.from_json(problem)
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_support_layer_has_no_block_in_the_order():
    problem = base("support")
    problem["order"].append("Z1")
    with pytest.raises(TraceError, match="order"):
        Problem.from_json(problem)


def test_tensors_are_declared_as_for_the_penalised_layer():
    for kind in DIRECT:
        problem = base(kind)
        c = problem["layers"][0]["compression"]
        shapes = Problem.from_json(problem).shapes()
        assert {f"Z1{k}": s for k, s in tensor_shapes(c, (3, 4)).items()}.items() <= shapes.items()
