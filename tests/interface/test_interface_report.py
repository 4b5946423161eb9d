"""Reports: well formed, self-contained, honest about what is missing, small."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbcd.errors import InputError
from nnbcd.report import figures, size_figures, words, write_demo_report, write_report
from nnbcd.report.drawing import svg
from nnbcd.report.series import Series, gaps, margins, objective, running_sums

from .conftest import make_certificate, make_claim, make_row, make_run, write_run

Make = Callable[..., Path]
VOID = {"meta", "br", "img", "hr", "input", "link"}
EVIL = "<script>alert(1)</script>\"'&$x$"


class Checker(HTMLParser):
    """Fails on tags that do not match, on scripts, and on anything fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "iframe", "object", "embed", "link", "base"}
        if tag not in VOID:
            self.open.append(tag)
        self._attributes(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        self._attributes(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in {"src", "href", "xlink:href", "action", "data"}:
                assert not re.match(r"\s*(\w+:|//)", value or ""), value
            if name == "style":
                assert "http" not in (value or "")


def check(path: Path) -> str:
    """Parse a report; return its visible text."""
    html = path.read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "nan" not in re.findall(r' d="([^"]*)"', html)
    return " ".join(" ".join(checker.words).split())


def test_a_certified_run(run_folder: Path) -> None:
    path = write_report(run_folder)
    assert path == run_folder / "report.html"
    shown = check(path)
    assert "Certified These claims hold on every sweep judged: descent, rate." in shown
    for text in (
        "6–4–3",
        "tt, modes 4×6, ranks 2",
        "accuracy 91.0%",
        "83% of the compressed",
        "1.5 s training, 0.5 s audit",
        "the reason for rate",
        "rounding within its",
        "sweeps 1–5",
        "distance slope: −1.2",
        "Linux x86_64",
        "leaky_relu, slope 0.01",
    ):
        assert text in shown  # fmt: skip
    html = path.read_text(encoding="utf-8")
    assert html.count("<svg") == html.count('role="img" aria-label="') == 7


def test_the_same_files_make_the_same_report_whatever_the_style(run_folder: Path) -> None:
    first = write_report(run_folder).read_bytes()
    with mpl.rc_context({"lines.linewidth": 9, "axes.grid": False, "font.size": 30}):
        assert write_report(run_folder).read_bytes() == first


def test_a_refuted_run_says_where_and_why(make: Make) -> None:
    refuted = make_claim("sufficient_decrease", "refuted", margin=-0.205)
    rows = [make_row(1), make_row(2), make_row(3, worse=True)]
    # A file that calls itself certified beside a refuted claim is not believed.
    shown = check(
        write_report(make(rows=rows, certificate=make_certificate(refuted, certified=True)))
    )
    assert "Refuted sufficient decrease: refuted at sweep 3, block W2, layer 2: the reason" in shown
    assert "violation, its size" in shown
    assert "Certified" not in shown


@pytest.mark.parametrize(
    ("claims", "headline"),
    [
        ([make_claim("descent", "not_checkable", where=None)], "Could not be judged"),
        ([], "Could not be judged No claim was judged."),
        (
            [make_claim("descent", "certified"), make_claim("rate", "not_checkable", where=None)],
            "Certified in part These claims hold on every sweep judged: descent. rate: not "
            "checkable: the reason for rate.",
        ),
    ],
)
def test_a_run_that_could_not_be_judged(
    make: Make, claims: list[dict[str, Any]], headline: str
) -> None:
    run = make(
        certificate=make_certificate(*claims, certified=False),
        leave_out=("rows.jsonl", "run.json", "metrics.jsonl"),
    )
    assert headline in check(write_report(run))


FILES = ("problem.json", "run.json", "certificate.json", "rows.jsonl", "metrics.jsonl")


@pytest.mark.parametrize("kept", FILES)
def test_any_one_file_makes_a_report_that_names_the_others(tmp_path: Path, kept: str) -> None:
    missing = tuple(f for f in FILES if f != kept)
    shown = check(write_report(write_run(tmp_path / "run", leave_out=missing)))
    for name in missing:
        assert f"{name} is missing" in shown
    if kept != "certificate.json":
        assert "Not judged" in shown


def test_no_file_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run folder"):
        write_report(tmp_path)
    with pytest.raises(InputError, match="no such run folder"):
        write_report(tmp_path / "none")


def test_files_that_are_broken_are_named(make: Make) -> None:
    run_folder = make(leave_out=("metrics.jsonl",))
    (run_folder / "run.json").write_text("{")
    (run_folder / "certificate.json").write_text("[1]")
    with (run_folder / "rows.jsonl").open("a") as file:
        file.write('{"sweep": 6, "befo\n[1]\n')
    shown = check(write_report(run_folder))
    assert "run.json cannot be read" in shown
    assert "certificate.json holds no JSON object" in shown
    assert "rows.jsonl: 2 of 7 lines are no JSON objects" in shown


def test_text_from_files_is_escaped(make: Make) -> None:
    claim = make_claim(EVIL, EVIL, why=EVIL, assumptions=[EVIL], where={EVIL: EVIL}, basis=EVIL)
    run = make(certificate=make_certificate(claim), name=EVIL)
    layers = [{"stored": 1, "dense": 2, "compression": EVIL}]
    more = {"machine": EVIL, "layers": layers, "metric": EVIL, "versions": {EVIL: EVIL}}
    (run / "run.json").write_text(json.dumps(make_run(EVIL) | more))
    (run / "metrics.jsonl").write_text(
        json.dumps({"sweep": 0, "metric": EVIL, "score_compressed": 0.5}) + "\n"
    )
    html = write_report(run).read_text(encoding="utf-8")
    assert "<script" not in html
    assert EVIL in check(run / "report.html")


def _odd(value: Any, odd: list[Any]) -> Any:
    """The value with its leaves replaced by odd ones, in turn."""
    if isinstance(value, dict):
        return {k: _odd(v, odd) for k, v in value.items()}
    if isinstance(value, list):
        return [_odd(v, odd) for v in value]
    odd.append(odd.pop(0))
    return odd[-1]


@pytest.mark.parametrize("row", [{}, {"blocks": 3, "before": [], "feasibility": None}, "odd"])
def test_odd_figures_break_nothing(make: Make, row: Any) -> None:
    odd = [math.nan, None, math.inf, -math.inf, "text", True, 0, -1e308, 10**400, [], {}, 1e-320]
    rows = (
        [_odd(make_row(k), odd) for k in range(1, 9)] if row == "odd" else [row, make_row(2), row]
    )
    run = make(rows=rows)
    for name in ("certificate.json", "run.json", "problem.json"):
        given = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps(given | {k: _odd(v, odd) for k, v in given.items()}))
    check(write_report(run))


def test_a_long_run_stays_small_and_keeps_its_extremes(make: Make) -> None:
    rows = [make_row(k) for k in range(1, 10_001)]
    rows[7_654]["blocks"][2]["decrease"] = -50.0
    path = write_report(make(rows=rows))
    assert path.stat().st_size < 700_000
    assert "violation, its size" in check(path)


# --- series and figures -----------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=1500),
    st.integers(10, 100),
)
def test_thinning_keeps_ends_and_extremes(values: list[float], most: int) -> None:
    series = Series(np.arange(float(len(values))), np.array(values))
    thin = series.thinned(most)
    assert len(thin.value) <= max(most + 2, 3)
    known = series.value[~np.isnan(series.value)]
    if len(known):
        assert np.nanmin(thin.value) == known.min()
        assert np.nanmax(thin.value) == known.max()
    assert thin.sweep[0] == 0
    assert thin.sweep[-1] == len(values) - 1
    assert (np.diff(thin.sweep) > 0).all()


def test_series_from_rows() -> None:
    rows = [make_row(1), make_row(2, worse=True)]
    terms = objective(rows)
    assert terms["total"].sweep.tolist() == [0, 1, 2]
    assert terms["total"].value == pytest.approx([100, 50, 100 / 3])
    found = {m.block: m for m in margins(rows)}
    assert found["V2"].margin.value == pytest.approx([0.105, 0.055])
    assert found["W2"].violated.tolist() == [False, True]
    assert not found["V2"].violated.any()
    layers, relative = gaps(rows, "compression")
    assert relative
    assert [i for i, _ in layers] == [1]
    assert layers[0][1].value == pytest.approx([0.03, 0.015])
    del rows[0]["feasibility"]["relative"], rows[1]["feasibility"]["relative"]
    assert not gaps(rows, "linear")[1]


def test_running_sums_hold_where_sweeps_are_missing() -> None:
    rows = [make_row(1), make_row(5)]
    total, bound = running_sums(rows)
    assert total.value == pytest.approx([1, 1 + 1 / 25])
    assert bound.value == pytest.approx([81 * 50 / 0.05, 81 * (50 + 20 - 100 / 6) / 0.05])


def test_a_margin_within_roundoff_is_no_violation() -> None:
    row = make_row(1)
    row["blocks"][0] |= {"decrease": 0.0, "step": 0.0, "decrease_tolerance": 1e-9}
    row["blocks"][1] |= {"decrease": -1e-10, "step": 0.0, "decrease_tolerance": 1e-9}
    assert not any(m.violated.any() for m in margins([row]))


def labels(figure: Any) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def test_figures_show_what_they_say() -> None:
    rows = [make_row(k, worse=k == 2) for k in range(1, 6)]
    assert labels(figures.objective_figure(rows))[:2] == ["total", "loss"]
    drawn = figures.margins_figure(rows)
    assert labels(drawn) == ["layer 1", "layer 2", "violation, its size"]
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        "V: layer outputs", "U: before activation", "W: weights and bias",
        "Z: compressed weights",
    ]  # fmt: skip
    assert len(figures.subgradient_figure(rows).axes[0].lines) == 3
    assert len(figures.running_figure(rows).axes[0].lines) == 2
    assert labels(figures.gaps_figure(rows)) == ["layer 1", "layer 2"]
    assert len(size_figures.size_figure(make_run()).axes[0].patches) == 4


@pytest.mark.parametrize(
    "draw",
    [
        figures.objective_figure, figures.margins_figure, figures.subgradient_figure,
        figures.running_figure, figures.gaps_figure, figures.score_figure,
        lambda _: size_figures.size_figure({}), lambda _: size_figures.accuracy_figure({}),
    ],
)  # fmt: skip
def test_figures_of_nothing_say_so(draw: Callable[[list[Any]], Any]) -> None:
    assert "no figures to show" in svg(draw([]), alt="a", key="k")


def test_svg_is_prefixed_and_described() -> None:
    text = svg(figures.objective_figure([make_row(1)]), alt='a "b" \\1 <c>', key="one")
    assert 'aria-label="a &quot;b&quot; \\1 &lt;c&gt;"' in text
    assert all(i.startswith("one-") for i in re.findall(r'\bid="([^"]*)"', text))
    assert all(i.startswith("one-") for i in re.findall(r"url\(#([^)]*)\)", text))
    assert "<metadata" not in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0"), (0.01, "0.01"), (-3e-9, "−3.00e−09"), (math.inf, "∞"),
     (123456.0, "1.23e+05"), ("x", "–")],
)  # fmt: skip
def test_figures_in_words(value: Any, shown: str) -> None:
    assert words.figure(value) == shown


# --- demo -------------------------------------------------------------------------------------


def summary(**more: Any) -> dict[str, Any]:
    run = {
        "name": "pruned", "compression": "prune", "start": "trained network",
        "kept_fraction": 0.1, "kept_fraction_all": 0.13, "test_accuracy_compressed": 0.97,
        "test_accuracy_uncompressed": 0.98, "test_accuracy_one_shot": 0.5,
        "test_accuracy_fine_tuned": None, "sweeps": 5, "seconds_train": 2.0,
        "seconds_audit": 1.0, "certified": True, "run": "pruned",
    }  # fmt: skip
    return {
        "schema": "nnbcd-summary", "version": 1, "dense_accuracy": 0.98, "data": "digits",
        "runs": [run | more, run | {"name": "other", "certified": False, "run": "other"}],
    }  # fmt: skip


def test_demo_report(tmp_path: Path) -> None:
    (tmp_path / "pruned").mkdir()
    (tmp_path / "pruned" / "report.html").write_text("")
    refuted = make_certificate(make_claim("descent", "refuted"), certified=False)
    (tmp_path / "pruned" / "certificate.json").write_text(json.dumps(refuted))
    (tmp_path / "summary.json").write_text(json.dumps(summary()))
    path = write_demo_report(tmp_path)
    shown = check(path)
    for text in (
        "98.0% held-out",
        "97.0%",
        "50.0%",
        "refuted",
        "not certified",
        "from trained network",
    ):
        assert text in shown
    html = path.read_text(encoding="utf-8")
    assert 'href="./pruned/report.html"' in html
    assert "./other" not in html
    assert labels(size_figures.accuracy_figure(summary())) == ["one-shot", "NN-BCD", "dense"]


@pytest.mark.parametrize(
    "place", ["javascript:alert(1)", "http://a.example/x", "//a.example", "../run", "/etc", "", 3]
)
def test_demo_links_stay_inside(tmp_path: Path, place: Any) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.html").write_text("")
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(summary(run=place, name=EVIL)))
    assert "<a " not in write_demo_report(folder).read_text(encoding="utf-8")
    assert EVIL in check(folder / "report.html")


def test_odd_summaries(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"summary\.json"):
        write_demo_report(tmp_path)
    odd: list[Any] = [None, math.nan, "x", [], {}, -1, 0, True]
    for value in ({}, {"runs": 3}, {"runs": [{}, 4]}, _odd(summary(), odd)):
        (tmp_path / "summary.json").write_text(json.dumps(value))
        check(write_demo_report(tmp_path))
