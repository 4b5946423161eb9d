"""What the certificate says, in words for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nnbcd.report.read import Record, mapping, number, records

Tone = Literal["good", "bad", "open"]
VERDICTS: dict[str, tuple[str, Tone]] = {
    "certified": ("certified", "good"),
    "refuted": ("refuted", "bad"),
    "not_checkable": ("not checkable", "open"),
}


@dataclass(frozen=True)
class Verdict:
    """The headline of a report and the sentences below it."""

    tone: Tone
    headline: str
    sentences: tuple[str, ...]


def overall(certificate: Record | None) -> Verdict:
    """The verdict on a run: a refuted claim outweighs whatever else the file says."""
    if certificate is None:
        return Verdict("open", "Not judged", ("The auditor has not judged this run.",))
    claims = records(certificate.get("claims"))
    refuted = [claim for claim in claims if claim.get("verdict") == "refuted"]
    proved = [claim for claim in claims if claim.get("verdict") == "certified"]
    if refuted:
        return Verdict("bad", "Refuted", tuple(sentence(claim) for claim in refuted))
    names = ", ".join(title(claim) for claim in proved)
    held = f"These claims hold on every sweep judged: {names}." if names else ""
    if certificate.get("certified") is True:
        return Verdict("good", "Certified", (held,))
    unjudged = tuple(sentence(claim) for claim in claims if claim not in proved)
    if proved:
        return Verdict("open", "Certified in part", (held, *unjudged))
    return Verdict("open", "Could not be judged", unjudged or ("No claim was judged.",))


def sentence(claim: Record) -> str:
    """One claim's verdict with where and why."""
    place = where(claim.get("where"))
    words, _ = VERDICTS.get(str(claim.get("verdict")), (str(claim.get("verdict")), "open"))
    why = str(claim.get("why") or "no reason given").rstrip(".")
    return f"{title(claim)}: {words}{' at ' + place if place else ''}: {why}."


def title(claim: Record) -> str:
    """``sufficient_decrease`` as ``sufficient decrease``."""
    return str(claim.get("claim", "unnamed claim")).replace("_", " ")


def where(place: Any) -> str:
    """``{"sweep": 3, "block": "W2"}`` as ``sweep 3, block W2``."""
    parts = mapping(place)
    return ", ".join(f"{key} {value}" for key, value in parts.items() if value is not None)


def spans(value: Any) -> str:
    """``[[1, 10], [20, 20]]`` as ``1–10, 20``; text and numbers as they stand."""
    if not isinstance(value, list):
        return "" if value is None else str(value)
    return ", ".join(
        (f"{v[0]}–{v[1]}" if v[0] != v[1] else str(v[0]))
        if isinstance(v, list) and len(v) == 2
        else str(v)
        for v in value
    )


def figure(value: Any, digits: int = 3) -> str:
    """A number for a table: ``-`` where there is none."""
    x = number(value)
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0 or 1e-3 <= abs(x) < 1e5:
        return f"{x:.{digits + 1}g}".replace("-", "−")
    return f"{x:.{digits - 1}e}".replace("-", "−")


def percent(value: Any) -> str:
    """A fraction as a percentage."""
    x = number(value)
    return f"{100 * x:.3g}%" if math.isfinite(x) else "–"


def score(run: Mapping[str, Any], key: str) -> str:
    """An accuracy as a percentage, an R^2 as a number."""
    value = number(run.get(key))
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if run.get("metric") == "r2" else f"{100 * value:.1f}%"


def seconds(value: Any) -> str:
    """A duration."""
    x = number(value)
    if not math.isfinite(x):
        return "–"
    return f"{x:.1f} s" if x < 120 else f"{x / 60:.1f} min"
