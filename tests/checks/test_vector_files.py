"""The committed vectors: schema, hashes, counts, and no two alike up to scaling."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter

import pytest

from nnbcd_checks.errors import TraceError
from nnbcd_checks.vectors import canonical, default_folder, fits, load, read

FILES = load()
LEAST, LEAST_EXACT, LEAST_TIE, LEAST_REJECT = 3000, 5, 3, 3
WITHOUT_TIES = {
    "update_u_out": "unique", "update_v": "unique", "update_v_out": "unique",
    "identity": "unique", "tanh": "no tie of binary data", "sigmoid": "no tie of binary data",
    "tt_svd": "no minimiser",
}  # fmt: skip
"""Blocks and members of which no tie can be written, and why."""


def test_the_sums_are_those_of_the_files():
    lines = (default_folder() / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert dict(reversed(line.split("  ")) for line in lines) == {f.name: f.digest for f in FILES}


def test_there_are_enough_of_each_result():
    total = Counter(v["result"] for f in FILES for v in f.vectors)
    assert total.total() >= LEAST
    assert total["tie"] + total["reject"] >= total.total() * 0.3
    for file in FILES:
        count = Counter(v["result"] for v in file.vectors)
        assert count["exact"] >= LEAST_EXACT, file.name
        assert count["reject"] >= LEAST_REJECT, file.name
        without = file.block in WITHOUT_TIES or file.member in WITHOUT_TIES
        assert count["tie"] == 0 if without else count["tie"] >= LEAST_TIE, file.name


def test_no_two_are_alike_up_to_scaling():
    seen = {}
    for vector in (v for f in FILES for v in f.vectors):
        assert seen.setdefault(canonical(vector), vector["id"]) == vector["id"]


def test_scaling_does_not_hide_a_repetition():
    vector = next(v for f in FILES for v in f.vectors if v["flags"] == ["plain"])

    def scaled(x, k):
        return [scaled(e, k) for e in x] if isinstance(x, list) else str(k * int(x))

    whole = vector | {"inputs": {"u": [["1", "-2"]], "v_old": [["3", "0"]], "y": [["1", "5"]]},
                      "penalties": {"gamma": "2", "alpha": "3"}}  # fmt: skip
    larger = whole | {
        "inputs": {k: scaled(x, 4) for k, x in whole["inputs"].items()},
        "penalties": {k: scaled(x, 8) for k, x in whole["penalties"].items()},
    }
    other = whole | {"penalties": {"gamma": "2", "alpha": "6"}}
    assert canonical(whole) == canonical(larger) != canonical(other)


def test_most_are_exact_in_float32_and_all_in_float64():
    usable = [v for f in FILES for v in f.vectors if v["result"] != "reject"]
    singles = sum(fits(v, 24) for v in usable)
    assert singles >= 0.8 * len(usable)


FAULTS = {
    "a float": ("penalties", {"gamma": 1.5, "rho": "1"}),
    "a number with a leading zero": ("penalties", {"gamma": "01", "rho": "1"}),
    "an unknown penalty": ("penalties", {"gamma": "1", "rho": "1", "tau": "1"}),
    "a missing operand": ("inputs", {"v": [["1"]]}),
    "NaN that is not refused": ("inputs", {"v": [["nan"]], "pre": [["1"]]}),
    "a short decimal": ("outputs", {"u": [["1.5e+0"]]}),
    "a wrong output": ("outputs", {"v": [["1"]]}),
    "a tie without minimisers": ("result", "tie"),
    "a rejection with outputs": ("result", "reject"),
    "a flag without a note": ("flags", ["unheard_of"]),
    "another block": ("block", "update_v"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_vector_is_refused(fault, tmp_path):
    obj = json.loads((default_folder() / "update_u_out.json").read_text(encoding="utf-8"))
    path = tmp_path / "update_u_out.json"
    path.write_text(json.dumps(obj), encoding="utf-8")
    read(path)
    key, value = FAULTS[fault]
    obj["vectors"][0][key] = value
    path.write_text(json.dumps(obj), encoding="utf-8")
    with pytest.raises(TraceError, match=r"update_u_out\.json"):
        read(path)


def test_an_output_must_be_among_the_minimisers(tmp_path):
    obj = json.loads((default_folder() / "update_u-relu.json").read_text(encoding="utf-8"))
    tie = next(v for v in obj["vectors"] if v["result"] == "tie")
    tie["outputs"] = {"u": [["12345"]]}
    path = tmp_path / "update_u-relu.json"
    path.write_text(json.dumps(obj), encoding="utf-8")
    with pytest.raises(TraceError, match="minimisers"):
        read(path)


def test_an_id_stands_once(tmp_path):
    for name in ("a.json", "b.json"):
        shutil.copy(default_folder() / "update_u_out.json", tmp_path / name)
    with pytest.raises(TraceError, match="more than once"):
        load(tmp_path)


def test_a_changed_byte_changes_the_digest(tmp_path):
    path = tmp_path / "update_u_out.json"
    raw = (default_folder() / "update_u_out.json").read_bytes()
    path.write_bytes(raw.replace(b'"rho":"', b'"rho": "', 1))
    assert read(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read(path).digest != hashlib.sha256(raw).hexdigest()
