"""What goes in and comes out: numbers, shapes, errors, ties, singular systems, registries."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import QQ

from nnbcd_spec import ACTIVATIONS, COMPRESSIONS, LOSSES, blocks
from nnbcd_spec.activations import Identity, LeakyRelu, Relu
from nnbcd_spec.compressions import NoCompression, Prune, TensorTrain, TensorTrainSVD
from nnbcd_spec.exact import exact, rational, to_fraction
from nnbcd_spec.losses import Squared
from nnbcd_spec.quadratic import increments, solve_semidefinite


def q(*numbers: Any) -> list[Any]:
    return [QQ(Fraction(x).numerator, Fraction(x).denominator) for x in numbers]


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (3, Fraction(3)),
        (True, Fraction(1)),
        (0.37, Fraction(0.37)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.int64(-2), Fraction(-2)),
        (Fraction(2, 7), Fraction(2, 7)),
        (sp.Rational(2, 7), Fraction(2, 7)),
        (mpmath.mpf("0.375"), Fraction(3, 8)),
        (QQ(2, 7), Fraction(2, 7)),
    ],
)
def test_numbers_are_taken_exactly(given: Any, value: Fraction) -> None:
    assert to_fraction(rational(given)) == value


@pytest.mark.parametrize("given", [float("nan"), float("inf"), mpmath.inf, 1j, "1", None])
def test_other_numbers_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="allowed: a finite"):
        rational(given)


@pytest.mark.parametrize("given", [[[1, 2], [3]], [1, 2], [[]], 3])
def test_arrays_of_the_wrong_kind_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="v: given"):
        exact(given, "v")


def test_results_are_arrays_of_fractions() -> None:
    v = blocks.update_v_out([[1.5]], [[0]], [[2]], loss=Squared(), gamma=0.5, alpha=0)
    assert v.dtype == object
    assert type(v[0, 0]) is Fraction
    assert v[0, 0] == Fraction(11, 6)
    w, b = blocks.update_w([[0]], [0], [[1]], [[1]], None, rho=1, tau=0, alpha=1, mu=0)
    assert {type(x) for x in (*w.flat, *b.flat)} == {Fraction}
    assert type(Relu()(np.array([[1.5]]))[0, 0]) is Fraction


GOOD: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    "v_out": (
        blocks.update_v_out,
        ([[1, 2]], [[1, 2]], [[1, 2]]),
        {"loss": Squared(), "gamma": 1, "alpha": 1},
    ),
    "u_out": (blocks.update_u_out, ([[1, 2]], [[1, 2]]), {"gamma": 1, "rho": 1}),
    "v": (blocks.update_v, ([[1, 2]], [[1]], [[1, 2]], [1]), {"gamma": 1, "rho": 1}),
    "u": (
        blocks.update_u,
        ([[1, 2]], [[1, 2]], [[1, 2]]),
        {"activation": Relu(), "gamma": 1, "rho": 1, "alpha": 1},
    ),
    "w": (
        blocks.update_w,
        ([[1, 2]], [1], [[1]], [[1, 2]], [[1, 2]]),
        {"rho": 1, "tau": 1, "alpha": 1, "mu": 1},
    ),
    "z": (
        blocks.update_z,
        (np.array([[1, 0]]), [[1, 2]]),
        {"compression": Prune(1), "tau": 1, "alpha_z": 1},
    ),
    "supported w": (
        blocks.update_supported_w,
        ([[1, 0]], [1], [[1]], [[1, 2]], [[1, 0]]),
        {"rho": 1, "alpha": 1, "mu": 1},
    ),
    "b": (
        blocks.update_b,
        ([1], [[1]], [[1, 2]], [[1, 2]]),
        {"rho": 1, "alpha": 1, "mu": 1},
    ),
}
POSITIVE = {"gamma", "rho"}


@pytest.mark.parametrize("name", GOOD)
def test_penalties_outside_their_domain_are_refused(name: str) -> None:
    update, operands, given = GOOD[name]
    update(*operands, **given)
    for penalty in set(given) - {"loss", "activation", "compression"}:
        bad = (-1, float("nan"), 0) if penalty in POSITIVE else (-1, float("nan"))
        for value in bad:
            with pytest.raises(ValueError, match="given"):
                update(*operands, **{**given, penalty: value})


@pytest.mark.parametrize("name", GOOD)
def test_shapes_that_do_not_fit_are_refused(name: str) -> None:
    update, operands, given = GOOD[name]
    for i, operand in enumerate(operands):
        wide = np.concatenate([np.asarray(operand)] * 2, axis=-1)
        with pytest.raises(ValueError, match=r"given shape|given \("):
            update(*operands[:i], wide, *operands[i + 1 :], **given)


def test_z_refuses_what_it_cannot_do() -> None:
    w = [[1, 2], [3, 4]]
    given: dict[str, Any] = {"tau": 1, "alpha_z": 1}
    for s in (0, 5):
        with pytest.raises(ValueError, match=r"nonzeros: given \d; allowed: 1\.\.4"):
            blocks.update_z(np.array(w), w, compression=Prune(s), **given)
    with pytest.raises(ValueError, match=r"no Z block|factors"):
        blocks.update_z((), w, compression=NoCompression(), **given)
    with pytest.raises(ValueError, match="product 4"):
        blocks.update_z((), w, compression=TensorTrain(modes=(2, 3), ranks=(1,)), **given)
    with pytest.raises(ValueError, match="1 factors; allowed: 2"):
        blocks.update_z((w,), w, compression=TensorTrain(modes=(2, 2), ranks=(1,)), **given)
    with pytest.raises(ValueError, match="tau"):
        blocks.update_z(np.array(w), w, compression=Prune(1), tau=0, alpha_z=1)


@pytest.mark.parametrize(
    ("modes", "ranks"),
    [((4,), ()), ((2, 0), (1,)), ((2, 2), (3,)), ((2, 2), (0,)), ((2, 2), (1, 1))],
)
def test_impossible_trains_are_refused(modes: tuple[int, ...], ranks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        TensorTrain(modes=modes, ranks=ranks)


def test_a_train_that_svds_cannot_reach_is_refused() -> None:
    TensorTrain(modes=(2, 2, 4), ranks=(1, 4))
    with pytest.raises(ValueError, match="left to right"):
        TensorTrainSVD(modes=(2, 2, 4), ranks=(1, 4))


def test_registries_parse_json() -> None:
    assert set(ACTIVATIONS) == {
        "identity", "relu", "leaky_relu", "abs", "hard_tanh", "relu6", "hard_sigmoid",
        "piecewise", "tanh", "sigmoid",
    }  # fmt: skip
    assert set(LOSSES) == {
        "squared", "huber", "binary_hinge", "logistic", "weston_watkins", "crammer_singer",
        "squared_hinge", "cross_entropy",
    }  # fmt: skip
    assert set(COMPRESSIONS) == {
        "none", "prune", "nm", "rows", "columns", "blocks", "low_rank", "shared_prune", "grid",
        "tt", "tt_svd", "tt_matrix", "cp", "tucker", "support",
    }  # fmt: skip
    assert all(cls.kind == kind for kind, cls in {**ACTIVATIONS, **LOSSES, **COMPRESSIONS}.items())
    assert ACTIVATIONS.from_json({"kind": "leaky_relu", "slope": 0.1}) == LeakyRelu(slope=0.1)
    train = COMPRESSIONS.from_json({"kind": "tt", "modes": [2, 2], "ranks": [1]})
    assert train == TensorTrain(modes=(2, 2), ranks=(1,))
    assert hash(train) == hash(TensorTrain(modes=(2, 2), ranks=(1,)))
    assert train != COMPRESSIONS.from_json({"kind": "tt_svd", "modes": [2, 2], "ranks": [1]})


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"kind": "swish"},
        {"kind": "relu", "slope": 0.1},
        {"kind": "leaky_relu", "slope": 0},
        {"kind": "leaky_relu", "slope": 1},
    ],
)
def test_registries_refuse_what_they_do_not_know(obj: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="given"):
        ACTIVATIONS.from_json(obj)


def test_activations_on_numbers() -> None:
    u = np.array([[Fraction(-2), Fraction(0), Fraction(3)]])
    assert Relu()(u).tolist() == [[0, 0, 3]]
    assert LeakyRelu(slope=Fraction(1, 4))(u).tolist() == [[Fraction(-1, 2), 0, 3]]
    assert np.array_equal(Identity()(u), u)


def test_prune_ties_keep_the_lowest_row_major_index() -> None:
    w = [[1, -1], [1, 1]]
    for s in (1, 2, 3):
        (z,) = blocks.update_z(
            np.array([[0, 0], [0, 0]]), w, compression=Prune(s), tau=1, alpha_z=0
        )
        assert z.ravel().tolist() == [1, -1, 1, 1][:s] + [0] * (4 - s)


def test_u_tie_with_equal_distances_takes_the_lower() -> None:
    """gamma = 6, beta = 1, alpha = 0, old in the middle of the two minimisers."""
    given: dict[str, Any] = {"activation": Relu(), "gamma": 3, "rho": 1, "alpha": 0}
    assert blocks.update_u([[1]], [[-1]], [[Fraction(-1, 4)]], **given)[0, 0] == -1


def test_singular_w_takes_the_least_increment() -> None:
    """Two equal columns of v_prev: the fit is shared equally, the null space untouched."""
    given: dict[str, Any] = {"rho": 1, "tau": 0, "alpha": 0, "mu": 0}
    v = np.array([[1, 1], [2, 2], [5, 5]])
    u = 3 * v[:, :1] + 7
    w, b = blocks.update_w([[1, 0]], [0], u, v, None, **given)
    assert w.tolist() == [[2, 1]]
    assert b.tolist() == [7]


def test_singular_w_agrees_with_the_pseudoinverse() -> None:
    rng = np.random.default_rng(3)
    v, u = rng.integers(-3, 4, (2, 3)), rng.integers(-3, 4, (2, 2))
    w0, b0 = rng.integers(-3, 4, (2, 3)), rng.integers(-3, 4, 2)
    w, b = blocks.update_w(w0, b0, u, v, None, rho=2, tau=0, alpha=0, mu=0)
    extended = np.column_stack([v, np.ones(2)])
    old = np.column_stack([w0, b0])
    expected = old + (np.linalg.pinv(extended) @ (u - extended @ old.T)).T
    assert np.allclose(np.column_stack([w, b]).astype(float), expected, atol=1e-12)


def test_singular_core_takes_the_least_increment() -> None:
    train = TensorTrain(modes=(2, 2), ranks=(1,))
    zero, start = np.zeros((1, 2, 1), dtype=int), np.array([[[1], [2]]])
    new = blocks.update_z((start, zero), [[1, 2], [3, 4]], compression=train, tau=1, alpha_z=0)
    assert np.array_equal(new[0], start)  # nothing pulls at it: the other core is 0
    assert new[1].ravel().tolist() == [Fraction(7, 5), Fraction(10, 5)]


def test_elimination() -> None:
    assert solve_semidefinite([q(2, 0), q(0, 4)], [q(2, 4)]) == ([q(1, 1)], True)
    assert increments([q(1, 1), q(1, 1)], [q(2, 2)]) == [q(1, 1)]
    with pytest.raises(ValueError, match="not convex"):
        solve_semidefinite([q(0, 1), q(1, 0)], [q(1, 1)])
    with pytest.raises(ValueError, match="not convex"):
        solve_semidefinite([q(1, 2), q(2, 1)], [q(1, 1)])
    with pytest.raises(ValueError, match="unbounded"):
        solve_semidefinite([q(1, 1), q(1, 1)], [q(1, 2)])


def test_least_increments_are_least() -> None:
    source = random.Random(5)
    for _ in range(5):
        thin = [[source.randint(-3, 3) for _ in range(2)] for _ in range(4)]
        gram = [q(*(sum(a * b for a, b in zip(r, s, strict=True)) for s in thin)) for r in thin]
        inside = [
            sum((h * x for h, x in zip(row, q(1, 2, 3, 4), strict=True)), QQ(0)) for row in gram
        ]
        (step,) = increments([list(row) for row in gram], [inside])
        expected = np.linalg.pinv(np.array(gram, dtype=float)) @ np.array(inside, dtype=float)
        assert np.allclose(np.array(step, dtype=float), expected)


def test_tt_svd_has_fifty_digits_and_ignores_the_old_cores() -> None:
    train = TensorTrainSVD(modes=(2, 3), ranks=(2,))
    w = [[1, 2, 3], [4, 5, 7]]
    old = [tuple(np.full(s, c) for s in train.shapes((2, 3))) for c in (0, 1)]
    first, second = (
        blocks.update_z(z, w, compression=train, tau=1, alpha_z=a)
        for z, a in zip(old, (0, 5), strict=True)
    )
    assert isinstance(first[0].flat[0], mpmath.mpf)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    with mpmath.workdps(60):  # full rank: the train is w itself
        gap = train.expand(first, (2, 3)) - np.array(w, dtype=object)
        assert max(abs(x) for x in gap.flat) < mpmath.mpf("1e-48")


def test_only_sympy_mpmath_and_numpy_are_imported() -> None:
    code = (
        "import sys, nnbcd_spec, nnbcd_spec.derive, nnbcd_spec.switching, nnbcd_spec.values;"
        "bad = {'torch', 'nnbcd', 'nnbcd_checks', 'safetensors', 'scipy'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    from nnbcd_spec import __file__ as home

    folder = home.rsplit("/", 2)[0]
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": folder}, check=False)
    assert done.returncode == 0
