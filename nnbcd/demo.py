"""The demonstration: three certified runs on scikit-learn's handwritten digits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich import box
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from nnbcd import api, backprop
from nnbcd.compressions import COMPRESSIONS
from nnbcd.data import Dataset, load_digits, split
from nnbcd.files import claim_folder, write_json
from nnbcd.prepare import PerLayer
from nnbcd.progress import sweep_progress
from nnbcd.score import Scorer
from nnbcd.size import kept_fractions

HIDDEN = (256, 128)
DENSE_EPOCHS, DENSE_DECAY, FINE_TUNE_EPOCHS = 40, 1.0, 30
KEEP = {"prune": 0.10, "tt": 0.34}


@dataclass(frozen=True)
class Part:
    """A training or held-out part as float32 tensors, with labels."""

    x: Tensor
    y: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Plan:
    """One run of the demonstration."""

    name: str
    compression: str
    from_network: bool
    sweeps: int
    penalties: dict[str, PerLayer]


# Chosen on a fifth of the training part, split off for that purpose; never on the held-out fifth.
PLANS = (
    Plan("tensor-train", "tt", True, 50, {}),
    Plan("pruned", "prune", True, 150, {"tau": 20.0}),
    Plan("pruned-from-random", "prune", False, 300, {}),
)


def run_demo(out: Path, *, seed: int, overwrite: bool, console: Console) -> dict[str, Any]:
    """Train a dense network, compress it twice, train one pruned network from random weights.

    Writes a run folder for each, ``summary.json`` and ``report.html`` into ``out`` and prints a
    table.  Returns the summary.  Raises ``InputError`` where ``out`` cannot be used.
    """
    from nnbcd.report import write_demo_report

    folder = claim_folder(out, overwrite=overwrite)

    def keep(summary: dict[str, Any]) -> None:
        write_json(folder / "summary.json", summary)

    summary = run_plans(PLANS, seed=seed, console=console, out=folder, on_summary=keep)
    report = write_demo_report(folder)
    console.print(summary_table(summary))
    console.print(f"Report: {report}", soft_wrap=True)
    return summary


def run_plans(
    plans: tuple[Plan, ...],
    *,
    seed: int,
    console: Console | None = None,
    out: Path | None = None,
    on_summary: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """The summary of these plans on one split of digits; with ``out`` the runs are recorded.

    ``on_summary`` is called before the first run and after each, so that a demonstration stopped
    midway leaves a readable folder.  An interrupted run is the last.
    """
    fit, held_out = digits(seed)
    summary: dict[str, Any] = {
        "schema": "nnbcd-summary",
        "version": 1,
        "data": f"scikit-learn digits, {len(fit.x)} training and {len(held_out.x)} held-out images",
        "network": [fit.x.shape[1], *HIDDEN, fit.y.shape[1]],
        "seed": seed,
        "dense_accuracy": None,
        "runs": [],
    }
    tell = on_summary or (lambda _: None)
    tell(summary)
    if console is not None:
        console.print(f"Back-propagation of the dense network, {DENSE_EPOCHS} epochs ...")
    dense = dense_network(fit, seed=seed)
    summary["dense_accuracy"] = _score(Scorer(held_out.x, held_out.labels), dense)
    for plan in plans:
        summary["runs"].append(_run(plan, dense, fit, held_out, seed, console, out))
        tell(summary)
        if summary["runs"][-1]["interrupted"]:
            break
    return summary


def digits(seed: int) -> tuple[Part, Part]:
    """The training part and the held-out fifth, stratified."""
    whole = load_digits()
    fit, held_out = split(whole, held_out=0.2, seed=seed)
    return _part(fit), _part(held_out)


def dense_network(fit: Part, *, seed: int) -> nn.Sequential:
    """The dense network that the runs start from and are compared with."""
    start = backprop.dense_network([fit.x.shape[1], *HIDDEN, fit.y.shape[1]], seed=seed)
    return backprop.fit(start, fit.x, fit.y, epochs=DENSE_EPOCHS, seed=seed, decay=DENSE_DECAY)


def summary_table(summary: dict[str, Any]) -> Table:
    """The demonstration's table, 80 columns wide: accuracies on the held-out part."""
    table = Table(
        title=f"Held-out accuracy (dense network: {summary['dense_accuracy']:.3f})",
        box=box.SIMPLE,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for column in ("run", "kept", "one-shot", "NN-BCD", "tuned", "seconds", "verdict"):
        outer = column in {"run", "verdict"}
        table.add_column(column, justify="left" if outer else "right", no_wrap=True)
    for run in summary["runs"]:
        table.add_row(
            run["name"],
            f"{run['kept_fraction']:.3f}",
            _figure(run["test_accuracy_one_shot"]),
            _figure(run["test_accuracy_compressed"]),
            _figure(run["test_accuracy_fine_tuned"]),
            f"{run['seconds']:.1f}",
            "certified" if run["certified"] else "NOT certified",
        )
    table.caption = (
        "kept: of the weights of the compressed layers. one-shot: the dense network compressed "
        "without training. tuned: magnitude pruning with back-propagated fine-tuning. seconds: "
        "training and audit side by side."
    )
    return table


def _run(
    plan: Plan,
    dense: nn.Sequential,
    fit: Part,
    held_out: Part,
    seed: int,
    console: Console | None,
    out: Path | None,
) -> dict[str, Any]:
    began = time.perf_counter()
    with sweep_progress(plan.sweeps, plan.name, enabled=console is not None) as tick:
        common: dict[str, Any] = {
            "compression": plan.compression,
            "keep": KEEP[plan.compression],
            "penalties": plan.penalties,
            "sweeps": plan.sweeps,
            "seed": seed,
            "evaluation": (held_out.x, held_out.labels),
            "out": None if out is None else out / plan.name,
            "name": plan.name,
            "on_progress": tick,
        }
        if plan.from_network:
            result = api.compress(dense, fit.x, fit.labels, **common)
        else:
            result = api.train(fit.x, fit.labels, hidden=HIDDEN, **common)
    seconds = time.perf_counter() - began
    return {
        "name": plan.name,
        "compression": plan.compression,
        "start": "trained network" if plan.from_network else "random weights",
        "kept_fraction": result.kept_fraction,
        "kept_fraction_all": kept_fractions(result.problem)[1],
        "test_accuracy_compressed": result.score,
        "test_accuracy_uncompressed": result.outcome.score_uncompressed,
        **_baselines(plan, dense, result, fit, held_out, seed),
        "sweeps": result.outcome.sweeps,
        "interrupted": result.interrupted,
        "seconds": round(seconds, 3),
        "seconds_train": result.outcome.seconds_train,
        "seconds_audit": result.outcome.seconds_audit,
        "certified": result.certificate is not None and result.certificate.certified,
        "refuted": result.certificate is not None and bool(result.certificate.refuted),
        "run": plan.name,
    }


def _baselines(
    plan: Plan, dense: nn.Sequential, result: api.Result, fit: Part, held_out: Part, seed: int
) -> dict[str, float | None]:
    """The dense network compressed in one shot, and magnitude pruning with fine-tuning.

    A run from random weights has no dense network behind it, hence neither.
    """
    if not plan.from_network:
        return {"test_accuracy_one_shot": None, "test_accuracy_fine_tuned": None}
    scorer = Scorer(held_out.x, held_out.labels)
    compressions = [layer.compression for layer in result.problem.layers]
    each = zip(compressions, backprop.linear_weights(dense), strict=True)
    cut = [c.expand(c.start(w), (w.shape[0], w.shape[1])) if c.compresses else w for c, w in each]
    one_shot = backprop.with_weights(dense, cut)
    accuracy = _score(scorer, one_shot)
    if not COMPRESSIONS[plan.compression].masks:
        return {"test_accuracy_one_shot": accuracy, "test_accuracy_fine_tuned": None}
    tuned = backprop.fit(
        one_shot,
        fit.x,
        fit.y,
        epochs=FINE_TUNE_EPOCHS,
        seed=seed,
        masks=backprop.support(one_shot),
    )
    return {
        "test_accuracy_one_shot": accuracy,
        "test_accuracy_fine_tuned": _score(scorer, tuned),
    }


def _part(dataset: Dataset) -> Part:
    return Part(
        torch.as_tensor(dataset.x, dtype=torch.float32),
        torch.as_tensor(dataset.y, dtype=torch.float32),
        torch.as_tensor(dataset.y.argmax(1)),
    )


def _score(scorer: Scorer, model: nn.Module) -> float:
    with torch.no_grad():
        return scorer.of_outputs(model(scorer.x))


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
