"""A member's entry of facts, whether or not its family states them yet."""

from __future__ import annotations

from typing import Any

from nnbcd_spec.facts import Facts

UNSTATED = Facts(constant=None, source="Li et al., arXiv 2303.06815, Algorithm 1", targets="any")
"""What is assumed of a member without an entry: no ties to look for, any targets."""


def facts_of(member: Any) -> Facts:
    """The ``facts`` of a member's class, or :data:`UNSTATED`."""
    stated = getattr(member, "facts", UNSTATED)
    assert isinstance(stated, Facts)
    return stated
