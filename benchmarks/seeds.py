"""The demonstration's accuracies over stratified splits of digits, with the same settings each.

Writes ``docs/seeds.json`` and prints a table; exits 1 where a mean misses what the project
promises: tensor train within 0.015 of the dense network and pruned within 0.02, both from the
trained network, and pruned from random weights at 0.93 or better, every run certified.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from datetime import date
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from nnbcd.demo import PLANS, run_plans
from nnbcd.files import write_json
from nnbcd.progress import track

DENSE_AT_LEAST, RANDOM_AT_LEAST = 0.97, 0.93
GAPS = {"tensor-train": 0.015, "pruned": 0.02}


def main() -> int:
    """Run the splits, write the means, print them; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("docs/seeds.json"))
    options = parser.parse_args()
    with track(options.splits, "splits") as tick:
        summaries = []
        for seed in range(options.splits):
            summaries.append(run_plans(PLANS, seed=seed))
            tick(seed + 1, options.splits)
    result = {
        "schema": "nnbcd-seeds",
        "version": 1,
        "date": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}",
        "dense": spread([s["dense_accuracy"] for s in summaries]),
        "runs": [row(name, summaries) for name in [plan.name for plan in PLANS]],
    }
    write_json(options.out, result)
    Console().print(table(result))
    missed = shortfalls(result)
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def spread(values: list[float | None]) -> dict[str, Any] | None:
    """Mean, standard deviation and values; ``None`` where there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = statistics.stdev(known) if len(known) > 1 else 0.0
    return {"mean": statistics.mean(known), "std": deviation, "values": known}


def row(name: str, summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """One run over all splits."""
    runs = [next(r for r in s["runs"] if r["name"] == name) for s in summaries]
    accuracies = {
        key: spread([run[f"test_accuracy_{key}"] for run in runs])
        for key in ("compressed", "one_shot", "fine_tuned")
    }
    return {
        "name": name,
        "kept_fraction": runs[0]["kept_fraction"],
        "kept_fraction_all": runs[0]["kept_fraction_all"],
        **accuracies,
        "certified": sum(run["certified"] for run in runs),
        "splits": len(runs),
    }


def shortfalls(result: dict[str, Any]) -> list[str]:
    """What the means miss, in words."""
    dense = result["dense"]["mean"]
    lines = [] if dense >= DENSE_AT_LEAST else [f"dense: {dense:.4f} < {DENSE_AT_LEAST}"]
    for run in result["runs"]:
        mean = run["compressed"]["mean"]
        least = dense - GAPS[run["name"]] if run["name"] in GAPS else RANDOM_AT_LEAST
        if mean < least:
            lines.append(f"{run['name']}: {mean:.4f} < {least:.4f}")
        if run["certified"] < run["splits"]:
            lines.append(f"{run['name']}: {run['certified']} of {run['splits']} certified")
    return lines


def table(result: dict[str, Any]) -> Table:
    """The means as a table."""
    dense = result["dense"]
    shown = Table(
        title=f"Means over splits (standard deviation); dense {dense['mean']:.4f} "
        f"({dense['std']:.4f})"
    )
    for column in ("run", "kept", "one-shot", "NN-BCD", "fine-tuned", "certified"):
        shown.add_column(column)
    for run in result["runs"]:
        figures = [
            "-" if run[key] is None else f"{run[key]['mean']:.4f} ({run[key]['std']:.4f})"
            for key in ("one_shot", "compressed", "fine_tuned")
        ]
        certified = f"{run['certified']} of {run['splits']}"
        shown.add_row(run["name"], f"{run['kept_fraction']:.3f}", *figures, certified)
    return shown


if __name__ == "__main__":
    raise SystemExit(main())
