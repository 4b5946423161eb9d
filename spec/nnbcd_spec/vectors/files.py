"""The files of vectors: made from the plans, written, and compared with what stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.compressions import COMPRESSIONS
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.vectors import activated, compress, outputs, plain
from nnbcd_spec.vectors.answer import answer
from nnbcd_spec.vectors.canonical import canonical
from nnbcd_spec.vectors.case import Case, Vector
from nnbcd_spec.vectors.draw import Draw
from nnbcd_spec.vectors.notes import FLAGS
from nnbcd_spec.vectors.recipe import Plan, Recipe

NO_BLOCK = ("none", "support")
"""Kinds without a Z block."""
SCHEMA, VERSION = "nnbcd-vectors", 1
SUMS = "SHA256SUMS"
PATIENCE = 400
"""Draws for one vector, at most."""


def plans() -> list[Plan]:
    """Every file's plan, in the order of the registries."""
    return [
        *plain.plans(),
        *map(outputs.plan, LOSSES),
        *map(activated.plan, ACTIVATIONS),
        *(compress.plan(kind) for kind in COMPRESSIONS if kind not in NO_BLOCK),
    ]


def text(plan: Plan) -> str:
    """One file: its head, then one vector a line."""
    vectors = list(made(plan))
    flags = sorted({flag for vector in vectors for flag in vector["flags"]})
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "block": plan.block,
        "member": plan.kind or None,
        "notes": {flag: FLAGS[flag] for flag in flags},
    }
    start = json.dumps(head, indent=1)[:-2]
    lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
    return f'{start},\n "vectors": [\n{lines}\n]}}\n'


def made(plan: Plan) -> Iterator[dict[str, Any]]:
    """The vectors of a plan as JSON objects, no two alike up to scaling."""
    seen: set[tuple[Any, ...]] = set()
    number = 0
    for at, recipe in enumerate(plan.recipes):
        draw = Draw(f"{plan.name}/{at}/{recipe.flag}/{recipe.result}")
        for _ in range(recipe.count):
            number += 1
            obj = _next(plan, recipe, draw, f"{plan.name}-{number:04d}", seen)
            seen.add(canonical(obj))
            yield obj


def _next(
    plan: Plan, recipe: Recipe, draw: Draw, name: str, seen: set[tuple[Any, ...]]
) -> dict[str, Any]:
    """The first draw that the recipe accepts and that is new."""
    for _ in range(PATIENCE):
        vector = _vector(plan, recipe, draw)
        if vector is None:
            continue
        obj = vector.to_json(name)
        if canonical(obj) not in seen:
            return obj
    raise ValueError(f"{plan.name}: no new case for {recipe.flag!r} in {PATIENCE} draws")


def _vector(plan: Plan, recipe: Recipe, draw: Draw) -> Vector | None:
    if recipe.refusal is not None:
        case = recipe.make(draw)
        require_refused(case)
        return Vector(case, plan.source, refusal=recipe.refusal)
    try:
        case = recipe.make(draw)
        found = answer(case)
    except ValueError:  # outside the recipe's reach: drawn again
        return None
    vector = Vector(case, plan.source, answer=found)
    wanted = vector.result == recipe.result and recipe.accept(case, found)
    return vector if wanted else None


def require_refused(case: Case) -> None:
    """Raise AssertionError where the specification accepts a case that must be refused."""
    try:
        answer(case)
    except ValueError:
        return
    raise AssertionError(f"the specification accepts what must be refused: {case}")


def texts() -> Iterator[tuple[str, str]]:
    """Every file's name and content; last the SHA-256 of the others, as ``sha256sum`` writes it."""
    sums = []
    for plan in plans():
        name, content = f"{plan.name}.json", text(plan)
        sums.append(f"{hashlib.sha256(content.encode()).hexdigest()}  {name}\n")
        yield name, content
    yield SUMS, "".join(sorted(sums, key=lambda line: line[66:]))


def write(folder: Path) -> int:
    """Write every file into ``folder``, remove others there, and return how many were written."""
    folder.mkdir(parents=True, exist_ok=True)
    made_now = dict(texts())
    for stale in sorted({p.name for p in folder.iterdir()} - set(made_now)):
        (folder / stale).unlink()
    for name, content in made_now.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return len(made_now)


def difference(folder: Path) -> str | None:
    """The first difference between ``folder`` and what is generated, in one line, or ``None``."""
    names = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
    for name, right in texts():
        if name not in names:
            return f"{name}: missing"
        names.remove(name)
        stands = (folder / name).read_text(encoding="utf-8")
        if stands != right:
            return f"{name}: {_first_line(stands, right)}"
    return f"{min(names)}: not generated" if names else None


def _first_line(stands: str, right: str) -> str:
    old, new = stands.split("\n"), right.split("\n")
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
              min(len(old), len(new)))  # fmt: skip
    given, expected = (lines[at] if at < len(lines) else "(end)" for lines in (old, new))
    where = next((i for i, (a, b) in enumerate(zip(given, expected, strict=False)) if a != b), 0)
    start = max(0, where - 40)
    return (
        f"line {at + 1}: given ...{given[start : where + 40]!r}; "
        f"generated ...{expected[start : where + 40]!r}"
    )
