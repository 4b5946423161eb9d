"""The checker of words: what it accepts holds for numbers, what is wrong it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sympy", reason="SymPy is not installed: pip install 'nnbcd[proofs]'")

from nnbcd_checks.proofs import by_words
from nnbcd_checks.proofs.catalogue import MATRIX
from nnbcd_checks.proofs.forms import Mutant
from nnbcd_checks.proofs.penalties import unknowns
from nnbcd_checks.proofs.tensors import Matrix, Size
from nnbcd_checks.proofs.theory import gradient
from nnbcd_checks.proofs.words import Trace, Words, identity, inner, letter, square, trace

SIZES = {"n": 4, "p": 3, "d": 2}
SHAPES = {"A": ("n", "p"), "B": ("p", "d"), "C": ("n", "d"), "S": ("p", "p"), "H": ("p", "p")}
LETTERS = {k: letter(k, *shape, symmetric=k == "H") for k, shape in SHAPES.items()}


def number(found: Words | Trace, at: dict[str, np.ndarray]) -> np.ndarray:
    """What a sum of words is for given matrices."""
    total = np.zeros(() if isinstance(found, Trace) else (SIZES[found.rows], SIZES[found.cols]))
    for word, c in found.terms.items():
        product = None
        for name, turned in word:
            factor = at[name].T if turned else at[name]
            product = factor if product is None else product @ factor
        if product is None:
            product = np.eye(SIZES[found.rows])
        total = total + float(c) * (np.trace(product) if isinstance(found, Trace) else product)
    return total


def matrices(seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    found = {k: random.standard_normal([SIZES[s] for s in shape]) for k, shape in SHAPES.items()}
    return found | {"H": found["H"] + found["H"].T}


@st.composite
def sums(draw, rows: str, cols: str) -> Words:
    """A sum of words of a shape, with small whole coefficients."""
    paths = {
        ("n", "p"): ["A", "A S", "A H", "A H S", "C B'", "A B B'", "A A' A"],
        ("p", "p"): ["S", "S'", "H", "H S", "S H", "B B'", "A' A", "I"],
    }[rows, cols]
    total = Words(rows, cols, {})
    for text in draw(st.lists(st.sampled_from(paths), min_size=1, max_size=4)):
        product = None
        for token in text.split():
            factor = identity(rows) if token == "I" else LETTERS[token[0]]
            factor = factor.mT if token.endswith("'") else factor
            product = factor if product is None else product @ factor
        total = total + draw(st.integers(-3, 3)) * product
    return total


@given(a=sums("n", "p"), b=sums("n", "p"), s=sums("p", "p"), seed=st.integers(0, 100))
def test_every_operation_is_that_of_matrices(a, b, s, seed):
    at = matrices(seed)
    x, y, z = (number(one, at) for one in (a, b, s))
    close = {"rtol": 1e-9, "atol": 1e-9 * (1 + abs(x).max() * abs(y).max() * (1 + abs(z).max()))}
    np.testing.assert_allclose(number(a - b, at), x - y, **close)
    np.testing.assert_allclose(number(a @ s, at), x @ z, **close)
    np.testing.assert_allclose(number(a.mT, at), x.T, **close)
    np.testing.assert_allclose(number(inner(a, b), at), (x * y).sum(), **close)
    np.testing.assert_allclose(number(2 * square(a) / 4, at), (x * x).sum() / 2, **close)


@given(a=sums("n", "p"), b=sums("n", "p"), s=sums("p", "p"))
def test_traces_are_equal_up_to_turning_and_transposing(a, b, s):
    assert (inner(a, b) - inner(b, a)).zero
    assert (trace(a.mT @ (b @ s)) - trace(s @ (a.mT @ b))).zero
    assert (trace(a.mT @ b @ s) - trace(s.mT @ b.mT @ a)).zero


@given(a=sums("n", "p"), b=sums("n", "p"), seed=st.integers(0, 9))
def test_what_is_not_equal_is_not_called_equal(a, b, seed):
    difference = a - b
    if not difference.zero:
        assert not square(difference).zero
        if abs(number(difference, matrices(seed))).max() > 1e-6:
            assert not (square(a) - square(b) + 2 * inner(b, b - a)).zero


@given(a=sums("n", "p"), seed=st.integers(0, 100))
def test_gradients_are_those_of_differences(a, seed):
    x, at = LETTERS["A"], matrices(seed)
    slope = number(gradient(square(a) / 2, x), at)
    step = np.random.default_rng(seed + 1).standard_normal(at["A"].shape)
    value = [float(number(square(a) / 2, at | {"A": at["A"] + h * step})) for h in (-1e-4, 1e-4)]
    scale = 1 + abs(value[0]) + abs(slope).max()
    assert abs((value[1] - value[0]) / 2e-4 - (slope * step).sum()) <= 1e-4 * scale**2


def test_sizes_that_do_not_fit_are_errors():
    a, b, c = LETTERS["A"], LETTERS["B"], LETTERS["C"]
    with pytest.raises(ValueError, match="n x p times n x d: sizes differ"):
        a @ c
    with pytest.raises(ValueError, match="n x p plus p x d: sizes differ"):
        a + b
    with pytest.raises(ValueError, match="n x p has no trace"):
        trace(a)
    with pytest.raises(ValueError, match="a size, not a word"):
        trace(identity("n"))
    with pytest.raises(ValueError, match="cannot be symmetric"):
        letter("X", "n", "p", symmetric=True)


def test_what_the_tensors_do_not_know_is_an_error_not_a_guess():
    a = Matrix(LETTERS["A"])
    for wrong in (lambda: a.sum(1), lambda: a.new_ones(2, 2), lambda: a.new_empty(3, 3),
                  lambda: a.diagonal()[1:], lambda: Size("p") + 2):  # fmt: skip
        with pytest.raises(NotImplementedError):
            wrong()


@pytest.mark.parametrize("claim", MATRIX)
def test_every_equation_holds(claim):
    found = by_words.equations(claim)
    assert found
    assert [name for name, _, holds in found if not holds] == []
    assert len({name for name, *_ in found}) == len(found)


@pytest.mark.parametrize("mutant", by_words.OWN, ids=lambda m: f"{m.file}: {m.new}"[:60])
def test_every_wrong_variant_is_refused(mutant):
    assert by_words.refuted(mutant) is not None


def test_nothing_is_known_of_a_penalty_but_that_it_is_not_0():
    gamma, rho = unknowns("gamma rho")
    assert gamma != 0
    for ask in (lambda: gamma == 1, lambda: gamma == rho, lambda: bool(gamma), lambda: gamma > 0,
                lambda: rho >= 0.1):  # fmt: skip
        with pytest.raises(TypeError, match="unknown penalty"):
            ask()
    a = LETTERS["A"]
    assert ((gamma + rho) * a - gamma * a - rho * a).zero
    assert ((1 - gamma) * a / 2 + gamma * a / 2 - a / 2).zero


def test_an_equal_variant_is_refused_by_nobody():
    same = Mutant("blocks", "(gamma * v + rho * pre)", "(rho * pre + gamma * v)", "equal")
    assert by_words.refuted(same) is None


def test_a_variant_of_text_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="stands there 0 times"):
        by_words.refuted(Mutant("blocks", "no such text", "", ""))
