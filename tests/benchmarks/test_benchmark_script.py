"""The benchmark's script, its floor, its memory count and its comparison, on tiny shapes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import floor
from benchmarks.compare import read_rows, regressions
from benchmarks.measure import Clock, ratio
from benchmarks.memory import Live, held, size, sweep_peak
from benchmarks.problems import FLARE, HAR, build, cases, tiny
from benchmarks.ratios import main
from nnbcd.errors import InputError
from nnbcd.sweep import sweep

ROOT = Path(__file__).parents[2]
KEYS = {
    "problem", "compression", "dtype", "device", "published_over_ours", "ours_over_floor",
    "peak_over_state", "audit_share", "objective",
}  # fmt: skip
BARE = """
import sys
for name in ("rich", "safetensors", "jsonschema", "pydantic", "typer", "matplotlib", "sklearn",
             "scipy", "threadpoolctl"):
    sys.modules[name] = None  # as if it were not installed
from benchmarks.ratios import main
raise SystemExit(main(sys.argv[1:]))
"""


def dry_run(out):
    command = [sys.executable, "-c", BARE, "--quick", "--rounds", "2", "--out", str(out)]
    found = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=found, capture_output=True, text=True, check=True)


def test_every_row_with_pytorch_and_numpy_alone(tmp_path):
    done = dry_run(tmp_path / "rows.json")
    result = json.loads((tmp_path / "rows.json").read_text())
    assert [(r["problem"], r["compression"]) for r in result["rows"]] == [
        (name, kind) for name in ("har", "mnist", "cnn", "flare") for kind in ("none", "tt")
    ]
    assert done.stderr.count("published/ours") == len(result["rows"])
    for row in result["rows"]:
        assert row.keys() >= KEYS
        assert row["objective"] < row["objective_start"]
        assert row["audit_share"] is None
    assert not result["skipped"]
    assert result["versions"]["torch"] == torch.__version__


def test_time_over_leaves_rows_out_and_says_so(tmp_path, capsys):
    out = tmp_path / "not" / "there" / "rows.json"
    assert main(["flare", "--quick", "--minutes", "0", "--out", str(out)]) == 0
    assert json.loads(out.read_text())["skipped"] == ["flare none", "flare tt"]
    assert "left out" in capsys.readouterr().err


def test_comparison_exits_1_where_a_ratio_is_worse(tmp_path, capsys):
    out, before = tmp_path / "rows.json", tmp_path / "before.json"
    given = ["flare", "--quick", "--rounds", "1", "--compressions", "none", "--out"]
    assert main([*given, str(before)]) == 0
    (row,) = read_rows(before)
    assert row["audit_share"] > 0
    row["ours_over_floor"], row["published_over_ours"] = 1e-6, 0.0
    before.write_text(json.dumps({"rows": [row]}))
    assert main([*given, str(out), "--compare", str(before)]) == 1
    said = capsys.readouterr().out
    assert "ours_over_floor" in said
    assert "published_over_ours" not in said
    row["ours_over_floor"] = 1e6
    before.write_text(json.dumps({"rows": [row]}))
    assert main([*given, str(out), "--compare", str(before)]) == 0


def test_comparison_allows_what_it_says_and_refuses_to_compare_nothing():
    names = ("published_over_ours", "ours_over_floor", "peak_over_state")
    old = dict.fromkeys(names, 2.0) | dict.fromkeys(
        ("problem", "compression", "dtype", "device", "samples", "sizes"), 1
    )
    assert not regressions([old | {"ours_over_floor": 2.19}], [old], 0.1)
    assert len(regressions([old | {"ours_over_floor": 2.21}], [old], 0.1)) == 1
    assert not regressions([old | {"published_over_ours": 1.83}], [old], 0.1)
    assert len(regressions([old | {"published_over_ours": 1.81}], [old], 0.1)) == 1
    with pytest.raises(InputError, match="no row"):
        regressions([old | {"samples": 2}], [old], 0.1)


def test_floor_counts_the_work_it_runs():
    problem, data, state = build(tiny(FLARE), "none", dtype="float64", device="cpu")
    (p, d, e, f), n = tiny(FLARE).sizes, 60
    counted = {}
    for one in floor.floor(problem, data, state):
        one.run()
        counted[one.name] = counted.get(one.name, 0) + one.operations
    sides = [(p, d), (d, e), (e, f)]
    assert counted["E V^T"] == counted["W V"] == sum(2 * n * a * b for a, b in sides)
    assert counted["Gram"] >= n * (d * d + e * e)
    assert "descent" not in counted
    assert floor.operations(floor.floor(problem, data, state)) == sum(counted.values())


def test_floor_takes_the_cheaper_v_form():
    problem, data, state = build(tiny(HAR), "tt", dtype="float64", device="cpu")
    names = [one.name for one in floor.floor(problem, data, state)]
    assert names.count("W s") == 2  # layers 4 and 5 have fewer outputs than inputs
    assert names.count("descent") == 4 * 4
    floor.run(floor.floor(problem, data, state))


def test_live_bytes_of_known_tensors():
    kept = torch.ones(100, dtype=torch.float64)
    with Live([kept, kept[10:]]) as live:
        assert live.peak == 800
        twice = kept + kept
        view = twice[3:]
        del twice, view
        (kept + 1) + 1
    assert live.peak == 800 + 2 * 800


def test_a_sweep_that_keeps_the_old_state_takes_more():
    problem, data, start = build(tiny(HAR), "none", dtype="float64", device="cpu")
    state = sweep(problem, data, start)
    blocks, caches = held(data, state)
    own = size([*blocks, *caches.values()])
    given_up, kept = [state], [state]
    del state, blocks, caches
    more = sweep_peak(problem, data, given_up)
    last = kept.pop()
    given_up.append(last)
    del last
    less = sweep_peak(problem, data, given_up)
    assert own < less < more


def test_medians_of_ratios_and_the_clock():
    assert ratio([1, 4, 9], [1, 2, 3]) == 2
    seconds, value = Clock("cpu")(lambda: 7)
    assert seconds >= 0
    assert value == 7


def test_a_gpu_gets_all_samples_of_mnist():
    assert [case.samples for case in cases("cuda", ["mnist"])] == [60_000]
    assert [case.samples for case in cases("cpu", ["mnist"])] == [6_000]
