"""What was run, as a list of facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from nnbcd.report.page import facts, table, text
from nnbcd.report.read import Record, RunFiles, mapping, number, records
from nnbcd.report.words import figure, percent, score, seconds

PENALTIES = ("gamma", "rho", "tau", "alpha", "alpha_z", "mu")


def settings(files: RunFiles) -> str:
    """Facts of the run, then a table of its layers with their penalties."""
    return facts(_facts(files)) + _layers(files)


def _facts(files: RunFiles) -> Iterator[tuple[str, Any]]:
    run, problem = mapping(files.run), mapping(files.problem)
    layers = records(problem.get("layers"))
    if layers:
        sizes = [layers[0].get("inputs"), *(layer.get("outputs") for layer in layers)]
        yield "network", "–".join(str(size) for size in sizes)
    yield "samples", problem.get("samples")
    yield "loss", _described(problem["loss"]) if problem.get("loss") else None
    yield "compression", run.get("compression")
    if run:
        kept, kept_all = percent(run.get("kept_fraction")), percent(run.get("kept_fraction_all"))
        yield "numbers kept", f"{kept} of the compressed layers, {kept_all} of all"
        yield "numbers counted", run.get("kept_meaning")
        yield "size", _size(run)
        for key, words in (
            ("score_compressed", "compressed network"),
            ("score_uncompressed", "uncompressed weights"),
        ):
            yield words, f"{_metric(run)} {score(run, key)}" if run.get(key) is not None else None
    yield "sweeps", run.get("sweeps") if run else (len(files.rows) or None)
    yield "arithmetic", run.get("dtype") or problem.get("dtype")
    yield "device", run.get("device")
    yield "seed", run.get("seed")
    if run.get("seconds_train") is not None:
        yield (
            "time",
            f"{seconds(run.get('seconds_train'))} training"
            + (f", {seconds(run.get('seconds_audit'))} audit" if run.get("seconds_audit") else ""),
        )
    versions = mapping(run.get("versions"))
    machine = run.get("machine") or versions.get("platform")
    yield "machine", machine
    yield "versions", ", ".join(f"{k} {v}" for k, v in versions.items() if k != "platform")


def _size(run: Record) -> str | None:
    """Kilobytes of the compressed and of the dense network, where the run says them."""
    stored = mapping(run.get("bytes"))
    kept, dense = number(stored.get("kept")), number(stored.get("dense"))
    if not (math.isfinite(kept) and math.isfinite(dense)):
        return None
    return f"{kept / 1000:,.1f} kB, indices counted; dense {dense / 1000:,.1f} kB"


def _metric(run: Record) -> str:
    return {"r2": "R²"}.get(str(run.get("metric")), str(run.get("metric") or "score"))


def _layers(files: RunFiles) -> str:
    layers = records(mapping(files.problem).get("layers"))
    if not layers:
        return ""
    head = ("layer", "size", "activation", "compression", *PENALTIES)
    bodies = (_layer(i, layer) for i, layer in enumerate(layers, 1))
    return "<p></p>" + table(head, bodies, numbers=frozenset(range(4, 10)))


def _layer(i: int, layer: Record) -> str:
    penalties = mapping(layer.get("penalties"))
    cells = "".join(
        f'<td class="n" data-name="{name}">{text(figure(penalties.get(name)))}</td>'
        for name in PENALTIES
    )
    size = f"{layer.get('inputs', '?')} → {layer.get('outputs', '?')}"
    return (
        f'<tbody><tr><th scope="row">layer {i}</th><td>{text(size)}</td>'
        f"<td>{text(_described(layer.get('activation')))}</td>"
        f"<td>{text(_described(layer.get('compression')))}</td>{cells}</tr></tbody>"
    )


def _described(value: Any) -> str:
    """``{"kind": "tt", "modes": [8, 8], "ranks": [4]}`` as ``tt, modes 8×8, ranks 4``."""
    record = mapping(value)
    parts = [str(record.get("kind", "?"))]
    for key, one in record.items():
        if key == "kind":
            continue
        if isinstance(one, list):
            sides = key == "shape" or key.endswith("modes")
            one = ("×" if sides else ", ").join(str(v) for v in one)  # noqa: PLW2901
        elif isinstance(one, float) and number(one) == one:
            one = figure(one)  # noqa: PLW2901
        parts.append(f"{key.replace('_', ' ')} {one}")
    return ", ".join(parts)
