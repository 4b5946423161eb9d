"""The vector in docs/VECTORS.md is one of the committed ones."""

from __future__ import annotations

import json
from pathlib import Path

from nnbcd_checks.vectors import load


def test_the_worked_vector_is_committed():
    text = (Path(__file__).parents[2] / "docs" / "VECTORS.md").read_text(encoding="utf-8")
    start = text.index("    {")
    shown = json.loads(text[start : text.index("\n\n", start)])
    (real,) = [v for f in load() for v in f.vectors if v["id"] == shown["id"]]
    assert shown | {"source": real["source"]} == real
