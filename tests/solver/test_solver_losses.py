"""Every loss: its proximal step against brute force, constants, symmetries, targets; faults."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import blocks
from nnbcd.errors import InputError
from nnbcd.goals import Goals
from nnbcd.losses import (
    LOSSES,
    BinaryHinge,
    CrammerSinger,
    CrossEntropy,
    Huber,
    Logistic,
    Squared,
    SquaredHinge,
    WestonWatkins,
    loss_from,
)
from nnbcd.losses.targets import BITS, ONE_HOT, REAL, SIGNS

DELTA = 0.75
MEMBERS = [
    Squared(), Huber(DELTA), BinaryHinge(), Logistic(), WestonWatkins(), CrammerSinger(),
    SquaredHinge(), CrossEntropy(),
]  # fmt: skip
DTYPES = [torch.float32, torch.float64]
by_kind = pytest.mark.parametrize("loss", MEMBERS, ids=lambda a: a.kind)
SEED = st.integers(0, 10**9)


def case(loss, seed, dtype, n=6):
    """Operands from 1e-6 to 1e6, gamma to 1e6, every fourth weighted."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 6))
    scale = 10.0 ** rng.uniform(*((-6, 6) if seed % 2 else (-1, 1)))
    u, old = (torch.as_tensor(scale * rng.normal(size=(n, d))).to(dtype) for _ in range(2))
    y = loss.targets.encode(torch.as_tensor(rng.integers(0, d, n)), d, u)
    gamma = float(10.0 ** rng.uniform(-3, 6 if seed % 3 else 3))
    weights = torch.as_tensor(rng.uniform(0.01, 3, n)).to(dtype) if seed % 4 == 0 else None
    alpha = float(10.0 ** rng.uniform(-3, 3)) if seed % 5 else 0.0
    return (u, old, y), {"gamma": gamma, "alpha": alpha, "weights": weights}


def objective(loss, v, u, old, y, *, gamma, alpha, weights):
    """By row, of v (..., n, d), in float64; the loss by its definition."""
    v, u, old, y = (t.double() for t in (v, u, old, y))
    s = torch.ones(len(u)).double() if weights is None else weights.double()
    moves = gamma * (v - u).square().sum(-1) + alpha * (v - old).square().sum(-1)
    return s * DEFINITIONS[loss.kind](v, y) + 0.5 * moves


DEFINITIONS = {
    "squared": lambda v, y: 0.5 * (v - y).square().sum(-1),
    "huber": lambda v, y: torch.where(
        (v - y).abs() <= DELTA, 0.5 * (v - y) ** 2, DELTA * (v - y).abs() - DELTA**2 / 2
    ).sum(-1),
    "binary_hinge": lambda v, y: (1 - y * v).clamp(min=0).sum(-1),
    "logistic": lambda v, y: torch.logaddexp(torch.zeros_like(v), -y * v).sum(-1),
    "squared_hinge": lambda v, y: torch.where(
        y == 1, 0.5 * (1 - v).clamp(min=0) ** 2, 0.5 * v.clamp(min=0) ** 2
    ).sum(-1),
    "weston_watkins": lambda v, y: violations(v, y).clamp(min=0).sum(-1),
    "crammer_singer": lambda v, y: violations(v, y).amax(-1).clamp(min=0),
    "cross_entropy": lambda v, y: torch.logsumexp(v, -1) - (v * y).sum(-1),
}


def violations(v, y):
    """1 + v_k - v_c, and minus infinity for the class itself."""
    return torch.where(y == 0, 1 + v - (v * y).sum(-1, keepdim=True), -torch.inf)


def rounding(v, u, old, y, *, gamma, alpha, weights):
    """What a unit of rounding of v, and of each difference, can do to a row's objective."""
    unit = torch.finfo(v.dtype).eps
    v, u, old, y = (t.double() for t in (v, u, old, y))
    s = 1 if weights is None else weights.double()
    size = s * ((v - y).abs() + 1 + y.abs()).sum(-1) * (1 + v.abs().amax(-1))
    moves = gamma * (v - u).abs() * (v.abs() + u.abs())
    moves = moves + alpha * (v - old).abs() * (v.abs() + old.abs())
    return unit * (size + moves.sum(-1))


def rivals(v, u, old, y, seed=0):
    """Over 4,000 points near and far of each row: normal, along signs, and towards u, old, y."""
    generator = torch.Generator().manual_seed(seed)
    v, u, old, y = (t.double() for t in (v, u, old, y))
    found = [u[None], old[None], y[None]]
    for scale in 10.0 ** torch.arange(-9, 7).double():
        normal = torch.randn(160, *v.shape, generator=generator, dtype=torch.float64)
        signs = torch.randint(-1, 2, (100, *v.shape), generator=generator).double()
        found += [v + scale * normal, v + scale * signs]
    mixed = torch.linspace(0, 1, 40).double()[:, None, None]
    return torch.cat([*found, *(v + mixed * (goal - v) for goal in (u, old, y))])


def excess(loss, v, operands, weights):
    found = objective(loss, v, *operands, **weights)
    best = objective(loss, rivals(v, *operands), *operands, **weights).amin(0)
    return float(((found - best) / rounding(v, *operands, **weights)).max())


@by_kind
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_no_point_is_better(loss, dtype):
    for seed in range(20):
        operands, weights = case(loss, seed, dtype)
        v = loss.prox(*operands, **weights)
        assert v.dtype == dtype
        assert bool(torch.isfinite(v).all())
        assert excess(loss, v, operands, weights) <= 4, seed


@by_kind
@given(seed=SEED)
def test_the_guaranteed_decrease(loss, seed):
    """alpha + gamma/2, and half a sample's weight more for squared."""
    operands, weights = case(loss, seed, torch.float64)
    v, old = loss.prox(*operands, **weights), operands[1]
    plain = weights | {"alpha": 0.0}
    before, after = (objective(loss, t, *operands, **plain) for t in (old, v))
    s = 1.0 if weights["weights"] is None else weights["weights"]
    constant = weights["alpha"] + weights["gamma"] / 2 + (s / 2 if loss.kind == "squared" else 0)
    lost = rounding(v, *operands, **weights) + rounding(old, *operands, **weights)
    assert bool((before - after >= constant * (v - old).square().sum(1) - 8 * lost).all())


@pytest.mark.parametrize("loss", [CrossEntropy(), Logistic()], ids=lambda a: a.kind)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_gradient_vanishes_up_to_rounding(loss, dtype):
    for seed in range(60):
        (u, old, y), weights = case(loss, seed, dtype)
        v = loss.prox(u, old, y, **weights).double().requires_grad_()
        value = objective(loss, v, u, old, y, **weights).sum()
        (gradient,) = torch.autograd.grad(value, v)
        s = 1.0 if weights["weights"] is None else weights["weights"].double()[:, None]
        size = weights["gamma"] * (v.abs() + u.abs()) + weights["alpha"] * (v.abs() + old.abs()) + s
        # A unit of v moves the softmax by as much as the largest output is long.
        size = size + s * v.abs().amax(1, keepdim=True)
        assert (gradient.abs() / (torch.finfo(dtype).eps * size)).max() <= 8, seed


def test_the_certificate_of_cross_entropy_bounds_the_distance():
    loss = CrossEntropy()
    (u, _, y), _ = case(loss, 2, torch.float64)
    m = torch.full((1, 1), 0.7).double()
    v = loss.nearest(u, y, m)
    assert float(loss.distance(v, u, y, m).max()) <= 1e-14 * (1 + float(u.abs().max())) * 10
    moved = v + 1e-3
    assert bool((loss.distance(moved, u, y, m) >= 1e-3).all())


@by_kind
def test_classes_and_signs_permute(loss):
    (u, old, y), weights = case(loss, 4, torch.float64)
    v = loss.prox(u, old, y, **weights)
    turn = torch.randperm(u.shape[1], generator=torch.Generator().manual_seed(1))
    turned = loss.prox(u[:, turn], old[:, turn], y[:, turn], **weights)
    torch.testing.assert_close(turned, v[:, turn], rtol=1e-10, atol=1e-12)
    if loss.kind in {"binary_hinge", "logistic", "squared", "huber"}:
        torch.testing.assert_close(loss.prox(-u, -old, -y, **weights), -v)
    elif loss.kind == "squared_hinge":  # 0 and 1 change places
        torch.testing.assert_close(loss.prox(1 - u, 1 - old, 1 - y, **weights), 1 - v)
    else:  # a shift of all outputs changes no class
        shifted = loss.prox(u + 3, old + 3, y, **weights)
        torch.testing.assert_close(shifted, v + 3, rtol=1e-10, atol=1e-12)


@by_kind
def test_a_weight_of_two_is_a_sample_given_twice(loss):
    (u, old, y), _ = case(loss, 2, torch.float64)
    two = torch.full((len(u),), 2.0).double()
    v = blocks.update_v_out(u, old, y, loss=loss, gamma=3.0, alpha=0.5, weights=two)
    # Twice the loss is the loss at half the penalties.
    half = blocks.update_v_out(u, old, y, loss=loss, gamma=1.5, alpha=0.25)
    torch.testing.assert_close(v, half, rtol=1e-12, atol=1e-12)
    both = loss.value(torch.cat([v, v]), torch.cat([y, y]))
    torch.testing.assert_close(loss.value(v, y, two), both)
    plain = blocks.update_v_out(u, old, y, loss=loss, gamma=3.0, alpha=0.5)
    operands, weights = (u, old, y), {"gamma": 3.0, "alpha": 0.5, "weights": two}
    if not torch.equal(plain, v):  # a step that forgets the weights is caught
        assert excess(loss, plain, operands, weights) > 1e6


def test_rescaling_instead_of_projecting_is_refuted():
    """Multipliers of Crammer-Singer that sum to more than 1 must be projected, not rescaled."""
    u = torch.tensor([[0.0, 2.0, 1.5, -1.0]]).double()
    y = torch.tensor([[1.0, 0.0, 0.0, 0.0]]).double()
    operands, weights = (u, u, y), {"gamma": 1.0, "alpha": 0.0, "weights": None}
    c = (1 + u - u[:, :1])[:, 1:]
    multipliers = c.clamp(min=0) / c.clamp(min=0).sum()
    wrong = torch.cat([u[:, :1] + 1, u[:, 1:] - multipliers], 1)
    assert excess(CrammerSinger(), wrong, operands, weights) > 1e6
    right = CrammerSinger().prox(*operands, gamma=1.0, alpha=0.0)
    assert excess(CrammerSinger(), right, operands, weights) <= 4
    torch.testing.assert_close(right, torch.tensor([[1.0, 1.25, 1.25, -1.0]]).double())


@pytest.mark.parametrize(
    "loss", [BinaryHinge(), Huber(DELTA), SquaredHinge()], ids=lambda a: a.kind
)
def test_a_missing_piece_is_refuted(loss):
    """A hinge step that overshoots its kink, a step without the affine or the flat piece."""
    u = torch.tensor([[0.9, 3.0 if loss.kind == "squared_hinge" else -3.0]]).double()
    y = torch.ones(1, 2).double()
    operands, weights = (u, u, y), {"gamma": 0.5, "alpha": 0.0, "weights": None}
    wrong = u + 2 if loss.kind == "binary_hinge" else (y + 0.5 * u) / 1.5
    assert excess(loss, wrong, operands, weights) > 1e6
    right = loss.prox(*operands, gamma=0.5, alpha=0.0)
    assert excess(loss, right, operands, weights) <= 4


def test_the_hinge_stops_exactly_at_its_kink():
    a = torch.tensor([[-1e6, 0.3, 0.9999, 1.0, 5.0]]).double()
    y = torch.tensor([[1.0, -1.0, 1.0, 1.0, 1.0]]).double()
    v = BinaryHinge().prox(a, a, y, gamma=1e-3, alpha=0.0)
    assert v[0, 1:].tolist() == [-1.0, 1.0, 1.0, 5.0]
    assert v[0, 0] == -1e6 + 1e3


def test_the_squared_hinge_leaves_what_is_right_and_moves_the_rest_to_a_weighted_mean():
    a = torch.tensor([[3.0, 1.0, 0.0, -2.0, 0.0, 5.0]]).double()
    y = torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]).double()
    v = SquaredHinge().prox(a, a, y, gamma=3.0, alpha=0.0)
    assert v.tolist() == [[3.0, 1.0, 0.25, -2.0, 0.0, 3.75]]


def test_large_multiclass_rows_take_the_same_step():
    """200 classes: no quadratic memory, no loop over classes; equal rivals share a step."""
    u = torch.zeros(3, 200).double()
    y = ONE_HOT.encode(torch.tensor([0, 7, 199]), 200, u)
    for loss in (WestonWatkins(), CrammerSinger(), CrossEntropy()):
        v = loss.prox(u, u, y, gamma=1.0, alpha=0.0)
        others = v[y == 0].reshape(3, 199)
        torch.testing.assert_close(others, others[:, :1].expand_as(others))
        torch.testing.assert_close(v.sum(1), torch.zeros(3).double(), rtol=0, atol=1e-12)


def test_values_of_far_outputs_are_finite_and_exact():
    v = torch.tensor([[1e6, 0.0], [0.0, 1e6]]).double()
    y = torch.eye(2)[[0, 0]].double()
    assert CrossEntropy().value(v, y) == 1e6
    assert Logistic().value(v, 2 * y - 1) == pytest.approx(1e6 + 2 * np.log(2))
    assert CrammerSinger().value(v, y) == WestonWatkins().value(v, y) == 1e6 + 1


@by_kind
def test_registry_and_json(loss):
    assert LOSSES[loss.kind] is type(loss)
    assert loss_from(loss.to_json()) == loss
    assert loss_from(loss.kind).kind == loss.kind


def test_targets_from_labels():
    like, labels = torch.zeros(1), torch.tensor([0, 2, 1])
    assert ONE_HOT.encode(labels, 3, like).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert SIGNS.encode(labels, 3, like).tolist() == [[1, -1, -1], [-1, -1, 1], [-1, 1, -1]]
    assert SIGNS.encode(torch.tensor([0, 1]), 1, like).tolist() == [[-1], [1]]
    assert BITS.encode(labels, 3, like).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert BITS.encode(torch.tensor([0, 1]), 1, like).tolist() == [[0], [1]]
    for targets in (REAL, ONE_HOT, SIGNS, BITS):
        with pytest.raises(InputError, match="label 2 at sample 1 is out of range"):
            targets.encode(labels, 2, like)


@pytest.mark.parametrize(
    ("targets", "y", "words"),
    [
        (ONE_HOT, [[1, 0], [1, 1]], r"row 1 is \[1.0, 1.0\]; allowed: labels, or one-hot"),
        (ONE_HOT, [[0.5, 0.5]], "row 0"),
        (ONE_HOT, [[1]], "given 1 column; allowed: 2 or more"),
        (SIGNS, [[1, -1], [0, 1]], r"row 1 is \[0.0, 1.0\]; allowed: labels, or entries -1 and 1"),
        (BITS, [[1, 0], [-1, 1]], r"row 1 is \[-1.0, 1.0\]; allowed: labels, or entries 0 and 1"),
    ],
)
def test_wrong_targets_name_row_and_value(targets, y, words):
    with pytest.raises(InputError, match=words):
        targets.check(torch.tensor(y, dtype=torch.float64), "y")
    REAL.check(torch.tensor(y, dtype=torch.float64), "y")


def test_outputs_are_scored_as_the_targets_say():
    outputs = torch.tensor([[0.2, -1.0], [-3.0, -2.0]])
    assert SIGNS.right(outputs, torch.tensor([0, 1])).tolist() == [True, True]
    signs = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    assert SIGNS.right(outputs, signs).tolist() == [[True, False], [True, True]]
    assert SIGNS.right(outputs[:, :1], torch.tensor([1, 0])).tolist() == [[True], [True]]
    bits, two = torch.tensor([[0.7, 0.2], [0.4, 0.6]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    assert BITS.right(bits, two).tolist() == [[True, False], [True, True]]
    assert BITS.right(bits, torch.tensor([0, 0])).tolist() == [True, False]
    assert ONE_HOT.right(outputs, torch.eye(2)).tolist() == [True, True]


def test_class_weights_are_sample_weights_looked_up():
    like = torch.zeros(4, 1).double()
    labels = np.array([0, 0, 0, 1])
    goals = Goals.of(labels, 2, like, CrammerSinger())
    assert goals.weights(None, None) is None
    balanced = goals.weights(None, "balanced")
    torch.testing.assert_close(balanced, torch.tensor([2 / 3, 2 / 3, 2 / 3, 2.0]).double())
    both = goals.weights([1, 2, 3, 4], {1: 0.5})
    assert both.tolist() == [1, 2, 3, 2]
    again = Goals.of(np.array([[1.0], [1], [-1], [1]]), 1, like, Logistic())
    assert again.weights(None, {1: 3}).tolist() == [3, 3, 1, 3]
    for sample, by_class, words in (
        ([1, 2], None, "sample_weight: given int64 of shape"),
        ([1, 0, 1, 1], None, "given 0 at sample 1; allowed: finite numbers > 0"),
        ([1, np.nan, 1, 1], None, "given nan at sample 1"),
        (None, "even", "given 'even'; allowed: \"balanced\""),
        (None, {2: 1.0}, "given class 2; allowed: 0 to 1"),
        (None, {0: -1.0}, r"class_weight\[0\]: given -1.0"),
    ):
        with pytest.raises(InputError, match=words):
            goals.weights(sample, by_class)
    with pytest.raises(InputError, match="with labels"):
        Goals.of(np.ones((4, 2)), 2, like, Squared()).weights(None, "balanced")
