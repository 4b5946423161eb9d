"""Z for every compression: against enumeration and definitions, at ties, in groups of layers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnbcd_spec import COMPRESSIONS, STANDARD, Problem, blocks, objective_value, sweep
from nnbcd_spec.exact import exact, to_fraction
from nnbcd_spec.objective import square
from nnbcd_spec.values import z_minimisers, z_value

Source = random.Random
sources = st.randoms(use_true_random=False)
SHAPE = (2, 4)
JSON: dict[str, dict[str, Any]] = {
    "prune": {"nonzeros": 3},
    "nm": {"n": 1, "m": 2},
    "rows": {"count": 1},
    "columns": {"count": 2},
    "blocks": {"shape": [1, 2], "count": 2},
    "shared_prune": {"group": "a", "nonzeros": 3},
    "low_rank": {"rank": 1},
    "grid": {"bits": 3},
    "tt": {"modes": [2, 2, 2], "ranks": [2, 1]},
    "tt_matrix": {"row_modes": [2, 1], "column_modes": [2, 2], "ranks": [2]},
    "cp": {"modes": [2, 2, 2], "rank": 2},
    "tucker": {"modes": [2, 2, 2], "ranks": [2, 1, 2]},
}
MEMBERS: dict[str, Any] = {k: COMPRESSIONS.from_json({"kind": k, **v}) for k, v in JSON.items()}
FACTORED = ("tt", "tt_matrix", "cp", "tucker")


def zero_patterns(kind: str) -> list[Any]:
    """The masks of entries that may be nonzero, by the definition of the set."""
    masks = [np.array(bits).reshape(SHAPE) for bits in itertools.product([0, 1], repeat=8)]
    allowed: dict[str, Callable[[Any], bool]] = {
        "prune": lambda m: m.sum() <= 3,
        "shared_prune": lambda m: m.sum() <= 3,
        "nm": lambda m: bool((m.reshape(4, 2).sum(axis=1) <= 1).all()),
        "rows": lambda m: m.any(axis=1).sum() <= 1,
        "columns": lambda m: m.any(axis=0).sum() <= 2,
        "blocks": lambda m: m.reshape(2, 2, 2).any(axis=2).sum() <= 2,
    }
    return [m for m in masks if allowed[kind](m)]


SPARSE = {k: zero_patterns(k) for k in ("prune", "shared_prune", "nm", "rows", "columns", "blocks")}


def numbers(source: Source, *shape: int) -> Any:
    size = int(np.prod(shape))
    entries = [Fraction(source.randint(-6, 6), source.randint(1, 3)) for _ in range(size)]
    return np.array(entries, dtype=object).reshape(shape)


def start(kind: str, source: Source) -> tuple[Any, ...]:
    if kind in SPARSE:
        return (numbers(source, *SHAPE) * source.choice(SPARSE[kind]),)
    if kind == "low_rank":
        return (numbers(source, 2, 1) * numbers(source, 1, 4),)
    if kind == "grid":
        codes = [Fraction(source.randint(-3, 3)) for _ in range(8)]
        scale = np.array([Fraction(source.randint(1, 9), 4)], dtype=object)
        return (np.array(codes, dtype=object).reshape(SHAPE), scale)
    return tuple(numbers(source, *s) for s in MEMBERS[kind].shapes(SHAPE))


def penalties(source: Source, kind: str, scale: Any = 1) -> dict[str, Any]:
    tau, alpha_z = (Fraction(source.randint(1, 9), source.randint(1, 4)) * scale for _ in range(2))
    return {"compression": MEMBERS[kind], "tau": tau, "alpha_z": alpha_z}


def check_sparse(solve: Callable[..., Any], kind: str, source: Source, scale: Any = 1) -> None:
    old, w, given = start(kind, source), numbers(source, *SHAPE), penalties(source, kind, scale)
    (z,) = solve(old, w, **given)
    assert any(((z != 0) <= (m != 0)).all() for m in SPARSE[kind]), "outside the set"
    at = z_value((z,), old, w, **given)
    tau, alpha = given["tau"], given["alpha_z"]
    mean = (tau * w + alpha * old[0]) / (tau + alpha)
    gains = (tau + alpha) * mean**2 / 2
    # f(mean on a mask) = f(0) - the gains kept: for every mask of the set
    zero = z_value((0 * w,), old, w, **given)
    best = max((gains * mask).sum() for mask in SPARSE[kind])
    assert at == zero - best, "another support is better"


@pytest.mark.parametrize("kind", sorted(SPARSE))
def test_no_support_is_better(kind: str) -> None:
    @given(sources)
    def run(source: Source) -> None:
        check_sparse(blocks.update_z, kind, source)

    run()


@pytest.mark.parametrize("scale", [Fraction(1, 10**6), 10**6])
@pytest.mark.parametrize("kind", sorted(SPARSE))
def test_no_support_is_better_at_any_scale(kind: str, scale: Any) -> None:
    for seed in range(10):
        check_sparse(blocks.update_z, kind, random.Random(seed), scale)


def of_w_alone(old: Any, w: Any, **given: Any) -> Any:
    return blocks.update_z(old, w, **{**given, "alpha_z": 0})


def unchanged(old: Any, w: Any, **given: Any) -> Any:
    return old


def dense(old: Any, w: Any, **given: Any) -> Any:
    return (w,)


@pytest.mark.parametrize("wrong", [of_w_alone, unchanged, dense])
@pytest.mark.parametrize("kind", sorted(SPARSE))
def test_the_check_rejects_wrong_updates(kind: str, wrong: Callable[..., Any]) -> None:
    def judge() -> None:
        for seed in range(20):
            check_sparse(wrong, kind, random.Random(seed))

    with pytest.raises(AssertionError, match=r"outside|better"):
        judge()


@pytest.mark.parametrize(
    ("kind", "kept", "count"),
    [
        ("prune", [0, 1, 2], 56),
        ("nm", [0, 2, 4, 6], 16),
        ("rows", [0, 1, 2, 3], 2),
        ("columns", [0, 1, 4, 5], 6),
        ("blocks", [0, 1, 2, 3], 6),
        ("shared_prune", [0, 1, 2], 56),
    ],
)
def test_ties_keep_the_first(kind: str, kept: list[int], count: int) -> None:
    w, zero = np.ones(SHAPE, dtype=int), np.zeros(SHAPE, dtype=int)
    given = {"compression": MEMBERS[kind], "tau": 1, "alpha_z": 1}
    (z,) = blocks.update_z(zero, w, **given)
    assert np.flatnonzero(z).tolist() == kept
    found = z_minimisers(zero, w, **given)
    assert len(found) == count
    assert np.array_equal(found[0][0], z)
    assert len({z_value(one, zero, w, **given) for one in found}) == 1


def test_groups_compete_by_weight_and_ties_by_layer() -> None:
    given = {"compression": MEMBERS["shared_prune"], "alpha_z": (0, 0)}
    w = (np.array([[2, 1]]), np.array([[1], [3]]))
    zero = tuple(0 * each for each in w)
    first, second = blocks.update_z(zero, w, tau=(1, 9), **given)
    assert first.tolist() == [[2, 0]]  # 4, 1 against 9, 81: three kept
    assert second.tolist() == [[1], [3]]
    first, second = blocks.update_z(zero, w, tau=(1, 1), **given)
    assert first.tolist() == [[2, 1]]  # the tie of 1 and 1 goes to the lower layer
    assert second.tolist() == [[0], [3]]
    assert len(z_minimisers(zero, w, tau=(1, 1), **given)) == 2
    whole = z_value(zero, zero, w, tau=(1, 9), **given)
    assert whole == Fraction(4 + 1 + 9 * (1 + 9), 2)


@given(sources)
def test_grid_codes_and_scale_are_best_in_turn(source: Source) -> None:
    old, w, given = start("grid", source), numbers(source, *SHAPE), penalties(source, "grid")
    codes, scale = blocks.update_z(old, w, **given)
    assert all(c.denominator == 1 and abs(c) <= 3 for c in codes.flat)
    kept = z_value((codes, old[1]), old, w, **given)
    for i in range(8):
        for c in range(-3, 4):
            other = codes.copy()
            other.flat[i] = Fraction(c)
            value = z_value((other, old[1]), old, w, **given)
            assert value >= kept
            assert value > kept or c >= codes.flat[i]  # the lower code
    assert scale[0] > 0
    at = z_value((codes, scale), old, w, **given)
    for t in (Fraction(1, 10**9), Fraction(-1, 10**9), Fraction(1), Fraction(-1, 8)):
        assert z_value((codes, scale + t), old, w, **given) >= at
    if not codes.any():
        assert scale[0] == old[1][0]


def test_grid_ties_take_the_lower_code() -> None:
    old = (np.array([[0, 0]]), np.array([2]))
    given = {"compression": MEMBERS["grid"], "tau": 1, "alpha_z": 0}
    codes, _ = blocks.update_z(old, [[3, -1]], **given)
    assert codes.tolist() == [[1, -1]]
    assert len(z_minimisers(old, [[3, -1]], **given)) == 4


def expanded(kind: str, z: Any) -> Any:
    """C(Z) by the definition's sums."""
    a = [np.array(f, dtype=float) for f in z]
    formula = {
        "tt": "aib,bjc,ckd->ijk",
        "tt_matrix": "aijb,bklc->ikjl",
        "cp": "it,jt,kt->ijk",
        "tucker": "abc,ia,jb,kc->ijk",
    }[kind]
    return np.einsum(formula, *a).reshape(SHAPE)


@pytest.mark.parametrize("kind", FACTORED)
def test_expansions_are_as_defined(kind: str) -> None:
    z = start(kind, random.Random(1))
    found = MEMBERS[kind].expand(tuple(exact(f, "z", f.ndim) for f in z), SHAPE)
    assert np.allclose(np.array(found, dtype=float), expanded(kind, z), rtol=1e-13, atol=1e-13)


def check_factors(solve: Callable[..., Any], kind: str, source: Source) -> None:
    old, w, given = start(kind, source), numbers(source, *SHAPE), penalties(source, kind)
    new = solve(old, w, **given)
    for j, factor in enumerate(new):
        at = z_value((*new[: j + 1], *old[j + 1 :]), old, w, **given)
        before = z_value((*new[:j], *old[j:]), old, w, **given)
        fall = before - at + given["alpha_z"] * square(factor - old[j]) / 2
        assert fall >= given["alpha_z"] * square(factor - old[j]), "less than the constant"
        for _ in range(2):
            direction = numbers(source, *factor.shape)
            for t in (Fraction(1, 10**9), Fraction(-1, 10**9)):
                moved = (*new[:j], factor + t * direction, *old[j + 1 :])
                assert z_value(moved, old, w, **given) >= at, "a move is better"


@pytest.mark.parametrize("kind", FACTORED)
def test_every_factor_is_a_minimiser(kind: str) -> None:
    for seed in range(8):
        check_factors(blocks.update_z, kind, random.Random(seed))


def last_factor_left(old: Any, w: Any, **given: Any) -> Any:
    return (*blocks.update_z(old, w, **given)[:-1], old[-1])


@pytest.mark.parametrize("wrong", [of_w_alone, unchanged, last_factor_left])
@pytest.mark.parametrize("kind", FACTORED)
def test_the_factor_check_rejects_wrong_updates(kind: str, wrong: Callable[..., Any]) -> None:
    def judge() -> None:
        for seed in range(10):
            check_factors(wrong, kind, random.Random(seed))

    with pytest.raises(AssertionError, match=r"better|constant"):
        judge()


def test_low_rank_is_the_truncated_svd() -> None:
    for seed in range(10):
        source = random.Random(seed)
        old, w = start("low_rank", source), numbers(source, *SHAPE)
        given = penalties(source, "low_rank")
        (z,) = blocks.update_z(old, w, **given)
        mean = (given["tau"] * w + given["alpha_z"] * old[0]) / (given["tau"] + given["alpha_z"])
        values = np.linalg.svd(mean.astype(float), compute_uv=False)
        exact_z = np.vectorize(to_fraction, otypes=[object])(z)
        assert np.isclose(float(square(mean - exact_z)), (values[1:] ** 2).sum(), rtol=1e-9)
        assert max(abs(a * d - b * c) for a, b, c, d in minors(exact_z)) < Fraction(1, 10**45)
    rank_one = [[1, 2], [2, 4]]
    (z,) = blocks.update_z(np.zeros((2, 2), dtype=int), rank_one,
                           compression=MEMBERS["low_rank"], tau=1, alpha_z=0)  # fmt: skip
    assert z.tolist() == rank_one
    assert not any(isinstance(x, mpmath.mpf) for x in z.flat)


def minors(z: Any) -> Any:
    pairs = itertools.combinations(range(z.shape[1]), 2)
    return [(z[0, i], z[0, j], z[1, i], z[1, j]) for i, j in pairs]


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_z_is_derived_from_the_objective(kind: str) -> None:
    source = random.Random(9)
    old, w, given = start(kind, source), numbers(source, *SHAPE), penalties(source, kind)
    double = STANDARD.replace("tau", lambda w, target, *, tau: tau * square(w - target))
    found = blocks.update_z(old, w, objective=double, **given)
    again = blocks.update_z(old, w, **{**given, "tau": 2 * given["tau"]})
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    plain = blocks.update_z(old, w, **given)
    assert not all(np.array_equal(a, b) for a, b in zip(found, plain, strict=True))


def two_layers(order: Any) -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    rng = np.random.default_rng(0)
    layer = {
        "inputs": 2, "outputs": 2, "activation": {"kind": "relu"},
        "compression": {"kind": "shared_prune", "group": "g", "nonzeros": 3},
        "penalties": {"gamma": 1, "rho": 1, "tau": 1, "alpha": 0.25, "alpha_z": 0.5, "mu": 0},
    }  # fmt: skip
    layers = [layer, {**layer, "activation": {"kind": "identity"}}]
    problem = {"loss": {"kind": "squared", "weighted": True}, "order": order, "layers": layers}
    state = {f"{n}{i}": rng.standard_normal((2, 2)) for n in "UVW" for i in (1, 2)}
    zeros = np.zeros((2, 2))
    state |= {"b1": rng.standard_normal(2), "b2": rng.standard_normal(2), "Z1": zeros, "Z2": zeros}
    return problem, rng.standard_normal((2, 2)), rng.standard_normal((2, 2)), state


BACKWARD = ["V2", "U2", "W2", "V1", "U1", "W1", "Z1"]
FORWARD = ["V1", "U1", "W1", "V2", "U2", "W2", "Z1"]


@pytest.mark.parametrize("order", [BACKWARD, FORWARD, FORWARD[::-1]])
def test_a_block_of_two_layers_in_a_sweep(order: list[str]) -> None:
    problem, x, y, state = two_layers(order)
    parsed = Problem.from_json(problem)
    assert list(parsed.blocks()) == BACKWARD
    assert list(parsed.forward()) == FORWARD
    after = sweep(problem, x, y, state, sample_weights=[1, 2])
    assert np.count_nonzero(after["Z1"]) + np.count_nonzero(after["Z2"]) == 3
    before, end = (
        objective_value(problem, x, y, s, sample_weights=[1, 2])["total"] for s in (state, after)
    )
    assert end < before
    with pytest.raises(ValueError, match="sample_weights"):
        sweep(problem, x, y, state)


def test_contradicting_groups_are_refused() -> None:
    problem, *_ = two_layers(BACKWARD)
    layers = problem["layers"]
    layers[0]["compression"] = {**layers[0]["compression"], "nonzeros": 9}
    with pytest.raises(ValueError, match="the same in all its layers"):
        Problem.from_json({**problem, "layers": layers})
    layers[1]["compression"] = layers[0]["compression"]
    with pytest.raises(ValueError, match=r"given 9; allowed: 1\.\.8"):
        Problem.from_json({**problem, "layers": layers})


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "nm", "n": 3, "m": 2},
        {"kind": "nm", "n": 1, "m": 3},
        {"kind": "rows", "count": 3},
        {"kind": "columns", "count": 5},
        {"kind": "blocks", "shape": [1, 3], "count": 1},
        {"kind": "blocks", "shape": [1, 2], "count": 5},
        {"kind": "low_rank", "rank": 3},
        {"kind": "grid", "bits": 9},
        {"kind": "cp", "modes": [2, 2], "rank": 1},
        {"kind": "cp", "modes": [2, 4], "rank": 0},
        {"kind": "tucker", "modes": [2, 4], "ranks": [3, 1]},
        {"kind": "tt_matrix", "row_modes": [2, 1], "column_modes": [2, 1], "ranks": [1]},
        {"kind": "shared_prune", "group": "", "nonzeros": 1},
    ],
)
def test_impossible_compressions_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        COMPRESSIONS.from_json(change).validate(SHAPE)


def test_entries_are_data() -> None:
    for kind, cls in COMPRESSIONS.items():
        constant = cls.facts.constant
        assert cls.kind == kind
        assert cls.facts.source
        assert (constant is None) == (kind in ("none", "tt_svd"))
    assert COMPRESSIONS["prune"].facts.keys["nonzeros"].rule(d=2, p=3) == "1..6"


def test_many_ties_do_not_hinder_an_update() -> None:
    ones, zero = np.ones((6, 6), dtype=int), np.zeros((6, 6), dtype=int)
    given = {"compression": COMPRESSIONS.from_json({"kind": "prune", "nonzeros": 18}), "tau": 1}
    (z,) = blocks.update_z(zero, ones, alpha_z=1, **given)
    assert np.flatnonzero(z).tolist() == list(range(18))
    with pytest.raises(ValueError, match="supports"):
        z_minimisers(zero, ones, alpha_z=1, **given)
