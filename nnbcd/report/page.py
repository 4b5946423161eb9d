"""The frame of every report: one page, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape as _escape
from typing import Any

CSS = """
:root{--ink:#1c2733;--soft:#5d6b7a;--line:#d9dee4;--good:#17693f;--goodbg:#e8f5ee;
--bad:#a32a1d;--badbg:#fcecea;--open:#7a5a00;--openbg:#fdf5df}
*{box-sizing:border-box}
body{margin:0;background:#f5f7f9;color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.4rem 0 0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2rem 0 .6rem}
p{margin:.3rem 0}.soft,figcaption{color:var(--soft);font-size:.9rem}
.box{border-left:6px solid;border-radius:6px;padding:.7rem 1rem;margin:1rem 0;
overflow-wrap:anywhere}
.box strong{font-size:1.25rem;display:block}
.good{color:var(--good);background:var(--goodbg);border-color:var(--good)}
.bad{color:var(--bad);background:var(--badbg);border-color:var(--bad)}
.open{color:var(--open);background:var(--openbg);border-color:var(--open)}
.box p{color:var(--ink)}
.tag{border-radius:4px;padding:.1rem .45rem;font-size:.85rem;font-weight:600;white-space:nowrap}
.wide{overflow-x:auto;background:#fff;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.4rem .7rem;vertical-align:top}
thead th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--line);white-space:nowrap}
tbody+tbody tr:first-child>*{border-top:1px solid var(--line)}
th .soft{font-weight:400}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.why{padding-top:0;color:var(--soft)}
ul{margin:.3rem 0;padding-left:1.2rem}summary{cursor:pointer}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0;padding:.7rem 1rem;
background:#fff;border:1px solid var(--line);border-radius:6px;font-size:.95rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.plots{columns:2 430px;column-gap:1rem}
figure{margin:0 0 1rem;break-inside:avoid;
background:#fff;border:1px solid var(--line);border-radius:6px;padding:.7rem}
figure h3{font-size:1rem;margin:0 0 .4rem}
svg{width:100%;height:auto;display:block}
a{color:#0b5cad}
@media print{body{background:#fff}tr{break-inside:avoid}}
@media (max-width:520px){main{padding:.6rem}.wide.cards{overflow-x:visible}
.cards thead{display:none}.cards td,.cards th{display:block;text-align:left!important;
padding:.15rem .7rem;border:0!important}
.cards td[data-name]{display:inline-block}
.cards td[data-name]:before{content:attr(data-name) ": ";color:var(--soft)}
.cards tr:first-child th{padding-top:.5rem}.cards tr:last-child td:last-child{padding-bottom:.5rem}
.cards tbody+tbody{border-top:1px solid var(--line)}
.cards tbody{display:block}.cards tr{display:block}.cards table{display:block}}
""".strip()


def text(value: object) -> str:
    """Any value as text that is safe in HTML, attributes included."""
    return _escape(str(value), quote=True)


def page(title: str, body: Iterable[str]) -> str:
    """A whole HTML document; ``body`` is HTML, ``title`` is not."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{text(title)}</title>",
            f"<style>{CSS}</style>",
            "</head>",
            "<body>",
            "<main>",
            *(part for part in body if part),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def box(tone: str, headline: str, sentences: Iterable[str]) -> str:
    """A coloured verdict with its sentences."""
    lines = "".join(f"<p>{text(s)}</p>" for s in sentences if s)
    return f'<div class="box {tone}"><strong>{text(headline)}</strong>{lines}</div>'


def tag(tone: str, words: str) -> str:
    """A small coloured word."""
    return f'<span class="tag {tone}">{text(words)}</span>'


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """A list of names and values; pairs with the value ``None`` or empty are left out."""
    items = "".join(
        f"<dt>{text(name)}</dt><dd>{text(value)}</dd>"
        for name, value in pairs
        if value not in (None, "")
    )
    return f"<dl>{items}</dl>" if items else ""


def table(head: Sequence[str], bodies: Iterable[str], *, numbers: frozenset[int]) -> str:
    """A table that becomes a list of cards on a phone; ``bodies`` are ``<tbody>`` elements."""
    cells = "".join(
        f'<th scope="col"{" class=n" if k in numbers else ""}>{text(name)}</th>'
        for k, name in enumerate(head)
    )
    rows = "".join(bodies)
    return f'<div class="wide cards"><table><thead><tr>{cells}</tr></thead>{rows}</table></div>'


def plot(heading: str, picture: str, caption: str) -> str:
    """A figure: heading, SVG, and a caption that says how to read it."""
    return (
        f"<figure><h3>{text(heading)}</h3>{picture}"
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )
