"""Weights on a fixed support, and weights made of their factors: block by block."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import blocks, masked
from nnbcd.activations import Identity, Relu
from nnbcd.compressions import (
    CP,
    NoCompression,
    Support,
    TensorTrain,
    TensorTrainMatrix,
    TensorTrainSVD,
    Tucker,
)
from nnbcd.errors import InputError
from nnbcd.objective import terms
from nnbcd.problem import Layer, Penalties, Problem
from nnbcd.size import kept_fractions
from nnbcd.start import from_factors, from_masks, from_weights, random_weights
from nnbcd.state import from_tensors
from nnbcd.sweep import Data, sweep

WEIGHT = st.floats(1e-2, 1e2)
SEED = st.integers(0, 10**6)
SHAPE = (6, 4)
MEMBERS = [
    TensorTrain((2, 3, 4), (2, 3)),
    TensorTrain((4, 6), (2,)),  # a mode across the matrix's sides
    TensorTrainMatrix((2, 3), (2, 2), (3,)),
    CP((2, 3, 4), 5),
    Tucker((2, 3, 4), (2, 2, 3)),
]


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def hsq(x):
    return 0.5 * (x * x).sum()


def case(seed, dtype=torch.float64):
    support = (normal(seed, 5, 4) > 0).double()
    operands = (normal(seed + 1, 5, 4) * support, normal(seed + 2, 5), normal(seed + 3, 7, 5),
                normal(seed + 4, 7, 4), support)  # fmt: skip
    return tuple(t.to(dtype) for t in operands)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@given(seed=SEED, rho=WEIGHT, alpha=WEIGHT, mu=WEIGHT)
def test_supported_w_is_stationary_on_its_support_and_decreases(dtype, seed, rho, alpha, mu):
    w0, b0, u, v, support = case(seed, dtype)
    found = blocks.update_supported_w(w0, b0, u, v, support, rho=rho, alpha=alpha, mu=mu)
    assert found[0].dtype == dtype
    assert bool((found[0][support == 0] == 0).all())
    w0, b0, u, v, w, b = (t.double() for t in (w0, b0, u, v, *found))

    def plain(w, b):
        return rho * hsq(u - v @ w.mT - b) + mu * (hsq(w) + hsq(b))

    leaves = [w.clone().requires_grad_(), b.clone().requires_grad_()]
    value = plain(*leaves) + alpha * (hsq(leaves[0] - w0) + hsq(leaves[1] - b0))
    grads = torch.autograd.grad(value, leaves)
    step = hsq(w - w0) + hsq(b - b0)
    size = (rho * (v.norm() ** 2 + len(u)) + alpha + mu) * (1 + w.norm() + w0.norm() + u.norm())
    bound = 100 * torch.finfo(dtype).eps * float(size)
    assert float((grads[0] * support).abs().max()) <= bound
    assert float(grads[1].abs().max()) <= bound
    slack = bound * (1 + float(w.norm() + w0.norm() + b.norm() + b0.norm()))
    assert plain(w0, b0) - plain(w, b) >= (2 * alpha + mu) * step - slack


@given(seed=SEED, rho=WEIGHT, alpha=WEIGHT, mu=WEIGHT)
def test_a_full_support_is_no_support(seed, rho, alpha, mu):
    w0, b0, u, v, _ = case(seed)
    w0 = normal(seed + 1, 5, 4)
    ours = blocks.update_supported_w(w0, b0, u, v, w0 * 0 + 1, rho=rho, alpha=alpha, mu=mu)
    plain = blocks.update_w(w0, b0, u, v, None, rho=rho, tau=0.0, alpha=alpha, mu=mu)
    for a, b in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("limit", [1, 30, 10**6])
def test_batches_change_nothing_and_singular_rows_take_the_least_step(limit, monkeypatch):
    monkeypatch.setattr(masked, "LIMIT", limit)
    w0, b0, u, v, support = case(3)
    v = v[:, :1] @ normal(9, 1, 4)
    w, b = blocks.update_supported_w(w0, b0, u, v, support, rho=2.0, alpha=0.0, mu=0.0)
    design = torch.cat([v, torch.ones(7, 1, dtype=v.dtype)], 1)
    for k in range(5):
        kept = torch.cat([support[k] > 0, torch.tensor([True])])
        least = torch.linalg.pinv(design[:, kept]) @ (u[:, k] - v @ w0[k] - b0[k])
        moved = torch.cat([w[k] - w0[k], (b[k] - b0[k])[None]])[kept]
        torch.testing.assert_close(moved, least)


@pytest.mark.parametrize("member", MEMBERS, ids=str)
@given(seed=SEED, rho=WEIGHT, alpha_z=WEIGHT, mu=WEIGHT)
def test_each_direct_factor_solves_its_own_problem(member, seed, rho, alpha_z, mu):
    u, v, b = normal(seed, 7, 6), normal(seed + 1, 7, 4), normal(seed + 2, 6)
    old = tuple(normal(seed + 3 + j, *s) for j, s in enumerate(member.factor_shapes()))
    new = blocks.update_direct_z(old, u, v, b, compression=member, rho=rho, alpha_z=alpha_z, mu=mu)

    def plain(j, factor):
        c = member.expand((*new[:j], factor, *old[j + 1 :]), SHAPE)
        return rho * hsq(u - v @ c.mT - b) + mu * hsq(c)

    for j, factor in enumerate(new):
        leaf = factor.clone().requires_grad_()
        (g,) = torch.autograd.grad(plain(j, leaf) + alpha_z * hsq(leaf - old[j]), leaf)
        others = float(torch.stack([f.norm() for f in (*new, *old)]).max()) ** len(new)
        size = (rho * float(v.norm()) ** 2 + mu + alpha_z) * (1 + others) ** 2
        size *= 1 + float(u.norm() + b.norm())
        assert float(g.abs().max()) <= 1e-13 * size
        decrease = plain(j, old[j]) - plain(j, factor)
        step = float((factor - old[j]).square().sum())
        assert float(decrease) >= alpha_z * step - 1e-13 * size * (1 + step)


def test_a_direct_factor_of_full_rank_is_the_best_matrix():
    member = TensorTrain((6, 4), (4,))
    u, v, b, w0 = normal(0, 9, 6), normal(1, 9, 4), normal(2, 6), normal(3, 6, 4)
    old = (w0.reshape(1, 6, 4), torch.eye(4, dtype=w0.dtype).reshape(4, 4, 1))
    new = blocks.update_direct_z(old, u, v, b, compression=member, rho=2.0, alpha_z=0.0, mu=0.3)
    h = 2.0 * v.mT @ v + 0.3 * torch.eye(4, dtype=w0.dtype)
    best = torch.linalg.solve(h, 2.0 * v.mT @ (u - b)).mT
    torch.testing.assert_close(member.expand(new, SHAPE), best, rtol=1e-10, atol=1e-10)


@given(seed=SEED, rho=WEIGHT, alpha=WEIGHT, mu=WEIGHT)
def test_b_is_stationary(seed, rho, alpha, mu):
    w, b0, u, v, _ = case(seed)
    b = blocks.update_b(b0, u, v, w, rho=rho, alpha=alpha, mu=mu).requires_grad_()
    value = rho * hsq(u - v @ w.mT - b) + mu * hsq(b) + alpha * hsq(b - b0)
    (g,) = torch.autograd.grad(value, b)
    assert float(g.abs().max()) <= 1e-12 * (rho + alpha + mu) * (1 + float(u.norm() + w.norm()))


def network(compressions, dtype="float64", order="backward", mu=0.1):
    sizes = [4, 6, 6, 3]
    layers = tuple(
        Layer(inputs=p, outputs=d, activation=s, compression=c, penalties=Penalties(mu=mu))
        for (p, d), s, c in zip(
            pairwise(sizes),
            (Relu(), Relu(), Identity()),
            (*compressions, NoCompression()),
            strict=True,
        )
    )
    problem = Problem(layers=layers, samples=20, dtype=dtype, order=(order,))
    tensor = torch.float32 if dtype == "float32" else torch.float64
    data = Data.of(normal(0, 20, 4).to(tensor), normal(1, 20, 3).to(tensor))
    return problem, data, random_weights(sizes, seed=2)


MIXED = [
    (Support(10), TensorTrain((6, 6), (2,), direct=True)),
    (Tucker((2, 3, 4), (2, 2, 2), direct=True), Support(17)),
    (CP((6, 4), 3, direct=True), TensorTrainMatrix((2, 3), (3, 2), (3,), direct=True)),
]


@pytest.mark.parametrize("compressions", MIXED, ids=str)
@pytest.mark.parametrize("order", ["backward", "forward"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sweeps_descend_and_w_stays_what_it_is(compressions, order, dtype):
    problem, data, weights = network(compressions, dtype, order)
    state = from_weights(problem, data, weights)
    first = [own.Z for own in state.layers]
    values = [float(terms(problem, data, state)["total"])]
    eps = torch.finfo(data.X.dtype).eps
    for _ in range(6):
        state = sweep(problem, data, state)
        values.append(float(terms(problem, data, state)["total"]))
        assert terms(problem, data, state)["tau"] == 0
    assert all(b <= a + 100 * eps * values[0] for a, b in pairwise(values))
    assert values[-1] < 0.95 * values[0]
    v = data.X
    for layer, own, z in zip(problem.layers, state.layers, first, strict=True):
        torch.testing.assert_close(own.pre, v @ own.W.mT + own.b, rtol=100 * eps, atol=100 * eps)
        v = own.V
        if layer.compression.kind == "support":
            assert own.Z is z
            assert bool((own.W[z[0] == 0] == 0).all())
        elif layer.compressed:
            assert torch.equal(own.W, layer.compression.expand(own.Z, layer.shape))
    assert {t.dtype for t in state.tensors(problem).values()} == {data.X.dtype}
    again = from_tensors(problem, state.tensors(problem)).tensors(problem)
    assert all(torch.equal(again[k], t) for k, t in state.tensors(problem).items())


def test_problem_json_and_order_say_what_they_are():
    problem, _, _ = network(MIXED[0])
    assert problem.order == ("V3", "U3", "W3", "V2", "U2", "W2", "Z2", "V1", "U1", "W1")
    support, direct, _ = problem.to_json()["layers"]
    assert support["compression"] == {"kind": "support", "nonzeros": 10}
    assert (support["penalties"]["tau"], support["penalties"]["alpha_z"]) == (0, 0)
    assert direct["compression"]["direct"] is True
    assert (direct["penalties"]["tau"], direct["penalties"]["alpha_z"]) == (0, 0.01)
    assert "direct" not in TensorTrain((6, 6), (2,)).to_json()
    with pytest.raises(InputError, match="tt_svd direct"):
        TensorTrainSVD((6, 6), (2,), direct=True).validate((6, 6))
    kept, _ = kept_fractions(problem)
    assert kept == (10 + 24) / (24 + 36)


def test_starts_from_masks_and_from_factors():
    problem, data, weights = network(MIXED[0])
    mask = torch.zeros(6, 4)
    mask.view(-1)[:10] = 1
    state = from_masks(problem, data, weights, [mask, None, None])
    assert torch.equal(state.layer(1).W, weights[0][0] * mask.double())
    factors = [(weights[0][0],), state.layer(2).Z, (weights[2][0],)]
    with pytest.raises(InputError, match="layer 1: given a support with 0 ones; allowed: 10"):
        from_masks(problem, data, weights, [mask * 0, None, None])
    problem, data, weights = network((NoCompression(), MIXED[0][1]))
    state = from_factors(problem, data, factors, [b for _, b in weights])
    assert torch.equal(state.layer(2).W, MIXED[0][1].expand(factors[1], (6, 6)))
    factors[1] = factors[1][:1]
    with pytest.raises(InputError, match="layer 2: given Z of shapes"):
        from_factors(problem, data, factors, [b for _, b in weights])
