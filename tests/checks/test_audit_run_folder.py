"""Run folders: live and offline audits agree; tampering and corruption are named."""

from __future__ import annotations

import copy
import json
import math
import struct

import jsonschema
import numpy as np
import pytest
from audit_tools import audited, explain, trained, write_run, write_state
from safetensors.numpy import save_file

from nnbcd_checks import Auditor, Problem, Row, TraceError, audit_run, read_run
from nnbcd_checks.schema import load_schema

SWEEPS = 6


@pytest.fixture(scope="module")
def run():
    """A valid run with everything in it: relu, prune, tt."""
    for seed in range(200):
        rng = np.random.default_rng([31, seed])
        problem, x, y, states = trained(rng, SWEEPS, depth=2, widths=[3, 4, 2], n=5, decades=1)
        kinds = {layer["compression"]["kind"] for layer in problem["layers"]}
        if kinds == {"prune", "tt"} and problem["layers"][0]["activation"]["kind"] == "relu":
            certificate, rows = audited(problem, x, y, states)
            assert certificate.certified
            return problem, x, y, states, [row.to_json() for row in rows]
    raise AssertionError


def folder(tmp_path, run, *, keep=None, rows=True, change=None):
    problem, x, y, states, recorded = run
    recorded = copy.deepcopy(recorded)
    if change is not None:
        change(recorded)
    return write_run(
        tmp_path / "run", problem, x, y, states, keep=keep, rows=recorded if rows else None
    )


def test_live_rows_and_certificates_fit_their_schemas(run):
    problem, x, y, states, rows = run
    certificate, live = audited(problem, x, y, states)
    jsonschema.Draft202012Validator(load_schema("certificate")).validate(certificate.to_json())
    for row, text in zip(live, rows, strict=True):
        assert Row.from_json(json.loads(json.dumps(text))) == row
    for name in ("problem", "row", "certificate"):
        jsonschema.Draft202012Validator.check_schema(load_schema(name))


def test_whole_run_is_certified_from_pairs(tmp_path, run):
    seen = []
    certificate = audit_run(folder(tmp_path, run), progress=lambda a, b: seen.append((a, b)))
    assert certificate.certified, explain(certificate)
    assert {claim.basis for claim in certificate.claims[:-1]} == {"recomputed pairs"}
    assert certificate.sweeps == ((1, SWEEPS),)
    assert seen == [(k, SWEEPS) for k in range(1, SWEEPS + 1)]


def test_run_is_certified_from_rows_and_some_pairs(tmp_path, run):
    certificate = audit_run(folder(tmp_path, run, keep=[0, 1, 4, 5]))
    assert certificate.certified, explain(certificate)
    assert certificate.claim("rate").basis.startswith("recorded rows; recomputed")
    certificate = audit_run(folder(tmp_path / "b", run, keep=[]))
    assert certificate.certified
    assert certificate.claim("descent").basis == "recorded rows"


def test_pairs_without_rows_leave_prefix_claims_open(tmp_path, run):
    certificate = audit_run(folder(tmp_path, run, keep=[0, 1, 4, 5], rows=False))
    assert certificate.exit_code == 0
    assert not certificate.certified
    assert certificate.claim("rate").verdict == "not_checkable"
    assert certificate.claim("descent").verdict == "certified"
    assert certificate.sweeps == ((1, 1), (5, 5))
    certificate = audit_run(folder(tmp_path / "b", run, keep=[0, 1, 2], rows=False))
    assert certificate.certified


def test_nothing_to_judge(tmp_path, run):
    certificate = audit_run(folder(tmp_path, run, keep=[0, 2], rows=False))
    assert (certificate.exit_code, certificate.certified) == (3, False)
    assert {claim.verdict for claim in certificate.claims} == {"not_checkable"}


def figures(row):
    """Every number in a row, as a path."""

    def walk(value, path):
        if isinstance(value, dict):
            for key, below in value.items():
                yield from walk(below, (*path, key))
        elif isinstance(value, list):
            for k, below in enumerate(value):
                yield from walk(below, (*path, k))
        elif isinstance(value, (int, float)):
            yield path

    return list(walk(row, ()))


def put(row, path, value):
    for key in path[:-1]:
        row = row[key]
    row[path[-1]] = value


def get(row, path):
    for key in path:
        row = row[key]
    return row


TOLERANCES = ("tolerance", "excess_tolerance", "residual_tolerance", "membership_tolerance")


def test_a_changed_figure_is_found_where_the_states_are_kept(tmp_path, run):
    """Any figure but a tolerance or a relative gap, changed by a thousandth and a little."""
    checked = 0
    for path in figures(run[4][2]):
        key = path[-1] if isinstance(path[-1], str) else path[-2]
        if "tolerance" in key or "relative" in path or path == ("sweep",):
            continue
        if key in ("excess", "residual", "gap", "membership"):
            continue  # rounding noise in a right run: see the next test

        def change(rows, path=path):
            value = get(rows[2], path)
            put(rows[2], path, value + 1 if isinstance(value, int) else value * 1.001 + 1e-4)

        place = tmp_path / "_".join(map(str, path))
        certificate = audit_run(folder(place, run, change=change))
        claim = certificate.claim("recorded_rows")
        assert (claim.verdict, claim.where.sweep) in {("refuted", 3), ("refuted", 4)}, path
        checked += 1
    assert checked > 50


@pytest.mark.parametrize("key", ["excess", "residual"])
def test_a_hidden_excess_is_found(tmp_path, run, key):
    def change(rows):
        rows[2]["blocks"][3][key] += 1.0

    certificate = audit_run(folder(tmp_path, run, change=change))
    claim = certificate.claim("recorded_rows")
    assert claim.verdict == "refuted"
    assert key in claim.why
    assert claim.where.block == run[4][2]["blocks"][3]["block"]


def falsify(claim):
    def change(rows):
        row = rows[3]
        if claim == "descent":
            move = row["blocks"][1]["decrease"] + 1.0
            row["blocks"][1]["decrease"] -= move
            row["total"]["decrease"] -= move
            row["total"]["gap"] -= move
        if claim == "block_optimality":
            row["blocks"][1]["excess"] = 1.0
        if claim == "relative_error":
            row["subgradient"]["distance"] *= 1.5
        if claim == "relative_error: bound":
            row["subgradient"]["bound"] = row["subgradient"]["element"] / 2
        if claim == "objective_consistency":
            row["total"]["gap"] = 1e-3
        if claim == "sufficient_decrease":
            row["total"]["step"] *= 1e3
        if claim == "monotone_decrease":
            for term in ("rho", "total"):
                row["after"][term] += row["before"]["total"]
        if claim == "membership":
            row["subgradient"]["membership"] = 1.0
        if claim == "rate":
            for each in rows:
                each["subgradient"]["b"] *= 1e-9
        if claim == "feasibility":
            k = next(i for i, v in enumerate(row["feasibility"]["excess_nonzeros"]) if v == 0)
            row["feasibility"]["excess_nonzeros"][k] = 2

    return change


@pytest.mark.parametrize(
    "claim",
    [
        "descent",
        "block_optimality",
        "relative_error",
        "relative_error: bound",
        "objective_consistency",
        "sufficient_decrease",
        "monotone_decrease",
        "membership",
        "rate",
        "feasibility",
    ],
)
def test_rows_are_judged_anew_from_their_own_figures(tmp_path, run, claim):
    """No states at all: the figures alone must break the claim."""
    certificate = audit_run(folder(tmp_path, run, keep=[], change=falsify(claim)))
    found = certificate.claim(claim.split(":")[0])
    assert found.verdict == "refuted", explain(certificate)
    assert claim == "rate" or found.where.sweep == 4
    assert certificate.exit_code == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("before", "rho"), 9.0),
        (("total", "decrease"), 9.0),
        (("total", "step"), 9.0),
        (("total", "gap"), 9.0),
        (("blocks", 0, "constant"), 1e-9),
        (("blocks", 0, "block"), "V1"),
        (("subgradient", "lambda"), 1e-9),
        (("subgradient", "element"), None),
    ],
)
def test_rows_must_agree_with_themselves_and_the_claim(tmp_path, run, path, value):
    def change(rows):
        put(rows[3], path, value)

    certificate = audit_run(folder(tmp_path, run, keep=[], change=change))
    claim = certificate.claim("recorded_rows")
    assert (claim.verdict, claim.where.sweep) == ("refuted", 4)


def test_a_row_must_start_where_the_last_one_ended(tmp_path, run):
    """A row that agrees with itself but not with the row before it."""

    def change(rows):
        for term in ("rho", "total"):
            rows[3]["before"][term] += 0.5
        rows[3]["total"]["gap"] -= 0.5

    certificate = audit_run(folder(tmp_path, run, keep=[], change=change))
    claim = certificate.claim("recorded_rows")
    assert (claim.verdict, claim.where.sweep) == ("refuted", 4)
    assert "before." in claim.why


def test_a_changed_state_is_refuted_offline(tmp_path, run):
    place = folder(tmp_path, run, rows=False)
    state = dict(run[3][3])
    state["W1"] = state["W1"] * (1 + 1e-6)
    write_state(place, 3, state)
    claim = audit_run(place).refuted[0]
    assert (claim.claim, claim.where.sweep, claim.where.block) == ("block_optimality", 3, "W1")


# -- corrupted folders --


def refused(place, *words):
    with pytest.raises(TraceError) as caught:
        audit_run(place)
    for word in words:
        assert word in str(caught.value), str(caught.value)


STATE = "states/000002.safetensors"


def test_cut_off_files(tmp_path, run):
    for k, name in enumerate((STATE, "data.safetensors", "problem.json", "rows.jsonl")):
        for keep in (0, 5, -9):
            place = folder(tmp_path / f"{k}{keep}", run)
            whole = (place / name).read_bytes()
            (place / name).write_bytes(whole[:keep])
            if name == "rows.jsonl" and keep == 0:
                continue  # an empty file holds no rows
            refused(place, name)


def test_a_longer_file(tmp_path, run):
    place = folder(tmp_path, run)
    with (place / STATE).open("ab") as file:
        file.write(b"\0" * 8)
    refused(place, STATE, "bytes")


def test_a_header_that_promises_too_much(tmp_path, run):
    place = folder(tmp_path, run)
    (place / STATE).write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    refused(place, STATE, "cut off")
    huge = {"V1": {"dtype": "F64", "shape": [1 << 40, 4], "data_offsets": [0, 1 << 45]}}
    text = json.dumps(huge).encode()
    (place / STATE).write_bytes(struct.pack("<Q", len(text)) + text)
    refused(place, STATE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("U1"), ("U1", "missing")),
        (lambda s: s.update(extra=np.ones(2)), ("extra", "unknown")),
        (lambda s: s.update(W1=s["W1"].T.copy()), ("W1", "shape")),
        (lambda s: s.update(W1=s["W1"].astype(np.float32)), ("W1", "dtype")),
        (lambda s: s["V2"].__setitem__((0, 0), np.nan), ("V2", "NaN")),
        (lambda s: s["V2"].__setitem__((0, 0), np.inf), ("V2", "infinity")),
    ],
)
def test_states_that_do_not_fit(tmp_path, run, change, words):
    place = folder(tmp_path, run)
    state = {name: value.copy() for name, value in run[3][2].items()}
    change(state)
    write_state(place, 2, state)
    refused(place, STATE, *words)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"format": "nnbcd-trace", "version": "2", "sweep": "2"},
        {"format": "other", "version": "1", "sweep": "2"},
        {"format": "nnbcd-trace", "version": "1", "sweep": "3"},
    ],
)
def test_metadata_of_another_state_or_format(tmp_path, run, metadata):
    place = folder(tmp_path, run)
    save_file(dict(run[3][2]), place / STATE, metadata=metadata)
    refused(place, STATE, "metadata")


def test_a_missing_state_and_strange_names(tmp_path, run):
    place = folder(tmp_path, run)
    opened = read_run(place)
    assert opened.sweeps == tuple(range(SWEEPS + 1))
    with pytest.raises(TraceError, match="sweep 99 is missing"):
        opened.load(99)
    (place / "states" / "2.safetensors").write_bytes(b"")
    refused(place, "states/2.safetensors")


def test_missing_files(tmp_path, run):
    for name in ("data.safetensors", "problem.json"):
        place = folder(tmp_path / name, run)
        (place / name).unlink()
        refused(place, name, "missing")
    refused(tmp_path / "nowhere", "not a folder")


def test_links_out_of_the_folder(tmp_path, run):
    place = folder(tmp_path, run)
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes((place / STATE).read_bytes())
    (place / STATE).unlink()
    (place / STATE).symlink_to(outside)
    refused(place, STATE, "out of the run folder")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", ("object",)),
        ("{", ("JSON",)),
        ('{"format": NaN}', ("NaN",)),
        ("[" * 100000, ("JSON",)),
    ],
)
def test_problem_that_is_no_object(tmp_path, run, text, words):
    place = folder(tmp_path, run)
    (place / "problem.json").write_text(text)
    refused(place, "problem.json", *words)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("version",), 2, ("version", "1")),
        (("format",), "x", ("format",)),
        (("dtype",), "float16", ("dtype", "float32")),
        (("samples",), 0, ("samples", ">= 1")),
        (("samples",), 2.5, ("samples", "integer")),
        (("extra",), 1, ("extra", "unknown")),
        (("order",), ["V1", "U1", "W1"], ("order", "exactly once")),
        (("layers", 0, "inputs"), "three", ("layers[0].inputs",)),
        (("layers", 1, "inputs"), 7, ("layers[1].inputs", "4")),
        (("layers", 0, "penalties", "gamma"), 0, ("gamma", "> 0")),
        (("layers", 0, "penalties", "rho"), -1, ("rho", "> 0")),
        (("layers", 0, "penalties", "alpha"), -1, ("alpha", ">= 0")),
        (("layers", 0, "penalties", "tau"), 0, ("tau", "> 0")),
        (("layers", 0, "penalties", "mu"), 10**400, ("mu", "finite")),
        (("layers", 0, "penalties", "mu"), True, ("mu", "number")),
        (("layers", 1, "activation"), {"kind": "relu"}, ("activation", "identity")),
        (("layers", 0, "activation"), {"kind": "gelu"}, ("activation", "relu")),
        (("layers", 0, "activation"), {"kind": "leaky_relu"}, ("activation", "slope")),
        (("layers", 0, "activation"), {"kind": "relu", "slope": 0.1}, ("slope",)),
        (("layers", 0, "compression"), {"kind": "none"}, ("penalties", "without compression")),
        (("layers", 0, "compression"), {"kind": "prune", "nonzeros": 99}, ("nonzeros", "12")),
        (("layers", 0, "compression"), {"kind": "tt", "modes": [5], "ranks": []}, ("12",)),
        (("layers", 0, "compression"), {"kind": "tt", "modes": [4, 3], "ranks": []}, ("1 ranks",)),
        (("layers", 0, "compression"), {"kind": "tt", "modes": [4, 3], "ranks": [4]}, ("1 to 3",)),
    ],
)
def test_problems_out_of_their_domain(tmp_path, run, path, value, words):
    place = folder(tmp_path, run)
    problem = copy.deepcopy(run[0])
    put(problem, path, value)
    (place / "problem.json").write_text(json.dumps(problem))
    refused(place, "problem.json", *words)


def test_rows_that_do_not_fit(tmp_path, run):
    cases = {
        "gap": (lambda rows: rows.pop(2), "no sweep missing"),
        "extra": (lambda rows: rows[2].update(more=1), "more"),
        "short": (lambda rows: rows[2].pop("total"), "required"),
        "text": (lambda rows: rows[2]["total"].update(gap="x"), "number"),
    }
    for name, (change, word) in cases.items():
        refused(folder(tmp_path / name, run, change=change), "rows.jsonl line 3", word)
    place = folder(tmp_path / "inf", run)
    text = (place / "rows.jsonl").read_text()
    gap = json.dumps(run[4][2]["total"]["gap"])
    (place / "rows.jsonl").write_text(text.replace(f'"gap": {gap}', '"gap": 1e999'))
    refused(place, "too large")
    assert math.isfinite(run[4][2]["total"]["gap"])


def test_live_input_is_checked(run):
    problem, x, y, states, _ = run
    for change in ("missing", "shape", "dtype", "nan"):
        state = {name: value.copy() for name, value in states[1].items()}
        if change == "missing":
            state.pop("b1")
        elif change == "shape":
            state["b1"] = state["b1"][:-1]
        elif change == "dtype":
            state["b1"] = state["b1"].astype(np.float32)
        else:
            state["b1"][0] = np.nan
        with pytest.raises(TraceError, match=r"state 1: .*b1"):
            audited(problem, x, y, [states[0], state])
    with pytest.raises(TraceError, match="data: X"):
        audited(problem, x[:, :-1], y, states[:1])


def test_a_certificate_before_any_sweep(run):
    problem, x, y, states, _ = run
    certificate = audited(problem, x, y, states[:1])[0]
    assert (certificate.exit_code, certificate.certified) == (3, False)
    jsonschema.Draft202012Validator(load_schema("certificate")).validate(certificate.to_json())


def test_the_auditor_keeps_copies(run):
    """A trainer that overwrites its arrays in place does not change what was judged."""
    problem, x, y, states, _ = run
    live = {name: value.copy() for name, value in states[0].items()}
    auditor = Auditor(Problem.from_json(problem), x, y, live)
    for state in states[1:]:
        for name, value in state.items():
            live[name][...] = value
        auditor.step(live)
    assert auditor.certificate().certified
