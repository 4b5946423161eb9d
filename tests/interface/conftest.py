"""Run folders made by the tests: figures invented, formats real."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
BLOCKS = ("V2", "U2", "W2", "V1", "U1", "W1", "Z1.1", "Z1.2")


def make_row(sweep: int, *, worse: bool = False) -> Json:
    """A plausible audit row; ``worse`` makes block W2 violate its inequality."""
    before, after = 100.0 / sweep, 100.0 / (sweep + 1)
    blocks = [
        {
            "block": name, "step": 0.1, "constant": 0.5, "decrease_tolerance": 1e-12,
            "decrease": -0.2 if worse and name == "W2" else 0.01 + 0.1 / sweep,
            "excess": 1e-15, "excess_tolerance": 1e-12,
        }
        for name in BLOCKS
    ]  # fmt: skip
    return {
        "sweep": sweep,
        "before": _terms(before),
        "after": _terms(after),
        "blocks": blocks,
        "subgradient": {
            "distance": 1 / sweep, "element": 1.1 / sweep, "bound": 5 / sweep, "b": 9.0,
            "lambda": 0.05, "membership": 1e-16, "tolerance": 1e-12,
        },
        "feasibility": {
            "activation": [0.1 / sweep] * 2, "linear": [0.2 / sweep] * 2,
            "compression": [0.3 / sweep, None],
            "relative": {
                "activation": [0.01 / sweep] * 2, "linear": [0.02 / sweep] * 2,
                "compression": [0.03 / sweep, None],
            },
        },
    }  # fmt: skip


def _terms(total: float) -> Json:
    parts = {"loss": 0.5, "gamma": 0.2, "rho": 0.2, "tau": 0.1, "mu": 0.0}
    return {name: share * total for name, share in parts.items()} | {"total": total}


def make_claim(name: str, verdict: str, **more: Any) -> Json:
    return {
        "claim": name, "verdict": verdict, "margin": 1e-3, "tolerance": 1e-12,
        "where": {"sweep": 3, "block": "W2", "layer": 2}, "why": f"the reason for {name}",
        "assumptions": ["rounding within its bounds"], "basis": "live", "sweeps": [[1, 5]],
    } | more  # fmt: skip


def make_certificate(*claims: Json, certified: bool = True) -> Json:
    return {
        "schema": "nnbcd-certificate", "version": 1, "certified": certified,
        "claims": list(claims), "diagnostics": {"distance_slope": -1.2, "linear": [0.1, None]},
    }  # fmt: skip


def make_problem(name: str = "small") -> Json:
    penalties = {"gamma": 1, "rho": 1, "tau": 10, "alpha": 0.01, "alpha_z": 0.01, "mu": 0}
    return {
        "format": "nnbcd-trace", "version": 1, "name": name, "samples": 30, "dtype": "float64",
        "loss": {"kind": "squared"}, "order": ["V2", "U2", "W2", "V1", "U1", "W1", "Z1"],
        "layers": [
            {"inputs": 6, "outputs": 4, "activation": {"kind": "leaky_relu", "slope": 0.01},
             "compression": {"kind": "tt", "modes": [4, 6], "ranks": [2]}, "penalties": penalties},
            {"inputs": 4, "outputs": 3, "activation": {"kind": "identity"},
             "compression": {"kind": "none"}, "penalties": penalties | {"tau": 0}},
        ],
    }  # fmt: skip


def make_run(name: str = "small") -> Json:
    return {
        "schema": "nnbcd-run", "version": 1, "name": name, "compression": "tt",
        "kept_fraction": 0.83, "kept_fraction_all": 0.9,
        "layers": [
            {"shape": [4, 6], "stored": 20, "dense": 24, "compression": "tt"},
            {"shape": [3, 4], "stored": 12, "dense": 12, "compression": "none"},
        ],
        "sweeps": 5, "interrupted": False, "seconds_train": 1.5, "seconds_audit": 0.5,
        "metric": "accuracy", "score_compressed": 0.91, "score_uncompressed": 0.93,
        "dtype": "float64", "device": "cpu", "seed": 0,
        "versions": {"python": "3.11", "platform": "Linux x86_64"},
    }  # fmt: skip


def write_run(
    folder: Path,
    *,
    rows: list[Json] | None = None,
    certificate: Json | None = None,
    leave_out: tuple[str, ...] = (),
    name: str = "small",
) -> Path:
    """A run folder of JSON files only."""
    folder.mkdir(parents=True, exist_ok=True)
    audited = [make_row(k) for k in range(1, 6)] if rows is None else rows
    metrics = [
        {"sweep": k, "seconds_train": k * 0.1, "seconds_audit": 0.0, "metric": "accuracy",
         "score_compressed": 0.2 + 0.1 * k, "score_uncompressed": 0.3 + 0.1 * k}
        for k in range(6)
    ]  # fmt: skip
    proved = make_certificate(make_claim("descent", "certified"), make_claim("rate", "certified"))
    files = {
        "problem.json": json.dumps(make_problem(name)),
        "run.json": json.dumps(make_run(name)),
        "certificate.json": json.dumps(certificate or proved),
        "rows.jsonl": "".join(json.dumps(row) + "\n" for row in audited),
        "metrics.jsonl": "".join(json.dumps(line) + "\n" for line in metrics),
    }
    for file, text in files.items():
        if file not in leave_out:
            (folder / file).write_text(text)
    return folder


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Makes run folders with other contents."""

    def build(**changes: Any) -> Path:
        return write_run(tmp_path / "run", **changes)

    return build
