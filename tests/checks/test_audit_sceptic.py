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
