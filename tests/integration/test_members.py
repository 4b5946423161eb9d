"""The table of members is what the registries say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from nnbcd_checks.vectors import load

SCRIPT = Path(__file__).parents[2] / "docs" / "members.py"


def script():
    found = importlib.util.spec_from_file_location("members", SCRIPT)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_committed_table_is_as_generated():
    members = script()
    assert members.TABLE.read_text(encoding="utf-8") == members.page(), "run nox -s members"


def test_a_member_that_disappears_changes_the_table():
    members = script()
    before, registry = members.page(), members.nnbcd.activations.ACTIVATIONS
    whole = dict(registry)
    try:
        del registry["relu"]
        changed = members.page()
    finally:  # in the order it had
        registry.clear()
        registry.update(whole)
    assert changed != before
    (line,) = [x for x in changed.splitlines() if x.startswith("| `relu` |")]
    assert "not yet" in line


def test_the_readme_counts_the_vectors():
    readme = (SCRIPT.parents[1] / "README.md").read_text(encoding="utf-8")
    (given,) = re.findall(r"VECTORS.md\), ([0-9,]+) of them", readme)
    assert int(given.replace(",", "")) == sum(len(file.vectors) for file in load())
