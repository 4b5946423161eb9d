"""Conformance vectors: questions to the block updates with exact answers, as JSON.

``python -m nnbcd_spec.vectors FOLDER`` writes them, ``--check`` compares.  The format is
docs/VECTORS.md.  Everything follows from the registries, the sample members and fixed seeds.
"""

from nnbcd_spec.vectors.files import difference, plans, text, write

__all__ = ["difference", "plans", "text", "write"]
