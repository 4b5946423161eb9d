"""Right runs of every compression, in any order of the blocks; what is claimed and read of them."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from audit_tools import DATA, audited, explain, write_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_z import FACTORED, KINDS, random_z_problem, random_z_start, z_states

from nnbcd_checks import Problem, Row, TraceError, audit_run
from nnbcd_checks.compressions import COMPRESSIONS
from nnbcd_checks.schema import load_schema

ORDERS = ("backward", "forward", "random")


def run(seed, sweeps, kinds, data="plain", **keys):
    rng = np.random.default_rng(seed)
    problem = random_z_problem(rng, kinds, **keys)
    x, y, start = random_z_start(rng, problem, data)
    return problem, x, y, z_states(problem, x, y, start, sweeps)


def late_v(problem):
    """Whether some V_i with a kinked activation follows U_i: then no element of dL is known."""
    place = {block: k for k, block in enumerate(problem["order"])}
    return any(
        layer["activation"]["kind"] != "identity" and place[f"V{i}"] > place[f"U{i}"]
        for i, layer in enumerate(problem["layers"], 1)
    )


def no_codes(problem, states):
    """Whether some grid has no code but 0 after a sweep."""
    grids = [i for i, la in enumerate(problem["layers"], 1) if la["compression"]["kind"] == "grid"]
    return any(not state[f"Z{i}.1"].any() for state in states[1:] for i in grids)


def must_certify(problem, x, y, states):
    certificate = audited(problem, x, y, states)[0]
    assert certificate.exit_code == 0, (problem, explain(certificate))
    open_ = {c.claim for c in certificate.claims if c.verdict == "not_checkable"}
    expected = late_v(problem) or no_codes(problem, states)
    assert open_ == ({"membership", "relative_error", "rate"} if expected else set())


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(KINDS),
    mixed=st.booleans(),
    depth=st.integers(1, 3),
    n=st.integers(1, 12),
    dtype=st.sampled_from(["float64", "float32"]),
    order=st.sampled_from(ORDERS),
    data=st.sampled_from(DATA),
    sweeps=st.integers(1, 6),
)
def test_right_runs_are_certified(seed, kind, mixed, depth, n, dtype, order, data, sweeps):
    kinds = (kind, *KINDS) if mixed else (kind,)
    must_certify(*run(seed, sweeps, kinds, data, depth=depth, n=n, dtype=dtype, order=order))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_right_runs_of_each_kind(kind, dtype):
    for seed in range(6):
        order = ORDERS[seed % 3]
        must_certify(*run([81, seed], 6, (kind, kind, "none"), dtype=dtype, order=order))


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_many_right_runs_of_each_kind(kind, dtype):
    for seed in range(200):
        order, data = ORDERS[seed % 3], DATA[seed % 4]
        must_certify(*run([82, seed], 12, (kind, "none"), data, dtype=dtype, order=order))


def test_a_fixed_point_is_certified_down_to_rounding():
    """Long runs near convergence: steps vanish, ties and ranks settle, nothing is refuted."""
    for k, kind in enumerate(KINDS):
        keys = {"depth": 1, "widths": [4, 4], "n": 6, "decades": 0.3}
        must_certify(*run([83, k], 60, (kind,), **keys))


def test_a_grid_without_codes_leaves_the_element_open(tmp_path):
    """C = 0 is where all lines of the set meet: decrease is judged, stationarity is not claimed."""
    problem, x, y, states = run([84], 3, ("grid",), depth=1, widths=[3, 2], n=4, decades=0.3)
    start = states[0] | {"Z1.1": np.zeros((2, 3)), "Z1.2": np.array([100.0])}
    states = z_states(problem, x, y, start, 3)
    certificate, rows = audited(problem, x, y, states)
    assert certificate.exit_code == 0, explain(certificate)
    assert not certificate.certified
    assert "no normal" in certificate.claim("membership").why
    assert certificate.claim("descent").verdict == "certified"
    assert rows[0].subgradient.element is None
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=rows)
    assert audit_run(folder).claim("recorded_rows").verdict == "certified"
    with_codes = run([84], 3, ("grid",), depth=1, widths=[3, 2], n=4, decades=0.3)
    records = [row.to_json() for row in audited(*with_codes)[1]]
    for key in ("element", "bound", "b", "membership"):
        records[0]["subgradient"][key] = None
    folder = write_run(tmp_path / "hidden", *with_codes, rows=records)
    assert audit_run(folder).claim("recorded_rows").verdict == "refuted"


# -- run folders and rows --


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_folder_of_each_kind(tmp_path, kind):
    keys = {"depth": 2, "widths": [4, 4, 3], "n": 5, "decades": 0.5, "order": "forward"}
    problem, x, y, states = run([85], 3, (kind,), **keys)
    rows = audited(problem, x, y, states)[1]
    certificate = audit_run(write_run(tmp_path / "run", problem, x, y, states, rows=rows))
    assert certificate.certified, explain(certificate)
    name = next(block.block for block in rows[0].blocks if block.block.startswith("Z"))
    records = [row.to_json() for row in rows]
    next(b for b in records[1]["blocks"] if b["block"] == name)["decrease"] += 1e-3
    place = write_run(tmp_path / "forged", problem, x, y, states, rows=records)
    assert audit_run(place).claim("recorded_rows").verdict == "refuted"


def test_rows_written_before_outside_existed_are_read_and_judged():
    problem, x, y, states = run([86], 2, ("prune",), depth=1, widths=[3, 3], n=5, decades=0.5)
    record = audited(problem, x, y, states)[1][0].to_json()
    assert record["feasibility"]["outside"] == [0.0]
    del record["feasibility"]["outside"]
    assert Row.from_json(record).feasibility.beyond == (0,)
    record["feasibility"]["excess_nonzeros"] = [2]
    assert Row.from_json(record).feasibility.beyond == (2,)


@pytest.mark.parametrize("kind", ["rows", "low_rank", "grid", "shared_prune"])
def test_a_recorded_z_out_of_its_set_is_refuted(tmp_path, kind):
    problem, x, y, states = run([87], 2, (kind,), depth=2, n=5, widths=[3, 3, 3], decades=0.5)
    records = [row.to_json() for row in audited(problem, x, y, states)[1]]
    records[1]["feasibility"]["outside"][0] = 1.0
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=records, keep=[])
    claim = audit_run(folder).claim("feasibility")
    assert (claim.verdict, claim.where.sweep, claim.where.block) == ("refuted", 2, "Z1")


# -- what is claimed --


def test_which_layers_are_bounded_is_stated():
    for k, kind in enumerate(KINDS):
        problem, x, y, states = run([88, k], 1, (kind,), depth=1, widths=[4, 4], n=5, decades=0.5)
        problem["layers"][0]["penalties"]["mu"] = 0.5
        notes = " ".join(audited(problem, x, y, states[:1])[0].claim("rate").assumptions)
        assert ("factors of Z in layers [1] are not bounded" in notes) == (kind in FACTORED)


def one(compression, inputs=4, outputs=4):
    rng = np.random.default_rng(89)
    problem = random_z_problem(rng, ("prune",), depth=1, widths=[inputs, outputs], decades=0.5)
    problem["layers"][0]["compression"] = compression
    return problem


@pytest.mark.parametrize(
    ("compression", "words"),
    [
        ({"kind": "nm", "n": 3, "m": 2}, ("compression.n", "1 to 2")),
        ({"kind": "nm", "n": 1, "m": 3}, ("compression.m", "divisor of 4")),
        ({"kind": "rows", "count": 5}, ("compression.count", "1 to 4")),
        ({"kind": "columns", "count": 0}, ("count", ">= 1")),
        ({"kind": "blocks", "shape": [3, 2], "count": 1}, ("compression.shape", "divisors")),
        ({"kind": "blocks", "shape": [2, 2], "count": 5}, ("compression.count", "1 to 4")),
        ({"kind": "blocks", "shape": [2], "count": 1}, ("shape", "at least 2")),
        ({"kind": "low_rank", "rank": 5}, ("compression.rank", "1 to 4")),
        ({"kind": "shared_prune", "group": "a", "nonzeros": 17}, ("nonzeros", "1 to 16")),
        ({"kind": "shared_prune", "nonzeros": 3}, ("required",)),
        ({"kind": "grid", "bits": 9}, ("bits", "8")),
        ({"kind": "grid", "bits": 4, "scale": 1}, ("unknown",)),
        ({"kind": "tt_matrix", "row_modes": [2, 2], "column_modes": [2, 3], "ranks": [1]}, ("4",)),
        ({"kind": "tt_matrix", "row_modes": [4], "column_modes": [4], "ranks": []}, ("2 items",)),
        (
            {"kind": "tt_matrix", "row_modes": [2, 2], "column_modes": [2, 2, 1], "ranks": [1]},
            ("column_modes", "2 of them"),
        ),
        (
            {"kind": "tt_matrix", "row_modes": [2, 2], "column_modes": [2, 2], "ranks": [5]},
            ("ranks[0]", "1 to 4"),
        ),
        ({"kind": "cp", "modes": [16], "rank": 1}, ("modes", "2 items")),
        ({"kind": "cp", "modes": [2, 4], "rank": 1}, ("modes", "product of 16")),
        ({"kind": "tucker", "modes": [4, 4], "ranks": [4]}, ("ranks", "2 ranks")),
        ({"kind": "tucker", "modes": [4, 4], "ranks": [4, 5]}, ("ranks[1]", "1 to 4")),
        ({"kind": "wavelet"}, ("kind", "tucker")),
    ],
)
def test_compressions_out_of_their_domain(compression, words):
    with pytest.raises(TraceError) as caught:
        Problem.from_json(one(compression))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_layers_of_a_group_must_agree():
    problem = run([90], 1, ("shared_prune",), depth=3, widths=[3, 3, 3, 3], n=4)[0]
    assert Problem.from_json(problem).z_blocks == {"Z1": (1, 2, 3)}
    apart = copy.deepcopy(problem)
    apart["layers"][1]["compression"]["nonzeros"] += 1
    with pytest.raises(TraceError, match=r"layers\[1\].*nonzeros"):
        Problem.from_json(apart)
    extra = problem | {"order": [*problem["order"], "Z2"]}
    with pytest.raises(TraceError, match="exactly once"):
        Problem.from_json(extra)


def test_the_constant_of_a_group_is_that_of_its_weakest_layer():
    problem, x, y, states = run([92], 1, ("shared_prune",), depth=3, widths=[3, 3, 3, 3], n=4)
    weights = [layer["penalties"]["alpha_z"] for layer in problem["layers"]]
    assert len(set(weights)) == 3
    blocks = audited(problem, x, y, states)[1][0].blocks
    assert next(b for b in blocks if b.block == "Z1").constant == min(weights) / 2


def test_rows_may_lack_an_element_only_where_a_set_may(tmp_path):
    for kind, verdict in (("prune", "refuted"), ("grid", "certified")):
        keys = {"depth": 1, "widths": [3, 3], "n": 5, "decades": 0.5}
        problem, x, y, states = run([93], 2, (kind,), **keys)
        records = [row.to_json() for row in audited(problem, x, y, states)[1]]
        for key in ("element", "bound", "b", "membership", "membership_tolerance"):
            records[1]["subgradient"][key] = None
        folder = write_run(tmp_path / kind, problem, x, y, states, rows=records, keep=[])
        certificate = audit_run(folder)
        assert certificate.claim("recorded_rows").verdict == verdict
        assert certificate.claim("rate").verdict == "not_checkable"


def test_what_is_read_is_what_is_written():
    for k, kind in enumerate(KINDS):
        problem = run([91, k], 1, (kind,), depth=2, n=3)[0]
        assert Problem.from_json(problem).to_json() == json.loads(json.dumps(problem))


def test_the_schema_knows_the_registry():
    kinds = load_schema("problem")["$defs"]["compression"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(COMPRESSIONS)
    assert set(KINDS) | {"none", "tt_svd", "support"} == set(COMPRESSIONS)
