"""Every activation: its proximal step against brute force, ties, modules, JSON; planted faults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nnbcd.activations import (
    ACTIVATIONS,
    Absolute,
    HardSigmoid,
    HardTanh,
    Identity,
    LeakyRelu,
    Piecewise,
    Relu,
    Relu6,
    Sigmoid,
    Tanh,
    activation_from,
    activation_of,
)
from nnbcd.errors import InputError
from nnbcd.scalar import tanh_certificate, tanh_prox
from nnbcd.scalar.tanh import _minima
from nnbcd.tensor_ops import TORCH

STEPS = Piecewise((-2.0, 0.5, 3.0), (0.5, -1.0, 2.0, 0.0), 1.5)
MEMBERS = [
    Identity(), Relu(), LeakyRelu(0.25), Absolute(), HardTanh(), Relu6(), HardSigmoid(), STEPS,
    Tanh(), Sigmoid(),
]  # fmt: skip
SMOOTH = [Tanh(), Sigmoid()]
DTYPES = [torch.float32, torch.float64]
by_kind = pytest.mark.parametrize("activation", MEMBERS, ids=lambda a: a.kind)
SEED = st.integers(0, 10**9)


def case(seed, dtype, n=40):
    """Operands of one scale each from 1e-6 to 1e6, penalties from 1e-3 to 1e3."""
    rng = np.random.default_rng(seed)
    low, high = (-6, 6) if seed % 2 else (-1, 1)
    scales = 10.0 ** rng.uniform(low, high, 3)
    v, pre, old = (torch.as_tensor(s * rng.normal(size=n)).to(dtype) for s in scales)
    gamma, rho, alpha = (float(10.0**e) for e in rng.uniform(-3, 3, 3))
    return (v, pre, old), {"gamma": gamma, "rho": rho, "alpha": alpha if seed % 3 else 0.0}


def objective(activation, u, v, pre, old, *, gamma, rho, alpha):
    """In float64 whatever the operands."""
    u, v, pre, old = (t.double() for t in (u, v, pre, old))
    fit = gamma * (v - activation(u)) ** 2
    return 0.5 * (fit + rho * (u - pre) ** 2 + alpha * (u - old) ** 2)


def rounding(activation, u, v, pre, old, *, gamma, rho, alpha):
    """What one unit of rounding of u, and of each difference, can do to the objective."""
    unit = torch.finfo(u.dtype).eps
    u, v, pre, old = (t.double() for t in (u, v, pre, old))
    s = activation(u)
    lipschitz = max(abs(k) for k in STEPS.slopes) if activation is STEPS else 1.0
    gap = gamma * (v - s).abs() * (v.abs() + s.abs() + 1 + lipschitz * u.abs())
    moves = rho * (u - pre).abs() * (u.abs() + pre.abs())
    return unit * (gap + moves + alpha * (u - old).abs() * (u.abs() + old.abs()))


def rivals(u, v, pre, old):
    """Points near u and far, on every scale of the operands: over 4,000."""
    u, pre, old, v = (t.double() for t in (u, pre, old, v))
    far = torch.linspace(-40, 40, 2001, dtype=torch.float64)[:, None] + 0 * u
    steps = torch.logspace(-12, 7, 400, dtype=torch.float64)[:, None]
    near = [u + sign * steps * scale for sign in (-1, 1) for scale in (1, u.abs())]
    mixed = torch.linspace(0, 1, 400, dtype=torch.float64)[:, None]
    lines = [a + mixed * (b - a) for a, b in itertools.combinations((pre, old, v), 2)]
    return torch.cat([far, *near, *lines, pre[None], old[None], 0 * u[None]])


def excess(activation, u, operands, weights):
    """How far u is above the best rival, in units of rounding."""
    found = objective(activation, u, *operands, **weights)
    best = objective(activation, rivals(u, *operands), *operands, **weights).amin(0)
    # The tiny offset is for an objective of exactly 0.
    return ((found - best) / (rounding(activation, u, *operands, **weights) + 1e-300)).max()


@by_kind
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_no_point_is_better(activation, dtype):
    for seed in range(24):
        operands, weights = case(seed, dtype)
        u = activation.prox(*operands, **weights)
        assert u.dtype == dtype
        assert bool(torch.isfinite(u).all())
        assert excess(activation, u, operands, weights) <= 8, seed


@by_kind
@given(seed=SEED)
def test_the_guaranteed_decrease(activation, seed):
    operands, weights = case(seed, torch.float64, n=20)
    u, old = activation.prox(*operands, **weights), operands[2]
    plain = weights | {"alpha": 0.0}  # the decrease is of the objective, without its proximal term
    before, after = (objective(activation, t, *operands, **plain) for t in (old, u))
    lost = rounding(activation, u, *operands, **weights)
    lost = lost + rounding(activation, old, *operands, **weights)
    # alpha/2 for a nonconvex problem: the proximal term alone is what is certain.
    assert bool((before - after >= 0.5 * weights["alpha"] * (u - old) ** 2 - 8 * lost).all())


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda a: a.kind)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_smooth_minimisers_are_stationary_up_to_rounding(activation, dtype):
    for seed in range(60):
        operands, weights = case(seed, dtype)
        u = activation.prox(*operands, **weights).double().requires_grad_()
        value = objective(activation, u, *operands, **weights).sum()
        (gradient,) = torch.autograd.grad(value, u)
        v, pre, old = (t.double() for t in operands)
        size = weights["gamma"] * (v.abs() + 1) + weights["rho"] * (u.abs() + pre.abs())
        size = size + weights["alpha"] * (u.abs() + old.abs())
        assert (gradient.abs() / (torch.finfo(dtype).eps * size)).max() <= 8, seed


def test_tanh_with_two_minima_and_the_one_candidate_fault():
    """gamma = 6, beta = 1, v = 1/2, m = -22/5: minima near -4.39452 and -0.23813."""
    v, m = torch.tensor([0.5]).double(), torch.tensor([-4.4]).double()
    below, above = _minima(v, m, gamma=6.0, beta=1.0, ops=TORCH)
    torch.testing.assert_close(below, torch.tensor([-4.39452]).double(), rtol=0, atol=1e-5)
    torch.testing.assert_close(above, torch.tensor([-0.23813]).double(), rtol=0, atol=1e-5)
    best = tanh_prox(v, m, above, gamma=6.0, beta=1.0, ops=TORCH)
    assert torch.equal(best, below)
    # At v = 1 the other one wins: neither candidate alone is always right.
    weights = {"gamma": 6.0, "rho": 1.0, "alpha": 0.0}
    for value, wrong in ((0.5, 1), (3.0, 0)):
        operands = (torch.full_like(v, value), m, m)
        one = _minima(operands[0], m, gamma=6.0, beta=1.0, ops=TORCH)[wrong]
        assert excess(Tanh(), one, operands, weights) > 1e6
        assert excess(Tanh(), Tanh().prox(*operands, **weights), operands, weights) <= 8


def test_the_certificate_holds_at_minimisers_and_not_elsewhere():
    (v, pre, old), weights = case(4, torch.float64)
    m, beta = pre, weights["rho"]
    u = tanh_prox(v, m, old, gamma=weights["gamma"], beta=beta, ops=TORCH)
    kwargs = {"gamma": weights["gamma"], "beta": beta, "ops": TORCH}
    distance, holds = tanh_certificate(u, v, m, **kwargs)
    assert bool(holds.all())
    assert float(distance.max()) <= 1e-12 * (1 + float(u.abs().max()))
    moved, still = tanh_certificate(u + 1e-3, v, m, **kwargs)
    assert bool((~still | (moved >= 1e-3)).all())


def test_ties_of_several_pieces_go_to_the_nearest_then_the_lower():
    # |u| with v = 1, m = 0: minimisers -t and t.
    v, zero = torch.ones(3).double(), torch.zeros(3).double()
    old = torch.tensor([0.5, -0.5, 0.0]).double()
    u = Absolute().prox(v, zero, old, gamma=1.0, rho=1.0, alpha=0.0)
    assert u.tolist() == [0.5, -0.5, -0.5]
    # Two hills of height 1 at -1 and 1.
    zigzag = Piecewise((-2.0, -1.0, 0.0, 1.0, 2.0), (0.0, 1.0, -1.0, 1.0, -1.0, 0.0), 0.0)
    for start, expected in ((2.0, 1.0), (-2.0, -1.0), (0.0, -1.0)):
        at, one = torch.tensor([start]).double(), torch.ones(1).double()
        # v = 1 and m = 0: each hill is reached from its side towards 0.
        u = zigzag.prox(one, 0 * one, at, gamma=64.0, rho=1.0, alpha=0.0)
        assert u.sign() == np.sign(expected)
        assert abs(float(u) - expected) < 0.05


@pytest.mark.parametrize("activation", MEMBERS, ids=lambda a: a.kind)
def test_odd_and_even_members_keep_their_symmetry(activation):
    odd = activation.kind in {"identity", "hard_tanh", "tanh"}
    even = activation.kind == "abs"
    if not (odd or even):
        assert activation(torch.ones(1)) != activation(-torch.ones(1))
        return
    (v, pre, old), weights = case(6, torch.float64)
    u = activation.prox(v, pre, old, **weights)
    mirrored = activation.prox(-v if odd else v, -pre, -old, **weights)
    torch.testing.assert_close(mirrored, -u, rtol=1e-9, atol=0)


@by_kind
def test_values_pieces_modules_and_json_agree(activation):
    u = torch.linspace(-8, 8, 161, dtype=torch.float64)
    s = activation(u)
    torch.testing.assert_close(activation.module()(u), s)
    assert activation_of(activation.module()) == activation
    assert activation_from(activation.to_json()) == activation
    assert ACTIVATIONS[activation.kind] is type(activation)
    for piece in getattr(activation, "pieces", ()):
        low, high = (
            -9 if piece.low is None else piece.low,
            9 if piece.high is None else piece.high,
        )
        inside = (u >= low) & (u <= high)
        expected = piece.slope * u[inside] + piece.intercept
        torch.testing.assert_close(s[inside], expected, rtol=0, atol=1e-14)


def test_general_pieces_give_the_named_members():
    (v, pre, old), weights = case(8, torch.float64)
    same = (
        (HardTanh(), Piecewise((-1.0, 1.0), (0.0, 1.0, 0.0), -1.0)),
        (Absolute(), Piecewise((0.0,), (-1.0, 1.0), 0.0)),
        (HardSigmoid(), Piecewise((-3.0, 3.0), (0.0, 1 / 6, 0.0), 0.0)),
    )
    for named, general in same:
        torch.testing.assert_close(general(pre), named(pre), rtol=1e-12, atol=1e-15)
        u = general.prox(v, pre, old, **weights)
        torch.testing.assert_close(u, named.prox(v, pre, old, **weights), rtol=1e-9, atol=1e-12)


def test_modules_of_other_intervals_are_no_members():
    assert activation_of(nn.Hardtanh(-2, 2)) is None
    assert activation_of(nn.Softplus()) is None
    assert activation_of(nn.ReLU6()) == Relu6()
    assert activation_of(nn.Hardtanh(0, 6)) == Relu6()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("swish", 'activation: given kind "swish"; allowed: identity, relu'),
        ({"slope": 1}, "allowed: a kind, or a table with kind"),
        ({"kind": "relu", "slope": 1}, 'given key "slope"; allowed for relu: none beside kind'),
        ({"kind": "leaky_relu", "slope": 2}, "slope: given 2.0; allowed: 0 < slope < 1"),
        ({"kind": "leaky_relu", "slope": "x"}, "slope: given 'x'; allowed: a finite number"),
        ({"kind": "piecewise", "breaks": [0]}, "slopes is missing"),
        ({"kind": "piecewise", "breaks": [1, 1], "slopes": [0, 1, 2], "value": 0}, "ascending"),
        ({"kind": "piecewise", "breaks": [], "slopes": [0], "value": 0}, "one or more"),
        ({"kind": "piecewise", "breaks": [1], "slopes": [0], "value": 0}, "one more than breaks"),
        ({"kind": "piecewise", "breaks": 1, "slopes": [0], "value": 0}, "a list of finite"),
    ],
)
def test_what_is_no_activation_is_refused(given, words):
    with pytest.raises(InputError) as caught:
        activation_from(given)
    assert words in str(caught.value)
