"""The one exception of the auditor."""

from __future__ import annotations


class TraceError(ValueError):
    """Bad input: says what is wrong and where, in the terms of the trace format."""
