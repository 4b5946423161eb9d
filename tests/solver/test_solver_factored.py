"""Factored compressions: definitions written out, and each factor's step by its own equation."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd.compressions import CP, TensorTrain, TensorTrainMatrix, Tucker
from nnbcd.compressions import cp as cp_module
from nnbcd.compressions import train as train_module
from nnbcd.compressions import tucker as tucker_module

SHAPE = (6, 4)
WEIGHT = st.floats(1e-3, 1e3)
MEMBERS = [
    TensorTrain((2, 3, 4), (2, 3)),
    TensorTrainMatrix((2, 3), (2, 2), (3,)),
    TensorTrainMatrix((3, 1, 2), (1, 2, 2), (2, 2)),
    CP((6, 4), 2),
    CP((2, 3, 4), 5),
    CP((2, 3, 2, 2), 3),
    Tucker((6, 4), (2, 3)),
    Tucker((2, 3, 4), (2, 2, 3)),
    Tucker((12, 2), (5, 2)),
]


def normal(seed, *shape, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=g, dtype=torch.float64).to(dtype)


def factors(member, seed, dtype=torch.float64):
    shapes = member.factor_shapes()
    return tuple(normal(seed + j, *shape, dtype=dtype) for j, shape in enumerate(shapes))


def written_out(member, z):
    """``C(z)`` by the definition in words, one entry at a time for the matrix train."""
    z = [one.numpy() for one in z]
    match member.kind:
        case "cp":
            terms = (reduce(np.multiply.outer, [a[:, t] for a in z]) for t in range(member.rank))
            return sum(terms).reshape(SHAPE)
        case "tucker":
            entries = np.zeros(member.modes)
            for r in np.ndindex(member.ranks):
                vectors = [a[:, k] for a, k in zip(z[1:], r, strict=True)]
                entries += z[0][r] * reduce(np.multiply.outer, vectors)
            return entries.reshape(SHAPE)
        case "tt":
            entries = np.zeros(member.modes)
            for i in np.ndindex(member.modes):
                product = np.eye(1)
                for core, k in zip(z, i, strict=True):
                    product = product @ core[:, k, :]
                entries[i] = product[0, 0]
            return entries.reshape(SHAPE)
        case "tt_matrix":
            matrix = np.zeros(SHAPE)
            for a in np.ndindex(member.row_modes):
                for b in np.ndindex(member.column_modes):
                    product = np.eye(1)
                    for core, j, k in zip(z, a, b, strict=True):
                        product = product @ core[:, j, k, :]
                    row = np.ravel_multi_index(a, member.row_modes)
                    matrix[row, np.ravel_multi_index(b, member.column_modes)] = product[0, 0]
            return matrix


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_product_is_the_definition(member):
    z = factors(member, 3)
    member.validate(SHAPE)
    np.testing.assert_allclose(member.expand(z, SHAPE).numpy(), written_out(member, z), atol=1e-12)


def judge(member, old, new, w, *, tau, alpha_z):
    """Each new factor against its normal equation and its guaranteed decrease, in float64."""
    unit = 50 * float(torch.finfo(w.dtype).eps) * w.numel()
    old, new, w = [o.double() for o in old], [n.double() for n in new], w.double()
    for j, factor in enumerate(new):
        others = math.prod(float(f.norm()) for f in (*new[:j], *old[j + 1 :]))
        leaf = factor.clone().requires_grad_()
        gap = w - member.expand((*new[:j], leaf, *old[j + 1 :]), SHAPE)
        smooth = tau / 2 * gap.square().sum() + alpha_z / 2 * (leaf - old[j]).square().sum()
        (gradient,) = torch.autograd.grad(smooth, leaf)
        # A^T (W - A F) in floats errs by the norms of what it is made of; ||A|| <= others.
        reach = float(w.norm()) + others * float(old[j].norm() + factor.norm())
        steps = alpha_z * float(old[j].norm() + factor.norm())
        bound = unit * (tau * others * reach + steps)
        assert float(gradient.norm()) <= bound, f"factor {j + 1}: {gradient.norm()} > {bound}"
        before = w - member.expand((*new[:j], *old[j:]), SHAPE)
        decrease = tau / 2 * float(before.square().sum() - gap.detach().square().sum())
        step = float((factor - old[j]).square().sum())
        # An inexact solve with residual r costs at most ||r|| ||D||.
        slack = bound * math.sqrt(step) + unit * tau * reach**2
        assert decrease >= alpha_z * step - slack, f"factor {j + 1}: decrease {decrease}"


@pytest.mark.parametrize("member", MEMBERS, ids=str)
@given(
    seed=st.integers(0, 10**6),
    tau=WEIGHT,
    alpha_z=WEIGHT,
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    dtype=st.sampled_from([torch.float64, torch.float32]),
)
def test_each_factor_solves_its_own_problem(member, seed, tau, alpha_z, scale, dtype):
    w = normal(seed, *SHAPE, dtype=dtype) * scale
    old = tuple(
        f * scale ** (1 / len(member.factor_shapes())) for f in factors(member, seed, dtype)
    )
    new = member.update(old, w, tau=tau, alpha_z=alpha_z)
    assert {f.dtype for f in new} == {dtype}
    judge(member, old, new, w, tau=tau, alpha_z=alpha_z)


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_without_prox_it_is_plain_least_squares_and_stays_at_zero(member):
    w, old = normal(1, *SHAPE), factors(member, 2)
    judge(member, old, member.update(old, w, tau=2.0, alpha_z=0.0), w, tau=2.0, alpha_z=0.0)
    zero = tuple(torch.zeros_like(f) for f in old)
    for factor in member.update(zero, w, tau=1.0, alpha_z=0.0):
        assert torch.equal(factor, torch.zeros_like(factor))


def test_without_prox_a_singular_step_is_the_one_of_least_norm():
    """Two equal columns in one factor: the other's two columns share the increment."""
    member, w = CP((6, 4), 2), normal(0, *SHAPE)
    b = normal(1, 4, 1).repeat(1, 2)
    a, _ = member.update((torch.zeros(6, 2, dtype=w.dtype), b), w, tau=1.0, alpha_z=0.0)
    torch.testing.assert_close(a, (w @ torch.linalg.pinv(b).mT), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_start_is_feasible_repeatable_and_no_worse_than_zero(member, dtype):
    for scale in (1e-6, 1.0, 1e6):
        w = normal(5, *SHAPE, dtype=dtype) * scale
        z = member.start(w)
        assert [tuple(f.shape) for f in z] == [tuple(s) for s in member.factor_shapes()]
        assert all(torch.equal(a, b) for a, b in zip(z, member.start(w), strict=True))
        assert float((w - member.expand(z, SHAPE)).norm()) < 0.95 * float(w.norm())
    nothing = member.start(torch.zeros(SHAPE, dtype=dtype))
    assert torch.equal(member.expand(nothing, SHAPE), torch.zeros(SHAPE, dtype=dtype))
    w = normal(5, *SHAPE, dtype=dtype)  # and yet it can move
    moved = member.update(nothing, w, tau=1.0, alpha_z=0.01)
    assert float((w - member.expand(moved, SHAPE)).norm()) < 0.99 * float(w.norm())


@pytest.mark.parametrize("member", [m for m in MEMBERS if m.kind != "cp"], ids=str)
def test_the_start_finds_a_member_again(member):
    w = member.expand(factors(member, 11), SHAPE)
    gap = float((w - member.expand(member.start(w), SHAPE)).norm() / w.norm())
    # Bases from a Gram matrix are exact to the square root of the roundoff.
    assert gap <= 1e-7


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_start_of_a_sum_over_two_modes_is_the_truncated_svd(rank):
    for seed in range(10):
        w, member = normal(seed, *SHAPE), CP(SHAPE, rank)
        error = float((w - member.expand(member.start(w), SHAPE)).square().sum())
        least = float(torch.linalg.svdvals(w)[rank:].square().sum())
        assert least - 1e-12 <= error <= least * (1 + 1e-9)


@given(seed=st.integers(0, 10**6), tau=WEIGHT, alpha_z=WEIGHT)
def test_the_matrix_train_is_the_train_of_the_permuted_matrix(seed, tau, alpha_z):
    matrix = TensorTrainMatrix((2, 3), (2, 2), (3,))
    train = TensorTrain((4, 6), (3,))
    w = normal(seed, *SHAPE)
    permuted = torch.stack(
        [
            torch.stack([w[3 * a1 + a2, 2 * b1 + b2] for a2 in range(3) for b2 in range(2)])
            for a1 in range(2)
            for b1 in range(2)
        ]
    )
    old = factors(matrix, seed)
    folded = (old[0].reshape(1, 4, 3), old[1].reshape(3, 6, 1))
    ours = matrix.update(old, w, tau=tau, alpha_z=alpha_z)
    theirs = train.update(folded, permuted, tau=tau, alpha_z=alpha_z)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a.reshape(b.shape), b)


def with_grams(real, change):
    return lambda descent, grams, **k: real(
        descent, [None if g is None else change(g) for g in grams], **k
    )


FAULTS = {
    "Gram off by a part": lambda real: with_grams(real, lambda g: 1.01 * g),
    "Gram without its last direction": lambda real: with_grams(
        real, lambda g: g - torch.linalg.eigvalsh(g)[-1] * torch.eye(len(g), dtype=g.dtype) * 0.01
    ),
    "prox dropped": lambda real: lambda *a, **k: real(*a, **(k | {"alpha_z": 0.0})),
    "half a step": lambda real: lambda *a, **k: 0.5 * real(*a, **k),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_judge_sees_a_wrong_step(name, member, monkeypatch):
    for module in (cp_module, train_module, tucker_module):
        monkeypatch.setattr(module, "increment", FAULTS[name](module.increment))
    w, old = normal(1, *SHAPE), factors(member, 2)
    with pytest.raises(AssertionError):
        judge(member, old, member.update(old, w, tau=1.0, alpha_z=1.0), w, tau=1.0, alpha_z=1.0)


@pytest.mark.parametrize("member", [CP((2, 3, 4), 3), Tucker((2, 3, 4), (2, 2, 3))], ids=str)
def test_the_judge_sees_factors_updated_at_once(member):
    """Each solved with all others old (Jacobi): only the first solves the problem claimed."""
    w, old = normal(1, *SHAPE), factors(member, 2)
    at_once = tuple(alone(member, old, w, j) for j in range(len(old)))
    with pytest.raises(AssertionError, match="factor 2"):
        judge(member, old, at_once, w, tau=1.0, alpha_z=1.0)


def alone(member, old, w, j):
    """Factor ``j`` at ``tau = alpha_z = 1`` with the others old, by dense normal equations."""
    columns = [
        member.expand((*old[:j], unit.reshape(old[j].shape), *old[j + 1 :]), SHAPE).reshape(-1)
        for unit in torch.eye(old[j].numel(), dtype=w.dtype)
    ]
    a = torch.stack(columns, 1)
    h = a.mT @ a + torch.eye(a.shape[1], dtype=w.dtype)
    return torch.linalg.solve(h, a.mT @ w.reshape(-1) + old[j].reshape(-1)).reshape(old[j].shape)
