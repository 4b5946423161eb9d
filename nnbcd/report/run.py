"""``report.html`` of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nnbcd.errors import InputError
from nnbcd.files import write_text
from nnbcd.report import words
from nnbcd.report.page import box, page, plot, table, tag, text
from nnbcd.report.read import RunFiles, mapping, read_run, records
from nnbcd.report.settings import settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MARGIN = (
    "Worst margin: what was left, at the tightest place or the first violation, of what the claim "
    "allows with its tolerance for rounding; negative means refuted."
)


def write_report(run: Path) -> Path:
    """Make ``run/report.html`` from the JSON files of a run folder; return its path.

    The page needs no network and no script, and is the same for the same files.  Files that are
    missing or odd are named in it.

    Raises:
        InputError: there is no such folder, or none of a run's JSON files in it.
    """
    if not run.is_dir():
        raise InputError(f"{run}: no such run folder")
    files = read_run(run)
    if not (files.problem or files.run or files.certificate or files.rows or files.metrics):
        raise InputError(
            f"{run}: no run folder: none of problem.json, run.json, certificate.json, rows.jsonl "
            "and metrics.jsonl could be read here"
        )
    path = run / "report.html"
    write_text(path, render(files, fallback=run.resolve().name))
    return path


def render(files: RunFiles, *, fallback: str = "run") -> str:
    """The report as HTML; ``fallback`` names a run whose files do not."""
    name = str(mapping(files.run).get("name") or mapping(files.problem).get("name") or fallback)
    return page(f"nnbcd run: {name}", _body(name, files))


def _body(name: str, files: RunFiles) -> Iterator[str]:
    yield f"<h1>{text(name)}</h1>"
    yield '<p class="soft">A compressed network trained by block coordinate descent (nnbcd)</p>'
    verdict = words.overall(files.certificate)
    yield box(verdict.tone, verdict.headline, verdict.sentences)
    if mapping(files.run).get("interrupted") is True:
        yield box("open", "Interrupted", ["The run was stopped before its last sweep."])
    if files.notes:
        items = "".join(f"<li>{text(note)}</li>" for note in files.notes)
        yield f'<div class="soft"><p>What this report lacks:</p><ul>{items}</ul></div>'
    yield from _claims(files)
    yield "<h2>What was run</h2>"
    yield settings(files)
    plots = "".join(_plots(files))
    if plots:
        yield f'<h2>Figures</h2><div class="plots">{plots}</div>'


def _claims(files: RunFiles) -> Iterator[str]:
    certificate = mapping(files.certificate)
    claims = records(certificate.get("claims"))
    if claims:
        yield "<h2>Claims</h2>"
        head = ("claim", "verdict", "worst margin", "where", "tolerance")
        yield table(head, (_claim(c) for c in claims), numbers=frozenset({2, 4}))
        yield f'<p class="soft">{text(MARGIN)}</p>'
    found = [*_diagnostics(certificate.get("diagnostics"))][:50]
    if found:
        items = "".join(f"<li>{text(line)}</li>" for line in found)
        yield f"<details><summary>Diagnostics, which prove nothing</summary><ul>{items}</ul>"
        yield "</details>"


def _claim(claim: dict[str, object]) -> str:
    verdict, tone = words.VERDICTS.get(
        str(claim.get("verdict")), (str(claim.get("verdict", "no verdict")), "open")
    )
    given = claim.get("assumptions")
    assumptions = [str(a) for a in given] if isinstance(given, list) else []
    items = "".join(f"<li>{text(a)}</li>" for a in assumptions)
    assumed = f"<details><summary>assumptions</summary><ul>{items}</ul></details>" if items else ""
    spans = words.spans(claim.get("sweeps"))
    basis = claim.get("basis")
    parts = (
        claim.get("why"),
        f"sweeps {spans}" if spans else "",
        f"basis: {basis}" if basis else "",
        f"proofs: nnbcd prove --show {claim['ledger']}" if claim.get("ledger") else "",
    )
    why = " · ".join(text(part) for part in parts if part)
    return (
        f'<tbody><tr><th scope="row">{text(words.title(claim))}</th>'
        f"<td>{tag(tone, verdict)}</td>"
        f'<td class="n" data-name="worst margin">{text(words.figure(claim.get("margin")))}</td>'
        f'<td data-name="where">{text(words.where(claim.get("where")) or "–")}</td>'
        f'<td class="n" data-name="tolerance">{text(words.figure(claim.get("tolerance")))}</td>'
        f'</tr><tr><td class="why" colspan="5">{why}{assumed}</td>'
        "</tr></tbody>"
    )


def _diagnostics(value: object) -> Iterator[str]:
    """One line a diagnostic, from an object of figures or a list of anything."""
    if isinstance(value, dict):
        for name, figures in value.items():
            several = figures if isinstance(figures, list) else [figures]
            shown = ", ".join(f if isinstance(f, str) else words.figure(f) for f in several)
            yield f"{str(name).replace('_', ' ')}: {shown}"
    elif isinstance(value, list):
        for one in value:
            yield "; ".join(_diagnostics(one)) if isinstance(one, dict) else str(one)


def _plots(files: RunFiles) -> Iterator[str]:
    from nnbcd.report import captions as c
    from nnbcd.report import figures as f
    from nnbcd.report import size_figures as s

    drawings: list[tuple[c.Caption, Callable[[], Figure]]] = []
    if any(isinstance(m.get("score_compressed"), int | float) for m in files.metrics):
        drawings.append((c.SCORE, lambda: f.score_figure(files.metrics)))
    if files.run:
        drawings.append((c.SIZE, lambda: s.size_figure(mapping(files.run))))
    if files.rows:
        drawings += [
            (c.OBJECTIVE, lambda: f.objective_figure(files.rows)),
            (c.MARGINS, lambda: f.margins_figure(files.rows)),
            (c.SUBGRADIENT, lambda: f.subgradient_figure(files.rows)),
            (c.RUNNING, lambda: f.running_figure(files.rows)),
            (c.GAPS, lambda: f.gaps_figure(files.rows)),
        ]
    from nnbcd.report.drawing import svg

    for caption, draw in drawings:
        picture = svg(draw(), alt=caption.alt, key=caption.key)
        yield plot(caption.heading, picture, caption.reading)
