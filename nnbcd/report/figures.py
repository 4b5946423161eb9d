"""Audit rows to figures: pure functions, one a plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnbcd.report.drawing import BAD, COLOURS, INK, canvas, curve, finish, legend, styled
from nnbcd.report.read import Record
from nnbcd.report.series import (
    TERMS,
    Array,
    Margins,
    Series,
    gaps,
    margins,
    metric,
    objective,
    running_sums,
    subgradient,
)

TERM_WORDS = {
    "total": "total",
    "loss": "loss",
    "gamma": "gamma: V against s(U)",
    "rho": "rho: U against WV+b",
    "tau": "tau: W against C(Z)",
    "mu": "mu: decay",
}
GAP_WORDS = {
    "activation": "V against s(U)",
    "linear": "U against W V + b",
    "compression": "W against C(Z)",
}


@styled
def objective_figure(rows: Sequence[Record]) -> Figure:
    """The objective and its terms by sweep, log scale."""
    figure, (axes,) = canvas(height=3.4)
    series = objective(rows)
    for term, colour in zip(TERMS, (INK, *COLOURS), strict=False):
        if term in series:
            width = 2.4 if term == "total" else 1.4
            curve(axes, series[term], color=colour, label=TERM_WORDS[term], linewidth=width)
    # Further down lies rounding, which would flatten all else (a forward start has gaps of 0).
    finish(axes, label="objective", decades=9)
    legend(figure, [axes], columns=2)
    return figure


@styled
def margins_figure(rows: Sequence[Record]) -> Figure:
    """Decrease less its guaranteed part by sweep, a panel a kind of block, a colour a layer."""
    figure, panels = canvas(2, 2, height=4.4)
    found = margins(rows)
    for axes, (kind, words) in zip(panels, _BLOCK_KINDS, strict=True):
        for one in found:
            if one.block.startswith(kind):
                _margin(axes, one)
        finish(axes)
        axes.set_title(words)
        if axes in panels[:2]:
            axes.set_xlabel("")
    legend(figure, panels)
    return figure


_BLOCK_KINDS = (
    ("V", "V: layer outputs"),
    ("U", "U: before activation"),
    ("W", "W: weights and bias"),
    ("Z", "Z: compressed weights"),
)


def _margin(axes: Axes, one: Margins) -> None:
    digits = "".join(c for c in one.block.partition(".")[0] if c.isdigit())
    layer = int(digits[:6] or 1)
    colour = COLOURS[(layer - 1) % len(COLOURS)]
    curve(axes, one.margin, color=colour, label=f"layer {layer}", linewidth=1.2)
    value, bad = one.margin.value, one.violated
    near = (value <= 0) & ~bad & (one.tolerance.value > 0)
    _marks(axes, one, near, one.tolerance.value, ".", "#8793a0", "within roundoff")
    _marks(axes, one, bad, -value, "x", BAD, "violation, its size")


def _marks(
    axes: Axes,
    one: Margins,
    chosen: NDArray[np.bool_],
    height: Array,
    marker: str,
    colour: str,
    words: str,
) -> None:
    if chosen.any():
        points = Series(one.margin.sweep[chosen], height[chosen])
        curve(axes, points, color=colour, label=words, marker=marker, linestyle="none", zorder=4)


@styled
def subgradient_figure(rows: Sequence[Record]) -> Figure:
    """``dist(0, dL)^2``, ``||g||^2`` and ``||M delta||^2`` by sweep, log scale."""
    figure, (axes,) = canvas()
    for key, words, style in (
        ("bound", "bound from the step, ||M δ||²", {"color": COLOURS[1], "linestyle": "--"}),
        ("element", "the element's ||g||²", {"color": COLOURS[4], "linewidth": 4.5, "alpha": 0.6}),
        ("distance", "dist(0, ∂L)²", {"color": COLOURS[0], "linewidth": 1.6}),
    ):
        series = subgradient(rows, key)
        with np.errstate(over="ignore"):
            curve(axes, Series(series.sweep, series.value**2), label=words, **style)
    finish(axes, label="squared norm")
    legend(figure, [axes], columns=2)
    return figure


@styled
def running_figure(rows: Sequence[Record]) -> Figure:
    """The running sum of ``dist^2`` under ``b^2 (L0 - LK) / lambda``, log scale."""
    figure, (axes,) = canvas()
    if rows:
        total, bound = running_sums(rows)
        curve(axes, bound, color=COLOURS[1], linestyle="--", label="bound b² (L⁰ − Lᴷ) / λ")
        curve(axes, total, color=COLOURS[0], linewidth=2.2, label="Σ dist(0, ∂L)²")
    finish(axes, label="sum over sweeps")
    legend(figure, [axes], columns=2)
    return figure


@styled
def gaps_figure(rows: Sequence[Record]) -> Figure:
    """The three feasibility gaps by sweep, a panel each, a colour a layer."""
    figure, panels = canvas(3, 1, height=5.6)
    relative = False
    for axes, (key, words) in zip(panels, GAP_WORDS.items(), strict=True):
        layers, relative = gaps(rows, key)
        for layer, series in layers:
            curve(axes, series, color=COLOURS[(layer - 1) % len(COLOURS)], label=f"layer {layer}")
        finish(axes, label="relative gap" if relative else "gap")
        axes.set_title(words)
        if axes is not panels[-1]:
            axes.set_xlabel("")
    legend(figure, panels)
    return figure


@styled
def score_figure(metrics: Sequence[Record]) -> Figure:
    """The score of the compressed and of the uncompressed network by sweep."""
    figure, (axes,) = canvas()
    name = next((str(m["metric"]) for m in metrics if m.get("metric")), "score")
    for key, words, style in (
        ("score_uncompressed", "uncompressed (W)", {"color": COLOURS[1], "linestyle": "--"}),
        ("score_compressed", "compressed (C(Z))", {"color": COLOURS[0], "linewidth": 2.2}),
    ):
        curve(axes, metric(metrics, key), log=False, label=words, **style)
    finish(axes, log=False, label={"r2": "R²"}.get(name, name))
    if name == "r2" and axes.has_data():
        axes.set_ylim(bottom=max(axes.get_ylim()[0], -1.0))
    legend(figure, [axes], columns=2)
    return figure
