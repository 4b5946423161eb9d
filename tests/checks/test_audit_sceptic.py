"""Ways to fool the auditor that were once found to work: each stays closed."""

from __future__ import annotations

import naive_bcd
import numpy as np
import pytest
from audit_tools import audited, explain, trained, write_run, write_state

from nnbcd_checks import TraceError, audit_run


@pytest.fixture(scope="module")
def run():
    """A valid pruned run of four sweeps, with its rows."""
    found = trained(np.random.default_rng([7, 1]), 4, depth=2, widths=[3, 4, 2], n=5, decades=1)
    certificate, rows = audited(*found)
    assert certificate.certified, explain(certificate)
    return (*found, rows)


@pytest.mark.parametrize("k", [0, 4])
def test_a_lone_state_that_contradicts_its_row_is_refuted(tmp_path, run, k):
    problem, x, y, states, rows = run
    keep = [0, 1, 2, 4] if k == 4 else [0, 2, 3]
    folder = write_run(tmp_path / "run", problem, x, y, states, keep=keep, rows=rows)
    assert audit_run(folder).certified
    write_state(folder, k, {name: 3 * value for name, value in states[k].items()})
    certificate = audit_run(folder)
    assert certificate.claim("recorded_rows").verdict == "refuted", explain(certificate)


def test_a_lone_state_that_cannot_be_read_is_an_error(tmp_path, run):
    problem, x, y, states, rows = run
    folder = write_run(tmp_path / "run", problem, x, y, states, keep=[0, 1, 2, 4], rows=rows)
    write_state(folder, 4, {name: np.nan * value for name, value in states[4].items()})
    with pytest.raises(TraceError, match="NaN"):
        audit_run(folder)


@pytest.mark.parametrize("key", ["excess_tolerance", "residual_tolerance", "decrease_tolerance"])
def test_a_generous_recorded_tolerance_is_found_where_the_pair_is_stored(tmp_path, run, key):
    problem, x, y, states, rows = run
    records = [row.to_json() for row in rows]
    for record in records:
        for block in record["blocks"]:
            if block[key] is not None:
                block[key] = 1e9
        if key == "decrease_tolerance":
            record["total"]["tolerance"] = 1e9 * len(record["blocks"])
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=records)
    claim = audit_run(folder).claim("recorded_rows")
    assert claim.verdict == "refuted"
    assert key in claim.why


def test_a_skipped_block_under_a_tiny_prox_is_named_by_its_residual():
    rng = np.random.default_rng(3)
    weights = {"gamma": 1.0, "rho": 1.0, "tau": 0.0, "alpha": 1e-30, "alpha_z": 0.0, "mu": 0.0}
    relu = {"kind": "relu"}
    layers = [
        {"inputs": p, "outputs": d, "activation": s, "compression": {"kind": "none"},
         "penalties": weights}
        for p, d, s in ((4, 8, relu), (8, 3, {"kind": "identity"}))
    ]  # fmt: skip
    order = ["V2", "U2", "W2", "V1", "U1", "W1"]
    problem = {
        "format": "nnbcd-trace", "version": 1, "name": "skip", "samples": 50, "dtype": "float64",
        "loss": {"kind": "squared"}, "order": order, "layers": layers,
    }  # fmt: skip
    x, y, start = naive_bcd.random_start(rng, problem)
    after = naive_bcd.Net(problem, x, y, start).sweep()
    certificate, _ = audited(problem, x, y, [start, after | {"W1": start["W1"], "b1": start["b1"]}])
    refuted = certificate.claim("block_optimality")
    assert refuted.verdict == "refuted"
    assert refuted.where.block == "W1"


def test_numbers_whose_squares_underflow_are_an_error_not_a_verdict(run):
    problem, x, y, states, _ = run
    tiny = [{name: 1e-170 * value for name, value in state.items()} for state in states[:2]]
    with pytest.raises(TraceError, match="underflows"):
        audited(problem, 1e-170 * x, 1e-170 * y, tiny)


@pytest.mark.parametrize("key", ["excess", "residual", "step"])
def test_rows_that_omit_a_figure_are_not_certified(tmp_path, run, key):
    problem, x, y, states, rows = run
    records = [row.to_json() for row in rows]
    for block in records[2]["blocks"]:
        block[key] = None
    folder = write_run(tmp_path / "run", problem, x, y, states, keep=[0, 1], rows=records)
    certificate = audit_run(folder)
    claim = certificate.claim("descent" if key == "step" else "block_optimality")
    assert claim.verdict == "not_checkable"
    assert "missing: " in claim.why
    assert not certificate.certified


def shifted(rng, dtype, shift, n=200):
    """A dense problem whose first input column is a huge constant plus noise."""
    weights = {"gamma": 1.0, "rho": 1.0, "tau": 0.0, "alpha": 0.1, "alpha_z": 0.0, "mu": 0.0}
    layers = [
        {"inputs": p, "outputs": d, "activation": {"kind": s}, "compression": {"kind": "none"},
         "penalties": weights}
        for p, d, s in ((4, 6, "relu"), (6, 3, "identity"))
    ]  # fmt: skip
    problem = {
        "format": "nnbcd-trace", "version": 1, "name": "shifted", "samples": n, "dtype": dtype,
        "loss": {"kind": "squared"}, "order": ["V2", "U2", "W2", "V1", "U1", "W1"],
        "layers": layers,
    }  # fmt: skip
    x, y, start = naive_bcd.random_start(rng, problem)
    x = x + np.array([shift, 0, 0, 0], dtype)
    state, v = dict(start), x
    state["W1"] = start["W1"] / np.array([max(shift, 1), 1, 1, 1], dtype)
    for i in (1, 2):
        state[f"U{i}"] = (v @ state[f"W{i}"].T + state[f"b{i}"]).astype(dtype)
        v = state[f"V{i}"] = np.maximum(state[f"U{i}"], 0) if i == 1 else state[f"U{i}"]
    return problem, x.astype(dtype), y, state


@pytest.mark.parametrize(("dtype", "shift"), [("float32", 1e5), ("float64", 1e9)])
@pytest.mark.parametrize("block", ["V2", "U2", "W2", "V1", "U1", "W1"])
def test_a_skipped_block_beside_a_huge_column_is_never_certified(dtype, shift, block):
    for seed in range(5):
        problem, x, y, start = shifted(np.random.default_rng([seed, 5]), dtype, shift)
        states = [start]
        for _ in range(3):
            net = naive_bcd.Net(problem, x, y, states[-1])
            new = dict(net.sweep())
            names = [block] if block[0] != "W" else [block, "b" + block[1:]]
            states.append(new | {name: states[-1][name] for name in names})
        certificate, _ = audited(problem, x, y, states)
        assert not certificate.certified, (seed, explain(certificate))


@pytest.mark.parametrize("n", [20_000, 60_000])
def test_equal_rows_in_single_precision_are_no_violation(n):
    """Equal rows round alike, so that errors of sums over samples add up instead of averaging."""
    for seed in range(3):
        rng = np.random.default_rng([seed, 6])
        problem, x, y, _ = shifted(rng, "float32", 0.0, n=4)
        x, y = (np.repeat(a[:1], n, axis=0) for a in (x, y))
        problem["samples"], state, v = n, {}, x
        for i, layer in enumerate(problem["layers"], 1):
            w = rng.normal(size=(layer["outputs"], layer["inputs"])).astype(np.float32)
            state |= {f"W{i}": w, f"b{i}": np.zeros(len(w), np.float32)}
            state[f"U{i}"] = v @ w.T
            v = state[f"V{i}"] = np.maximum(state[f"U{i}"], 0) if i == 1 else state[f"U{i}"]
        states = [state]
        for _ in range(4):
            states.append(dict(naive_bcd.Net(problem, x, y, states[-1]).sweep()))
        certificate, _ = audited(problem, x, y, states)
        assert not certificate.refuted, (seed, explain(certificate))


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, "certified"), (3.0, "refuted")])
def test_a_recorded_tolerance_may_differ_by_rounding_only(tmp_path, run, factor, verdict):
    """Of a step that is all rounding the tolerance is too: other threads, another tolerance."""
    problem, x, y, states, rows = run
    records = [row.to_json() for row in rows]
    for block in records[0]["blocks"]:
        block["excess_tolerance"] *= factor
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=records)
    assert audit_run(folder).claim("recorded_rows").verdict == verdict


@pytest.mark.parametrize("noise", [0.0, 1e-6, 1e-5, 1e-4])
def test_nearly_equal_rows_in_single_precision_are_no_violation(noise):
    for seed in range(3):
        rng = np.random.default_rng([seed, 8])
        problem, *_ = shifted(rng, "float32", 0.0, n=4)
        n = problem["samples"] = 20_000
        x = (1 + noise * rng.normal(size=(n, 4))).astype(np.float32)
        y, state, v = rng.normal(size=(n, 3)).astype(np.float32), {}, x
        for i, layer in enumerate(problem["layers"], 1):
            w = rng.normal(size=(layer["outputs"], layer["inputs"])).astype(np.float32)
            state |= {f"W{i}": w, f"b{i}": np.zeros(len(w), np.float32)}
            state[f"U{i}"] = v @ w.T
            v = state[f"V{i}"] = np.maximum(state[f"U{i}"], 0) if i == 1 else state[f"U{i}"]
        states = [state]
        for _ in range(3):
            states.append(dict(naive_bcd.Net(problem, x, y, states[-1]).sweep()))
        certificate, _ = audited(problem, x, y, states)
        assert not certificate.refuted, (seed, explain(certificate))


def test_a_generous_gap_tolerance_hides_no_lone_state(tmp_path, run):
    problem, x, y, states, rows = run
    records = [row.to_json() for row in rows]
    records[3]["total"]["gap_tolerance"] = 1e3 * records[0]["before"]["total"]
    folder = write_run(tmp_path / "run", problem, x, y, states, keep=[0, 1, 2, 4], rows=records)
    write_state(folder, 4, {name: 3 * value for name, value in states[4].items()})
    assert audit_run(folder).claim("recorded_rows").verdict == "refuted"


@pytest.mark.parametrize("key", ["gap_tolerance", "activation", "relative", "excess_nonzeros"])
def test_forged_figures_beside_a_stored_pair_are_found(tmp_path, run, key):
    problem, x, y, states, rows = run
    records = [row.to_json() for row in rows]
    if key == "gap_tolerance":
        records[1]["total"][key] *= 1e6
    elif key == "relative":
        records[1]["feasibility"]["relative"]["linear"] = []
    else:
        records[1]["feasibility"][key] = []
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=records)
    if key == "excess_nonzeros":
        with pytest.raises(TraceError, match="one of each a layer"):
            audit_run(folder)
        return
    assert audit_run(folder).claim("recorded_rows").verdict == "refuted"


def test_what_cannot_be_squared_is_an_error(tmp_path, run):
    problem, x, y, states, rows = run
    huge = [{name: 1e100 * value for name, value in state.items()} for state in states[:2]]
    with pytest.raises(TraceError):
        audited(problem, x, y, huge)
    records = [row.to_json() for row in rows]
    records[2]["blocks"][0]["step"] = 1e200
    folder = write_run(tmp_path / "run", problem, x, y, states, keep=[0, 1], rows=records)
    with pytest.raises(TraceError, match="too large"):
        audit_run(folder)
    records[2]["blocks"][0] |= {"step": 1.0, "block": "U9"}
    folder = write_run(tmp_path / "other", problem, x, y, states, keep=[0, 1], rows=records)
    assert audit_run(folder).claim("recorded_rows").verdict == "refuted"
