"""The blocks' identities, for every size: the shipped updates run on words.

Each solve ``x H = rhs`` that an update asks for is answered by an unknown; what is proved holds
for any answer, exact or not, with its residual R.  f is the part of the objective that the block
moves, written here from docs/TRACE.md; ``<a, b> = tr(a^T b)``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from nnbcd_checks.proofs.forms import Mutant, changed
from nnbcd_checks.proofs.penalties import unknowns
from nnbcd_checks.proofs.tensors import Joined, Matrix, Torch, Vector, ones
from nnbcd_checks.proofs.words import Trace, Words, identity, inner, letter, square

SHIPPED = {
    "blocks": ("blocks.py", ("update_u_out", "update_v", "update_w", "augmented_gram")),
    "mean": ("scalar/mean.py", ("weighted_mean",)),
    "walk": ("scalar/piecewise.py", ("piecewise_prox",)),
    "train": ("compressions/train.py", ("update", "_right_parts", "_expand3")),
}
"""Where the updates stand in the solver, and which of its functions are run."""


@dataclass(frozen=True)
class Solve:
    """What an update asked to be solved: ``answer h = rhs``; ``floor`` bounds h from below."""

    h: Any
    rhs: Any
    floor: Any
    answer: Any


class Updates:
    """The shipped functions of one file on words, as shipped or with one change in the source."""

    def __init__(self, file: str, mutant: Mutant | None = None) -> None:
        text = shipped_text(file)
        if mutant is not None and mutant.file == file:
            text = changed(text, mutant)
        self.solves: list[Solve] = []
        names: dict[str, Any] = {
            "torch": Torch(), "solve_right": self._solve_right, "increment": self._increment,
            "_candidate": _noted_candidate, "choose": _noted_choice,
        }  # fmt: skip
        # Annotations stay text, so that no name of the tensor library is looked up.
        exec(compile("from __future__ import annotations\n" + text, file, "exec"), names)
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return self._names[name]

    def _solve_right(self, h: Any, rhs: Any, *, floor: Any) -> Any:
        answer: Any
        if isinstance(rhs, Joined):
            answer = Joined(_like("S", rhs.matrix), _like("s", rhs.column))
        else:
            answer = Matrix(_like("S", rhs.words))
        self.solves.append(Solve(h, rhs, floor, answer))
        return answer

    def _increment(self, descent: Matrix, grams: Sequence[Any], *, tau: Any, alpha_z: Any) -> Any:
        answer = Matrix(_like(f"D{len(self.solves) + 1}", descent.words))
        self.solves.append(Solve(grams, descent, (tau, alpha_z), answer))
        return answer


def shipped_text(file: str) -> str:
    """The functions that are run, cut out of the installed source."""
    path, names = SHIPPED[file]
    text = resources.files("nnbcd").joinpath(path).read_text("utf-8")
    found = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    return "\n\n".join(ast.get_source_segment(text, found[name]) or "" for name in names)


PENALTIES = "gamma rho tau alpha alpha_z mu"
Found = tuple[str, str, bool]
"""An equation: its name, its words, and whether both sides are equal."""


def _like(name: str, words: Words) -> Words:
    return letter(name, words.rows, words.cols)


def _same(left: Trace | Words, right: Trace | Words) -> bool:
    difference: Any = left - right  # type: ignore[operator]  # both of one kind
    return bool(difference.zero)


# -- V_i and U_N ---------------------------------------------------------------------------------


def _hidden_v(mutant: Mutant | None) -> Iterator[Found]:
    gamma, rho, *_ = unknowns(PENALTIES)
    s, u, w = letter("S_U", "n", "p"), letter("U", "n", "d"), letter("W", "d", "p")
    b, v0 = letter("b", "d", "1"), letter("V0", "n", "p")
    run = Updates("blocks", mutant)
    v1 = run.update_v(Matrix(s), Matrix(u), Matrix(w), Vector(b), gamma=gamma, rho=rho).words
    (solve,) = run.solves
    h, rhs = solve.h.words, solve.rhs.words
    step, rest = v1 - v0, v1 @ h - rhs

    def f(v: Words) -> Any:
        through = u - v @ w.mT - ones("n") @ b.mT
        return gamma * square(v - s) / 2 + rho * square(through) / 2

    yield (
        "decrease",
        "f(V0) - f(V1) = gamma/2 ||D||^2 + rho/2 ||D W^T||^2 - <R, D>, D = V1 - V0, R = V1 H - rhs",
        _same(
            f(v0) - f(v1),
            gamma * square(step) / 2 + rho * square(step @ w.mT) / 2 - inner(rest, step),
        ),
    )
    yield "taken", "V1 is the answer of the solve", _same(v1, solve.answer.words)
    yield (
        "floor",
        "<D, D H> = floor ||D||^2 + rho ||D W^T||^2: the floor of the solve is one",
        _same(inner(step, step @ h), solve.floor * square(step) + rho * square(step @ w.mT)),
    )


def _last_u(mutant: Mutant | None) -> Iterator[Found]:
    gamma, rho, *_ = unknowns(PENALTIES)
    v, pre, step = (letter(name, "n", "d") for name in ("V", "P", "D"))
    u = Updates("blocks", mutant).update_u_out(Matrix(v), Matrix(pre), gamma=gamma, rho=rho).words

    def f(x: Words) -> Any:
        return gamma * square(v - x) / 2 + rho * square(x - pre) / 2

    yield (
        "decrease",
        "f(U + D) - f(U) = (gamma + rho)/2 ||D||^2 for every D: U is the minimiser",
        _same(f(u + step) - f(u), (gamma + rho) * square(step) / 2),
    )


# -- (W, b) --------------------------------------------------------------------------------------


def _joint_w(mutant: Mutant | None) -> Iterator[Found]:
    for compressed in (True, False):
        for ready in (False, True):
            tag = f"{'with' if compressed else 'no'}-target{'-ready' if ready else ''}"
            yield from _weights(mutant, tag, compressed=compressed, ready=ready)


def _weights(mutant: Mutant | None, tag: str, *, compressed: bool, ready: bool) -> Iterator[Found]:
    _, rho, tau, alpha, _, mu = unknowns(PENALTIES)
    u, v, w0 = letter("U", "n", "d"), letter("V", "n", "p"), letter("W0", "d", "p")
    b0, c = letter("b0", "d", "1"), letter("C", "d", "p")
    run = Updates("blocks", mutant)
    found = run.update_w(
        Matrix(w0), Vector(b0), Matrix(u), Matrix(v), Matrix(c) if compressed else None,
        rho=rho, tau=tau, alpha=alpha, mu=mu,
        pre=Matrix(v @ w0.mT + ones("n") @ b0.mT) if ready else None,
        gram=run.augmented_gram(Matrix(v)) if ready else None,
    )  # fmt: skip
    w1, b1 = found[0].words, found[1].column
    (solve,) = run.solves
    weight = tau if compressed else 0
    step = Joined(w1 - w0, b1 - b0)
    moved = step.times(solve.h)
    # The gradient, with the proximal term, where the step ends.
    rest = Joined(moved.matrix + solve.rhs.matrix, moved.column + solve.rhs.column)

    def f(w: Words, b: Words) -> Any:
        through = u - v @ w.mT - ones("n") @ b.mT
        apart = weight * square(w - c) / 2
        return rho * square(through) / 2 + apart + mu * (square(w) + square(b)) / 2

    size = square(step.matrix) + square(step.column)
    bent = rho * square(v @ step.matrix.mT + ones("n") @ step.column.mT)
    bent = bent + weight * square(step.matrix)
    off = inner(rest.matrix, step.matrix) + inner(rest.column, step.column)
    yield (
        f"decrease-{tag}",
        "f(W0, b0) - f(W1, b1) = (alpha + mu/2) ||D||^2 + rho/2 ||V D_W^T + 1 D_b^T||^2 "
        "+ tau/2 ||D_W||^2 - <R, D>",
        _same(f(w0, b0) - f(w1, b1), alpha * size + mu * size / 2 + bent / 2 - off),
    )
    taken = solve.answer
    yield (
        f"taken-{tag}",
        "the step taken is the answer of the solve, downwards",
        (step.matrix + taken.matrix).zero and (step.column + taken.column).zero,
    )
    held = inner(step.matrix, moved.matrix) + inner(step.column, moved.column)
    yield (
        f"floor-{tag}",
        "<D, D H> = floor ||D||^2 + rho ||V D_W^T + 1 D_b^T||^2 + tau ||D_W||^2",
        _same(held, solve.floor * size + bent),
    )


# -- Z -------------------------------------------------------------------------------------------


def _set_z(mutant: Mutant | None) -> Iterator[Found]:
    _, _, tau, _, alpha_z, _ = unknowns(PENALTIES)
    w, z0, z = (letter(name, "d", "p") for name in ("W", "Z0", "Z"))
    run = Updates("mean", mutant)
    m = run.weighted_mean(Matrix(w), Matrix(z0), weight=tau, prox=alpha_z).words

    def f(x: Words) -> Any:
        return tau * square(w - x) / 2 + alpha_z * square(x - z0) / 2

    yield (
        "square",
        "f(Z) = (tau + alpha_z)/2 ||Z - M||^2 + f(M): f is least in a set where Z is nearest to M",
        _same(f(z), (tau + alpha_z) * square(z - m) / 2 + f(m)),
    )
    bare = run.weighted_mean(Matrix(w), Matrix(z0), weight=tau, prox=0).words
    yield "bare", "without a proximal term M = W", _same(bare, w)


def _core(mutant: Mutant | None) -> Iterator[Found]:
    for count in (1, 2, 3, 4, 5):
        yield from _train(mutant, count)


def _train(mutant: Mutant | None, count: int) -> Iterator[Found]:
    _, _, tau, _, alpha_z, _ = unknowns(PENALTIES)
    sides = ["m", *(f"r{j}" for j in range(1, count)), "k"]
    w = letter("W", "m", "k")
    cores = tuple(letter(f"G{j + 1}", sides[j], sides[j + 1]) for j in range(count))
    run = Updates("train", mutant)
    new = run.update(
        tuple(Matrix(core, end="k") for core in cores), Matrix(w, end="m"), tau=tau, alpha_z=alpha_z
    )
    yield f"cores-{count}", "every core has its solve", len(run.solves) == len(new) == count
    for j, (solve, core) in enumerate(zip(run.solves, cores, strict=False)):
        left, right = identity("m"), identity("k")
        for before in new[:j]:
            left = left @ before.words
        for after in reversed(cores[j + 1 :]):
            right = after @ right
        step, (first, middle, last) = solve.answer.words, solve.h
        bent = first.words @ step @ last.words
        rest = solve.floor[0] * bent + solve.floor[1] * step - solve.rhs.words
        yield (
            f"decrease-{j + 1}-of-{count}",
            "f(G) - f(G + D) = alpha_z ||D||^2 + tau/2 ||L D R||^2 - <R', D> for every slice, "
            "L the new cores before, R the old ones after; the modes' axis is not mixed",
            middle is None
            and _same(
                tau * square(w - left @ core @ right) / 2
                - tau * square(w - left @ (core + step) @ right) / 2,
                alpha_z * square(step) + tau * square(left @ step @ right) / 2 - inner(rest, step),
            ),
        )
        yield f"step-{j + 1}-of-{count}", "the new core is G + D", _same(new[j].words, core + step)


def _noted_candidate(*given: Any, **named: Any) -> Any:
    return "candidate", given, tuple(sorted(named.items(), key=lambda pair: pair[0]))


def _noted_choice(found: Sequence[Any], *given: Any, **named: Any) -> Any:
    return "choice", tuple(found), given, tuple(named.items())


def _walk(mutant: Mutant | None) -> Iterator[Found]:
    run = Updates("walk", mutant)
    for count in range(1, 6):
        v, m, old, gamma, beta, ops = (object() for _ in range(6))
        pieces = tuple(object() for _ in range(count))
        found = run.piecewise_prox(v, m, old, gamma=gamma, beta=beta, pieces=pieces, ops=ops)
        own = {"gamma": gamma, "beta": beta, "ops": ops}
        candidates = [_noted_candidate(v, m, piece, **own) for piece in pieces]
        yield (
            f"pieces-{count}",
            "every piece's candidate, in order, and the old value go into the choice",
            found == _noted_choice(candidates, old, ops=ops),
        )


Builder = Callable[[Mutant | None], Iterator[Found]]
BUILDERS: dict[str, Builder] = {
    "v-step": _hidden_v,
    "u-out-step": _last_u,
    "w-step": _joint_w,
    "z-square": _set_z,
    "core-step": _core,
    "walk": _walk,
}
RUNS = {
    "v-step": "blocks", "u-out-step": "blocks", "w-step": "blocks",
    "z-square": "mean", "core-step": "train", "walk": "walk",
}  # fmt: skip
"""The shipped file that a claim is about."""
