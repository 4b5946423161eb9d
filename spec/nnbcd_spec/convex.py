"""Exact minimisation of a strictly convex quadratic plus weighted atoms.

On a choice of one face an atom the problem is a quadratic under linear equations: one linear system
over the rationals.  Its solution is the minimiser if every atom finds it optimal (the
subdifferential of the sum holds 0), which is decided exactly.  The choices are tried by following
the atoms' own suggestions, and all of them where that runs in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from sympy import QQ

from nnbcd_spec.atoms import Atom, Form, Point
from nnbcd_spec.quadratic import connected, solve_regular, solve_semidefinite

Faces = tuple[Any, ...]


def minimise_atoms(quadratic: Form, atoms: Sequence[tuple[Any, Atom]], count: int) -> list[Any]:
    """The minimiser of ``quadratic + sum of weight * atom`` over ``count`` variables, over ``QQ``.

    Unique.  Variables that nothing connects are solved apart.  Raises ValueError where a weight
    is negative or the quadratic is not strictly convex.
    """
    if any(weight < 0 for weight, _ in atoms):
        raise ValueError("the loss enters with a negative weight: the problem is not convex")
    live = [(weight, atom, _variables(atom)) for weight, atom in atoms if weight]
    links = [set(indices) for indices, _ in quadratic.terms] + [read for *_, read in live]
    x: dict[int, Any] = {}
    for component in connected(count, links):
        inside = set(component)
        own = Form(tuple(t for t in quadratic.terms if t[0] and set(t[0]) <= inside))
        here = [(weight, atom) for weight, atom, read in live if read <= inside]
        x |= _component(own, here, component)
    return [x[i] for i in range(count)]


def _component(
    quadratic: Form, atoms: list[tuple[Any, Atom]], component: list[int]
) -> dict[int, Any]:
    hessian, slope = system([quadratic], component)
    (start,), definite = solve_semidefinite(hessian, [[-g for g in slope]])
    if not definite:
        raise ValueError("V's objective is not strictly convex but for the loss")
    x: Point = dict(zip(component, start, strict=True))
    for faces in _tries(quadratic, atoms, component, x):
        solved = stationary(quadratic, atoms, faces, component)
        if solved is not None and _better(atoms, faces, *solved) == faces:
            return dict(solved[0])
    raise ValueError("no stationary point is optimal: the loss is not convex")


def _tries(
    quadratic: Form, atoms: list[tuple[Any, Atom]], component: list[int], x: Point
) -> Iterable[Faces]:
    """The atoms' suggestions from ``x`` on until they repeat, then every choice of faces."""
    faces: Faces = tuple(atom.start(x) for _, atom in atoms)
    seen: set[Faces] = set()
    while faces not in seen:
        yield faces
        seen.add(faces)
        solved = stationary(quadratic, atoms, faces, component)
        if solved is not None:
            faces = _better(atoms, faces, *solved)
    yield from product(*(atom.faces() for _, atom in atoms))


def _better(
    atoms: list[tuple[Any, Atom]], faces: Faces, x: Point, multipliers: list[list[Any]]
) -> Faces:
    return tuple(
        atom.next(face, x, [m / weight for m in own])
        for (weight, atom), face, own in zip(atoms, faces, multipliers, strict=True)
    )


def stationary(
    quadratic: Form, atoms: Sequence[tuple[Any, Atom]], faces: Faces, component: list[int]
) -> tuple[dict[int, Any], list[list[Any]]] | None:
    """The stationary point on a choice of faces, and each atom's multipliers; None if singular."""
    chosen = [atom.on(face) for (_, atom), face in zip(atoms, faces, strict=True)]
    forms = [f.times(weight) for (weight, _), (f, _) in zip(atoms, chosen, strict=True)]
    equations = [[g for _, equal in chosen for g in equal]]
    hessian, slope = system([quadratic, *forms], component)
    rows = [system([g], component)[1] for g in equations[0]]
    matrix = [[*h, *(row[i] for row in rows)] for i, h in enumerate(hessian)]
    matrix += [[*row, *[QQ(0)] * len(rows)] for row in rows]
    constants = [sum((f for i, f in g.terms if not i), QQ(0)) for g in equations[0]]
    solution = solve_regular(matrix, [-g for g in slope] + [-c for c in constants])
    if solution is None:
        return None
    rest = iter(solution[len(component) :])
    multipliers = [[next(rest) for _ in equal] for _, equal in chosen]
    return dict(zip(component, solution, strict=False)), multipliers


def system(forms: Sequence[Form], component: list[int]) -> tuple[list[list[Any]], list[Any]]:
    """Hessian and slope at 0 of a sum of forms, on the variables of ``component``."""
    place = {variable: k for k, variable in enumerate(component)}
    hessian = [[QQ(0)] * len(component) for _ in component]
    slope = [QQ(0)] * len(component)
    for form in forms:
        for indices, factor in form.terms:
            if len(indices) == 1:
                slope[place[indices[0]]] += factor
            elif indices:
                i, j = (place[variable] for variable in indices)
                hessian[i][j] += factor
                hessian[j][i] += factor
    return hessian, slope


def _variables(atom: Atom) -> set[int]:
    return set().union(*(f.variables() for f in atom.functions_used()))
