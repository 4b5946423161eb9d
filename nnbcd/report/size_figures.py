"""Figures of sizes: what a run keeps, and what accuracy that buys."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from nnbcd.report.drawing import COLOURS, INK, canvas, finish, legend, styled
from nnbcd.report.read import Record, mapping, number, records

METHODS = (
    ("test_accuracy_one_shot", "one-shot", "v"),
    ("test_accuracy_fine_tuned", "fine-tuned", "s"),
    ("test_accuracy_compressed", "NN-BCD", "o"),
)


@styled
def accuracy_figure(summary: Record) -> Figure:
    """Held-out accuracy against the fraction kept; the dense network as a line."""
    figure, (axes,) = canvas(height=3.6)
    dense = number(summary.get("dense_accuracy"))
    colours = (COLOURS[1], COLOURS[2], COLOURS[0])
    for (key, words, marker), colour in zip(METHODS, colours, strict=True):
        points = [
            (number(run.get("kept_fraction")), number(run.get(key)))
            for run in records(summary.get("runs"))
        ]
        points = [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1]) and p[0] > 0]
        if points:
            x, y = zip(*points, strict=True)
            filled = colour if key == METHODS[-1][0] else "none"  # hollow: what lies below shows
            axes.plot(
                x, y, marker, color=colour, markerfacecolor=filled, label=words, markersize=8,
                markeredgewidth=1.8,
            )  # fmt: skip
    if math.isfinite(dense) and axes.has_data():
        axes.axhline(dense, color=INK, linewidth=1, linestyle=":", label="dense")
    finish(axes, log=False, sweeps=False, label="held-out accuracy")
    if axes.has_data():
        axes.set_xscale("log")
        axes.set_xlabel("fraction of the compressed layers' weights kept")
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.02), max(high, 1.0))
        ticks = [
            t for t in (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if axes.get_xlim()[0] <= t
        ]
        axes.set_xticks(ticks, [f"{100 * t:g}%" for t in ticks])
        axes.set_xticks([], minor=True)
    legend(figure, [axes])
    return figure


@styled
def size_figure(run: Record) -> Figure:
    """The fraction of numbers kept: a bar a layer, the compressed layers, and all."""
    bars = [(*_layer_bar(i, mapping(layer)), COLOURS[0]) for i, layer in enumerate(_layers(run), 1)]
    bars.append(("compressed layers", number(run.get("kept_fraction")), INK))
    bars.append(("all, with biases", number(run.get("kept_fraction_all")), INK))
    bars = [bar for bar in bars if 0 <= bar[1] <= 10]
    figure, (axes,) = canvas(height=0.9 + 0.34 * max(1, len(bars)))
    for row, (_, value, colour) in enumerate(bars):
        axes.barh(row, value, color=colour, height=0.62)
        axes.text(min(value, 1) + 0.015, row, f"{100 * value:.3g}%", va="center", fontsize=9)
    finish(axes, log=False, sweeps=False)
    if bars:
        axes.set_yticks(range(len(bars)), [bar[0] for bar in bars])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.15)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("numbers kept, of the dense network's")
    return figure


def _layers(run: Record) -> list[object]:
    layers = run.get("layers")
    return list(layers)[:60] if isinstance(layers, list) else []


def _layer_bar(i: int, layer: Record) -> tuple[str, float]:
    stored, dense = number(layer.get("stored")), number(layer.get("dense"))
    return f"layer {i}: {layer.get('compression', '?')}"[:28], stored / dense if dense else np.nan
