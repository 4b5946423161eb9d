"""What a run folder holds beside its trace: the model, the verdicts, the summary, the report."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nnbcd.files import write_json
from nnbcd.loop import Outcome
from nnbcd.model import save_model
from nnbcd.problem import Problem
from nnbcd.size import kept_bytes, kept_fractions, kept_meaning, layer_sizes


def finish_folder(
    folder: Path,
    problem: Problem,
    outcome: Outcome,
    certificate: Mapping[str, Any] | None,
    *,
    seed: int,
    device: str,
) -> None:
    """Write ``model.safetensors``, ``certificate.json``, ``run.json`` and ``report.html``."""
    from nnbcd.report import write_report

    save_model(outcome.model, folder / "model.safetensors")
    if certificate is not None:
        write_json(folder / "certificate.json", certificate)
    write_json(folder / "run.json", summary(problem, outcome) | {"seed": seed, "device": device})
    write_report(folder)


def summary(problem: Problem, outcome: Outcome) -> dict[str, Any]:
    """The content of ``run.json``: sizes, scores, seconds, versions."""
    kept, kept_all = kept_fractions(problem)
    kinds = sorted({layer.compression.kind for layer in problem.layers if layer.compressed})
    return {
        "schema": "nnbcd-run",
        "version": 1,
        "name": problem.name,
        "compression": "+".join(kinds) or "none",
        "kept_fraction": kept,
        "kept_fraction_all": kept_all,
        "kept_meaning": kept_meaning(problem),
        "bytes": dict(zip(("kept", "dense"), kept_bytes(problem), strict=True)),
        "layers": layer_sizes(problem, outcome.state),
        "sweeps": outcome.sweeps,
        "interrupted": outcome.interrupted,
        "seconds_train": outcome.seconds_train,
        "seconds_audit": outcome.seconds_audit,
        "metric": outcome.metric,
        "score_compressed": outcome.score_compressed,
        "score_uncompressed": outcome.score_uncompressed,
        "dtype": problem.dtype,
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "platform": f"{platform.system()} {platform.machine()}",
            "threads": torch.get_num_threads(),
        },
    }
