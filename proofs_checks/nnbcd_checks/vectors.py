"""Conformance vectors: files of questions to the block updates with exact answers.

The format is docs/VECTORS.md, its definition the schema ``vectors``.  Nothing is computed here:
a vector is data, and this is its reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from nnbcd_checks.errors import TraceError
from nnbcd_checks.schema import parse_json, validate

FOLDER = "vectors"
NOT_FINITE = ("nan", "inf", "-inf")
APART = ("v_prev", "w_next", "y")
"""Operands that scale by themselves; all others of a vector scale together."""


@dataclass(frozen=True)
class VectorFile:
    """One file: ``block``, ``member`` (``None`` for the plain blocks), notes and vectors."""

    name: str
    block: str
    member: str | None
    notes: Mapping[str, str]
    vectors: tuple[Mapping[str, Any], ...]
    digest: str
    """SHA-256 of the file's bytes."""


def default_folder() -> Path:
    """The folder shipped with the package."""
    return Path(str(resources.files("nnbcd_checks") / FOLDER))


@cache
def load(folder: Path | None = None) -> tuple[VectorFile, ...]:
    """Every file of the folder, validated, by name; read once in a process.

    Raises TraceError with the file, the key, what was given and what is allowed.
    """
    paths = sorted((folder or default_folder()).glob("*.json"))
    if not paths:
        raise TraceError(f"{folder or default_folder()}: no vector files; allowed: at least one")
    files = tuple(read(path) for path in paths)
    ids = [vector["id"] for file in files for vector in file.vectors]
    twice = {i for i in ids if ids.count(i) > 1} if len(set(ids)) < len(ids) else set()
    if twice:
        raise TraceError(f"id: given {min(twice)!r} more than once; allowed: once")
    return files


def read(path: Path) -> VectorFile:
    """One validated file; TraceError as :func:`load`."""
    raw = path.read_bytes()
    obj = parse_json(raw.decode("utf-8"), path.name)
    validate(obj, "vectors", path.name)
    for vector in obj["vectors"]:
        _consistent(obj, vector, f"{path.name}: {vector['id']}")
    return VectorFile(
        path.name, obj["block"], obj["member"], obj["notes"], tuple(obj["vectors"]),
        hashlib.sha256(raw).hexdigest(),
    )  # fmt: skip


def _consistent(file: Mapping[str, Any], vector: Mapping[str, Any], where: str) -> None:
    """What the schema cannot say: TraceError where keys disagree with one another."""
    given, allowed = vector["block"], file["block"]
    if given != allowed:
        raise TraceError(f"{where}: block: given {given!r}; allowed: the file's {allowed!r}")
    if vector["member"].get("kind") != file["member"]:
        raise TraceError(f"{where}: member: allowed: the file's {file['member']!r}")
    unexplained = set(vector["flags"]) - set(file["notes"])
    if unexplained:
        raise TraceError(f"{where}: flags: {sorted(unexplained)} have no note")
    every = vector.get("minimisers", "continuum")
    if every != "continuum" and vector["outputs"] not in every:
        raise TraceError(f"{where}: outputs: not among the minimisers")


def number(text: str) -> Fraction:
    """A finite number of a vector, exactly as written."""
    return Fraction(text)


def is_finite(text: Any) -> bool:
    """Whether an operand's leaf is a number, and neither absent nor refused."""
    return text is not None and text not in NOT_FINITE


def leaves(nested: Any) -> Iterator[Any]:
    """The leaves of nested lists, row-major."""
    if isinstance(nested, list):
        for entry in nested:
            yield from leaves(entry)
    else:
        yield nested


def fits(vector: Mapping[str, Any], bits: int) -> bool:
    """Whether every operand is a binary number of at most ``bits`` significant bits."""
    parts = [vector["inputs"], vector["penalties"], _parameters(vector["member"])]
    texts = [x for part in parts for x in leaves(list(part.values())) if is_finite(x)]
    return all(_is_binary(number(x), bits) for x in texts)


def _parameters(member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [x for x in leaves(value) if not _is_name(x)]
        for key, value in member.items()
        if key != "kind"
    }


def _is_name(x: Any) -> bool:
    return isinstance(x, str) and not x.lstrip("-")[:1].isdigit()


def _is_binary(x: Fraction, bits: int) -> bool:
    n, d = abs(x.numerator), x.denominator
    return not d & (d - 1) and n // (n & -n or 1) < 2**bits


def canonical(vector: Mapping[str, Any]) -> tuple[Any, ...]:
    """What remains of a vector's question when scale is divided out.

    Penalties are divided by their first that is not 0; the operands in :data:`APART` each, and
    the others together, by their largest magnitude.
    """
    inputs = vector["inputs"]
    groups = [{k: inputs[k]} for k in APART if k in inputs]
    groups.append({k: x for k, x in inputs.items() if k not in APART})
    sizes = [[abs(number(x)) for x in leaves(list(g.values())) if is_finite(x)] for g in groups]
    weights = [number(x) for x in vector["penalties"].values() if is_finite(x)]
    return (
        vector["block"], repr(vector["member"]), repr(vector.get("refused")),
        _divided(vector["penalties"], next((w for w in weights if w), Fraction(1))),
        *(_divided(g, max(s, default=Fraction(0))) for g, s in zip(groups, sizes, strict=True)),
    )  # fmt: skip


def _divided(named: Mapping[str, Any], unit: Fraction) -> str:
    def over(x: Any) -> Any:
        if isinstance(x, list):
            return [over(entry) for entry in x]
        return str(number(x) / unit) if is_finite(x) and unit else x

    return repr({name: over(x) for name, x in named.items()})
