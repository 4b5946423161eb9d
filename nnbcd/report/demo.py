"""``report.html`` of a demonstration: several runs side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from nnbcd.errors import InputError
from nnbcd.files import write_text
from nnbcd.report.page import page, plot, table, tag, text
from nnbcd.report.read import Record, read_record, records
from nnbcd.report.words import overall, percent, score, seconds


def write_demo_report(folder: Path) -> Path:
    """Make ``folder/report.html`` from ``folder/summary.json``; return its path.

    Raises:
        InputError: there is no readable ``summary.json``.
    """
    summary = read_record(folder / "summary.json")
    if summary is None:
        raise InputError(f"{folder / 'summary.json'}: missing, or no JSON object")
    path = folder / "report.html"
    write_text(path, page("nnbcd demonstration", _body(folder, summary)))
    return path


def _body(folder: Path, summary: Record) -> Iterator[str]:
    runs = records(summary.get("runs"))
    yield "<h1>Compressed networks by block coordinate descent</h1>"
    yield f'<p class="soft">{text(summary.get("data") or "")}</p>'
    yield (
        f"<p>Dense network, back-propagation: <b>{score(summary, 'dense_accuracy')}</b> held-out "
        "accuracy.</p>"
    )
    yield "<h2>Runs</h2>"
    if not runs:
        yield "<p>summary.json names no runs.</p>"
        return
    head = (
        "run", "verdict", "weights kept", "NN-BCD", "one-shot", "fine-tuned", "sweeps", "training",
        "audit",
    )  # fmt: skip
    yield table(head, (_run(folder, run) for run in runs), numbers=frozenset(range(2, 9)))
    yield (
        '<p class="soft">Weights kept: of the compressed layers. NN-BCD: the compressed network. '
        "One-shot: the dense network compressed without training. Fine-tuned: that, with "
        "back-propagation on the weights kept.</p>"
    )
    from nnbcd.report.captions import DEMO
    from nnbcd.report.drawing import svg
    from nnbcd.report.size_figures import accuracy_figure

    picture = svg(accuracy_figure(summary), alt=DEMO.alt, key=DEMO.key)
    yield f'<h2>Figure</h2><div class="plots">{plot(DEMO.heading, picture, DEMO.reading)}</div>'


def _run(folder: Path, run: Record) -> str:
    tone, words = _verdict(folder, run)
    cells = (
        ("weights kept", percent(run.get("kept_fraction"))),
        ("NN-BCD", score(run, "test_accuracy_compressed")),
        ("one-shot", score(run, "test_accuracy_one_shot")),
        ("fine-tuned", score(run, "test_accuracy_fine_tuned")),
        ("sweeps", str(run.get("sweeps", "–"))),
        ("training", seconds(run.get("seconds_train"))),
        ("audit", seconds(run.get("seconds_audit"))),
    )
    numbers = "".join(f'<td class="n" data-name="{k}">{text(v)}</td>' for k, v in cells)
    start = f'<br><span class="soft">from {text(run["start"])}</span>' if run.get("start") else ""
    return (
        f'<tbody><tr><th scope="row">{_link(folder, run)}{start}</th>'
        f"<td>{tag(tone, words)}</td>{numbers}</tr></tbody>"
    )


def _link(folder: Path, run: Record) -> str:
    """The run's name, linked to its report if that lies inside the folder."""
    name = text(run.get("name", "run"))
    place = _place(run)
    if place is None or not (folder / place / "report.html").is_file():
        return name
    # quote() leaves no colon, so that no scheme but this folder's own can stand in the link.
    return f'<a href="./{quote(str(place))}/report.html">{name}</a>'


def _verdict(folder: Path, run: Record) -> tuple[str, str]:
    """Tone and words: from the run's own certificate where it is there, else from the summary."""
    place = _place(run)
    certificate = None if place is None else read_record(folder / place / "certificate.json")
    if certificate is not None:
        verdict = overall(certificate)
        return verdict.tone, verdict.headline.lower()
    if run.get("certified") is True:
        return "good", "certified"
    return "open", "not certified" if run.get("certified") is False else "not judged"


def _place(run: Record) -> PurePosixPath | None:
    """The run's folder, if it lies inside the demonstration's."""
    place = PurePosixPath(str(run.get("run") or ""))
    inside = place.parts and not place.is_absolute() and ".." not in place.parts
    return place if inside else None
