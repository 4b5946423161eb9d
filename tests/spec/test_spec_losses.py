"""V_N for every loss: against its definition, at kinks and scales, with weights, under symmetry."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from nnbcd_spec import LOSSES, STANDARD, blocks
from nnbcd_spec.exact import exact, to_fraction
from nnbcd_spec.objective import square
from nnbcd_spec.values import v_out_value

MEMBERS = {
    kind: LOSSES.from_json({"kind": kind, **({"delta": 0.5} if kind == "huber" else {})})
    for kind in LOSSES
}
SMOOTH = ("logistic", "cross_entropy")
Source = random.Random
sources = st.randoms(use_true_random=False)


def others(v: Any, y: Any) -> list[Any]:
    c = list(y).index(1)
    return [1 + v[k] - v[c] for k in range(len(v)) if k != c]


# The definitions, written out once more, in floats.
DEFINITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "squared": lambda v, y: sum((a - b) ** 2 for a, b in zip(v, y, strict=True)) / 2,
    "huber": lambda v, y: sum(
        r * r / 2 if abs(r) <= 0.5 else abs(r) / 2 - 0.125 for r in np.subtract(v, y)
    ),
    "binary_hinge": lambda v, y: sum(max(0.0, 1 - a * b) for a, b in zip(v, y, strict=True)),
    "logistic": lambda v, y: sum(np.logaddexp(0, -a * b) for a, b in zip(v, y, strict=True)),
    "weston_watkins": lambda v, y: sum(max(0, e) for e in others(v, y)),
    "crammer_singer": lambda v, y: max(0, *others(v, y)),
    "squared_hinge": lambda v, y: sum(
        max(0, 1 - a) ** 2 / 2 if b == 1 else max(0, a) ** 2 / 2 for a, b in zip(v, y, strict=True)
    ),
    "cross_entropy": lambda v, y: np.logaddexp.reduce(v) - v[list(y).index(1)],
}


def numbers(source: Source, *shape: int) -> Any:
    size = int(np.prod(shape))
    entries = [Fraction(source.randint(-8, 8), source.randint(1, 4)) for _ in range(size)]
    return np.array(entries, dtype=object).reshape(shape)


def targets(kind: str, source: Source, n: int, d: int) -> Any:
    allowed = MEMBERS[kind].facts.targets
    pairs = {"signs": [-1, 1], "zero-one": [0, 1]}
    if allowed in pairs:
        return np.array(
            [[source.choice(pairs[allowed]) for _ in range(d)] for _ in range(n)], dtype=object
        )
    if allowed == "one-hot":
        return np.eye(d, dtype=int)[[source.randrange(d) for _ in range(n)]].astype(object)
    return numbers(source, n, d)


def negated(a: Any) -> Any:
    return np.vectorize(lambda x: -to_fraction(x), otypes=[object])(a)


def largest_gap(a: Any, b: Any) -> Fraction:
    pairs = zip(np.ravel(a), np.ravel(b), strict=True)
    with mpmath.workdps(70):
        return max(abs(to_fraction(x) - to_fraction(y)) for x, y in pairs)


def block(kind: str, source: Source, scale: Any = 1) -> tuple[tuple[Any, Any, Any], dict[str, Any]]:
    n, d = source.randint(1, 3), source.randint(2, 4)
    operands = numbers(source, n, d), numbers(source, n, d), targets(kind, source, n, d)
    weights = (
        [Fraction(source.randint(1, 12), 4) for _ in range(n)] if source.randint(0, 1) else None
    )
    given = {
        "loss": MEMBERS[kind],
        "gamma": Fraction(source.randint(1, 9), 4) * scale,
        "alpha": Fraction(source.randint(0, 9), 4) * scale,
        "sample_weights": weights if source.randint(0, 1) else None,
    }
    return operands, given


def check(solve: Callable[..., Any], operands: Any, given: Any, source: Source) -> None:
    """No move to any side lowers the value; the objective is convex, so that is its minimum."""
    v = np.vectorize(to_fraction, otypes=[object])(solve(*operands, **given))
    at = v_out_value(v, *operands, **given)
    slack = Fraction(1, 10**45) * (1 + abs(at)) if given["loss"].kind in SMOOTH else 0
    for _ in range(12):
        direction = numbers(source, *v.shape)
        if source.randint(0, 1):
            direction[:, source.randrange(v.shape[1]) :] = Fraction(0)
        for t in (Fraction(1, 10**9), Fraction(-1, 10**9), Fraction(1, 8), Fraction(-1, 8)):
            assert v_out_value(v + t * direction, *operands, **given) >= at - slack, (
                "a move is better"
            )


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_v_out_is_optimal(kind: str) -> None:
    @given(sources)
    def run(source: Source) -> None:
        operands, penalties = block(kind, source)
        check(blocks.update_v_out, operands, penalties, source)

    run()


@pytest.mark.parametrize("scale", [Fraction(1, 10**6), 10**6])
@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_v_out_is_optimal_at_any_scale(kind: str, scale: Any) -> None:
    for seed in range(4):
        source = random.Random(seed)
        operands, penalties = block(kind, source, scale)
        check(blocks.update_v_out, operands, penalties, source)


MUTANTS: dict[str, Callable[..., Any]] = {
    "without alpha": lambda *o, **g: blocks.update_v_out(*o, **{**g, "alpha": 0}),
    "half gamma": lambda *o, **g: blocks.update_v_out(*o, **{**g, "gamma": g["gamma"] / 2}),
    "unweighted": lambda *o, **g: blocks.update_v_out(*o, **{**g, "sample_weights": None}),
    "unchanged": lambda u, old, y, **g: old,
}


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_the_check_rejects_wrong_updates(kind: str, name: str) -> None:
    def judge() -> None:
        for seed in range(30):
            source = random.Random(seed)
            operands, penalties = block(kind, source)
            check(MUTANTS[name], operands, penalties, source)

    with pytest.raises(AssertionError, match="a move is better"):
        judge()


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_losses_are_as_defined(kind: str) -> None:
    source = random.Random(3)
    for _ in range(20):
        v, y = numbers(source, 3, 3), targets(kind, source, 3, 3)
        found = float(to_fraction(MEMBERS[kind].value(exact(v, "v"), exact(y, "y"))))
        rows = zip(v.astype(float), y.astype(float), strict=True)
        expected = sum(DEFINITIONS[kind](a, b) for a, b in rows)
        assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_decrease_is_at_least_the_constant(kind: str) -> None:
    for seed in range(25):
        source = random.Random(seed)
        (u, old, y), given = block(kind, source)
        v = blocks.update_v_out(u, old, y, **given)
        v = np.vectorize(to_fraction, otypes=[object])(v)
        free = {**given, "alpha": 0}
        fall = v_out_value(old, u, old, y, **free) - v_out_value(v, u, old, y, **free)
        least = min(given["sample_weights"] or [1])
        facts = {"alpha": given["alpha"], "gamma": given["gamma"], "S_min": least}
        formula = MEMBERS[kind].facts.constant
        constant = formula.subs({s: facts[s.name] for s in formula.free_symbols})
        assert fall >= to_fraction(constant) * square(v - old) - Fraction(1, 10**40)


@pytest.mark.parametrize("kind", ["weston_watkins", "crammer_singer", "cross_entropy"])
def test_permuting_the_classes_permutes_v(kind: str) -> None:
    for seed in range(8):
        (u, old, y), given = block(kind, random.Random(seed))
        order = np.random.default_rng(seed).permutation(u.shape[1])
        there = blocks.update_v_out(u, old, y, **given)[:, order]
        back = blocks.update_v_out(u[:, order], old[:, order], y[:, order], **given)
        gaps = [
            abs(to_fraction(a) - to_fraction(b)) for a, b in zip(there.flat, back.flat, strict=True)
        ]
        assert max(gaps) <= (Fraction(1, 10**48) if kind in SMOOTH else 0)


@pytest.mark.parametrize("kind", ["huber", "binary_hinge", "logistic", "squared"])
def test_a_sign_flip_flips_v(kind: str) -> None:
    for seed in range(8):
        (u, old, y), given = block(kind, random.Random(seed))
        there, back = (blocks.update_v_out(s * u, s * old, s * y, **given) for s in (1, -1))
        gaps = [
            abs(to_fraction(a) + to_fraction(b)) for a, b in zip(there.flat, back.flat, strict=True)
        ]
        assert max(gaps) <= (Fraction(1, 10**48) if kind in SMOOTH else 0)


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_v_out_is_derived_from_the_objective(kind: str) -> None:
    operands, given = block(kind, random.Random(5))
    given["sample_weights"] = [Fraction(k, 2) for k in range(1, len(operands[0]) + 1)]
    given["alpha"] = Fraction(1, 3)

    def solve(objective: Any = STANDARD, **to: Any) -> Any:
        return blocks.update_v_out(*operands, **{**given, **to}, objective=objective)

    doubled = STANDARD.replace("loss", lambda v, y, *, loss: 2 * loss.value(v, y))
    twice = [2 * s for s in given["sample_weights"]]
    assert np.array_equal(solve(doubled), solve(sample_weights=twice))
    stiff = STANDARD.replace("gamma", lambda v, s_u, *, gamma: gamma * square(v - s_u))
    assert np.array_equal(solve(stiff), solve(gamma=2 * given["gamma"]))
    assert not np.array_equal(solve(doubled), solve())
    u, old, _ = operands
    mean = (given["gamma"] * u + given["alpha"] * old) / (given["gamma"] + given["alpha"])
    gaps = [
        to_fraction(a) - b
        for a, b in zip(solve(STANDARD.without("loss")).flat, mean.flat, strict=True)
    ]
    assert max(map(abs, gaps)) <= Fraction(1, 10**48)


def test_binary_hinge_at_its_three_places() -> None:
    """y a >= 1: a; y a <= 1 - 1/m: a + y/m; between them y; m = gamma + alpha = 2."""
    for a, expected in (
        (3, 3),
        (1, 1),
        (Fraction(3, 4), 1),
        (Fraction(1, 2), 1),
        (-1, Fraction(-1, 2)),
    ):
        for y in (1, -1):
            v = blocks.update_v_out(
                [[y * a]], [[y * a]], [[y]], loss=MEMBERS["binary_hinge"], gamma=1, alpha=1
            )
            assert v[0, 0] == y * expected


def test_squared_hinge_on_both_sides_of_its_kinks() -> None:
    """a = (gamma u + alpha v_old)/m stays where the loss is 0; else (m a + S y)/(m + S)."""
    for a, y, expected in (
        (3, 1, 3),
        (1, 1, 1),
        (Fraction(1, 2), 1, Fraction(2, 3)),
        (-1, 1, Fraction(-1, 3)),
        (-3, 0, -3),
        (0, 0, 0),
        (Fraction(1, 2), 0, Fraction(1, 3)),
        (2, 0, Fraction(4, 3)),
    ):
        v = blocks.update_v_out(
            [[a + 1]], [[a - 1]], [[y]], loss=MEMBERS["squared_hinge"], gamma=1, alpha=1
        )
        assert v[0, 0] == expected


def test_squared_hinge_where_an_output_mirrors_the_other_target() -> None:
    """l(v, 1) = l(1 - v, 0)."""
    for seed in range(8):
        (u, old, y), given = block("squared_hinge", random.Random(seed))
        there = blocks.update_v_out(u, old, y, **given)
        assert np.array_equal(there, 1 - blocks.update_v_out(1 - u, 1 - old, 1 - y, **given))


def test_the_derivative_of_the_squared_hinge_is_continuous() -> None:
    x = sp.Symbol("x", real=True)
    for y, kink in ((1, 1), (0, 0)):
        value = MEMBERS["squared_hinge"].row(np.array([x]), np.array([y]))
        slope = sp.diff(value, x)
        sides = [sp.limit(slope, x, kink, side) for side in ("+", "-")]
        assert sides == [0, 0]
        assert [sp.diff(value, x, 2).subs(x, kink + t) for t in (-1, 1)] == (
            [1, 0] if y else [0, 1]
        )


@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_losses_have_fifty_digits(kind: str) -> None:
    v = blocks.update_v_out([[0, 0]], [[0, 0]], [[1, -1]] if kind == "logistic" else [[1, 0]],
                            loss=MEMBERS[kind], gamma=1, alpha=0)  # fmt: skip
    with mpmath.workdps(60):
        x = v[0, 0]
        share = 1 / (1 + mpmath.exp(x)) if kind == "logistic" else 1 / (1 + mpmath.exp(2 * x))
        assert abs(x - share) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("binary_hinge", [[0, 1]]),
        ("squared_hinge", [[-1, 1]]),
        ("squared_hinge", [[Fraction(1, 2), 1]]),
        ("logistic", [[2, 1]]),
        ("cross_entropy", [[1, 1]]),
        ("weston_watkins", [[0, 0]]),
        ("crammer_singer", [[1]]),
    ],
)
def test_targets_outside_their_domain_are_refused(kind: str, y: Any) -> None:
    with pytest.raises(ValueError, match="y: given"):
        blocks.update_v_out(y, y, y, loss=MEMBERS[kind], gamma=1, alpha=1)


def test_parameters_and_weights_outside_their_domain_are_refused() -> None:
    with pytest.raises(ValueError, match="huber delta"):
        LOSSES.from_json({"kind": "huber", "delta": 0})
    with pytest.raises(ValueError, match="weighted"):
        LOSSES.from_json({"kind": "squared", "weighted": 1})
    for weights in ([0], [-1], [1, 1]):
        with pytest.raises(ValueError, match="sample_weights"):
            blocks.update_v_out([[1]], [[1]], [[1]], loss=MEMBERS["squared"], gamma=1, alpha=1,
                                sample_weights=weights)  # fmt: skip
    negative = STANDARD.replace("loss", lambda v, y, *, loss: -loss.value(v, y))
    for kind in ("binary_hinge", "logistic", "squared_hinge"):
        with pytest.raises(ValueError, match="negative weight"):
            blocks.update_v_out([[1]], [[1]], [[1]], loss=MEMBERS[kind], gamma=1, alpha=1,
                                objective=negative)  # fmt: skip
