"""How all figures look, and how they become inline SVG."""

from __future__ import annotations

import functools
import io
import math
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from nnbcd.report.series import Series

INK, FAINT, BAD = "#1c2733", "#d9dee4", "#c0392b"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b5b95", "#8c8c8c")
"""Told apart by colour-blind readers too (Okabe and Ito 2008)."""

WIDTH, HEIGHT = 5.0, 3.1
"""Inches: about the width of a phone, so that the text is never scaled down much."""

MOST_DRAWN = 1e200
"""Matplotlib's own arithmetic overflows on what is far beyond this."""

STYLE: Any = {  # matplotlib types its keys one by one
    "svg.fonttype": "none",
    "svg.hashsalt": "nnbcd",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "axes.edgecolor": "#8793a0",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that draws a figure, in the common style whatever the user's own is."""

    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return wrapped


def canvas(rows: int = 1, columns: int = 1, *, height: float = HEIGHT) -> tuple[Figure, list[Axes]]:
    """A figure of axes, row by row."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def curve(axes: Axes, series: Series, *, log: bool = True, **style: Any) -> None:
    """Draw a thinned curve; what a log scale cannot show is left out."""
    thin = series.thinned()
    value = np.where(np.abs(thin.value) < MOST_DRAWN, thin.value, np.nan)
    if log:
        value = np.where(value > 0, value, np.nan)
    if np.isnan(value).all():
        return
    marker = "o" if int((~np.isnan(value)).sum()) <= 3 else None
    axes.plot(thin.sweep, value, **{"marker": marker, **style})


def finish(
    axes: Axes,
    *,
    log: bool = True,
    label: str = "",
    sweeps: bool = True,
    decades: float = math.inf,
) -> None:
    """Scales, ticks and labels; words in place of an empty plot.

    A log axis spans at least one decade, and at most ``decades``, counted from its top.
    """
    if not axes.has_data():
        axes.text(0.5, 0.5, "no figures to show", ha="center", va="center",
                  transform=axes.transAxes, color="#5d6b7a")  # fmt: skip
        axes.set(xticks=[], yticks=[])
        return
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(_power))
        axes.yaxis.set_minor_locator(NullLocator())
        _limit_decades(axes, decades)
    if sweeps:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.set_xlabel("sweep")
    axes.set_ylabel(label)


def legend(figure: Figure, axes: Sequence[Axes], *, columns: int = 4) -> None:
    """One legend below the figure for all its axes; the same label stands once."""
    found: dict[str, Any] = {}
    for one in axes:
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    # Layers first and in order, however the panels came by them; everything else as it came.
    found = dict(sorted(found.items(), key=lambda item: _layer_first(item[0])))
    if found:
        figure.legend(
            list(found.values()), list(found), loc="outside lower center",
            ncols=min(columns, len(found)), handlelength=1.4, columnspacing=1.2,
        )  # fmt: skip


def svg(figure: Figure, *, alt: str, key: str) -> str:
    """The figure as an ``<svg>`` element, the same for the same data.

    ``alt`` is its text for those who cannot see it.  ``key`` goes before every id inside, so
    that several figures fit on one page.
    """
    out = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context(STYLE):
        FigureCanvasSVG(figure).print_svg(out, metadata=metadata)  # type: ignore[no-untyped-call]
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'(xlink:href|href)="#', rf'\1="#{key}-', text)
    text = re.sub(r"url\(#", f"url(#{key}-", text)
    label = escape(alt, quote=True)
    size = r'\1role="img" aria-label="' + label.replace("\\", r"\\") + '" '
    text = re.sub(r"(<svg )", size, text, count=1)
    return re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)


def _layer_first(label: str) -> tuple[int, int]:
    word, _, digits = label.partition(" ")
    return (0, int(digits)) if word == "layer" and digits.isdecimal() else (1, 0)


def _power(value: float, _: object = None) -> str:
    """``1e-3`` as 10⁻³, in plain text."""
    exponent = round(np.log10(value)) if value > 0 else 0
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _limit_decades(axes: Axes, most: float) -> None:
    low, high = axes.get_ylim()
    if math.log10(high / low) > most:
        axes.set_ylim(bottom=high / 10**most)
    elif high / low < 10:
        middle = (low * high) ** 0.5
        axes.set_ylim(middle / 10**0.55, middle * 10**0.55)
