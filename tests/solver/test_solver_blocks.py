"""Each block update against its own objective: optimality, ties, residuals; never its formula."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import blocks
from nnbcd.activations import Identity, LeakyRelu, Relu
from nnbcd.compressions import Prune, TensorTrain, TensorTrainSVD
from nnbcd.compressions.prune import project_top
from nnbcd.linalg import solve_right
from nnbcd.losses import Squared

WEIGHT = st.floats(1e-3, 1e3)
VALUE = st.floats(-4, 4)


def normal(seed, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def gradient_at(objective, *blocks_):
    leaves = [b.detach().clone().requires_grad_() for b in blocks_]
    return torch.autograd.grad(objective(*leaves), leaves)


def hsq(x):
    return 0.5 * (x * x).sum()


@given(seed=st.integers(0, 10**6), gamma=WEIGHT, alpha=WEIGHT)
def test_v_out_is_stationary(seed, gamma, alpha):
    u, old, y = (normal(seed + k, 3, 4) for k in range(3))
    v = blocks.update_v_out(u, old, y, loss=Squared(), gamma=gamma, alpha=alpha)
    (g,) = gradient_at(lambda v: hsq(v - y) + gamma * hsq(v - u) + alpha * hsq(v - old), v)
    assert g.abs().max() <= 1e-13 * (1 + gamma + alpha) * 8


@given(seed=st.integers(0, 10**6), gamma=WEIGHT, rho=WEIGHT)
def test_hidden_v_is_stationary(seed, gamma, rho):
    s_u, u, w, b = (
        normal(seed, 5, 4),
        normal(seed + 1, 5, 3),
        normal(seed + 2, 3, 4),
        normal(seed, 3),
    )
    v = blocks.update_v(s_u, u, w, b, gamma=gamma, rho=rho)
    (g,) = gradient_at(lambda v: gamma * hsq(v - s_u) + rho * hsq(u - v @ w.mT - b), v)
    assert g.abs().max() <= 1e-11 * (gamma + rho)


@given(seed=st.integers(0, 10**6), rho=WEIGHT, tau=WEIGHT, alpha=WEIGHT, mu=WEIGHT)
def test_w_and_b_are_jointly_stationary(seed, rho, tau, alpha, mu):
    w0, b0, c = normal(seed, 3, 4), normal(seed + 1, 3), normal(seed + 2, 3, 4)
    u, v = normal(seed + 3, 6, 3), normal(seed + 4, 6, 4)

    def objective(w, b):
        fit = rho * hsq(u - v @ w.mT - b) + tau * hsq(w - c)
        return fit + mu * (hsq(w) + hsq(b)) + alpha * (hsq(w - w0) + hsq(b - b0))

    w, b = blocks.update_w(w0, b0, u, v, c, rho=rho, tau=tau, alpha=alpha, mu=mu)
    for g in gradient_at(objective, w, b):
        assert g.abs().max() <= 1e-11 * (rho + tau + alpha + mu)


def test_w_without_any_anchor_takes_the_minimum_norm_increment():
    v = normal(0, 6, 1) @ normal(1, 1, 4)  # rank one
    w0, b0, u = normal(2, 3, 4), normal(3, 3), normal(4, 6, 3)
    w, b = blocks.update_w(w0, b0, u, v, None, rho=2.0, tau=0.0, alpha=0.0, mu=0.0)
    design = torch.cat([v, torch.ones(6, 1, dtype=v.dtype)], 1)
    step = torch.linalg.pinv(design) @ (u - v @ w0.mT - b0)
    torch.testing.assert_close(torch.cat([w - w0, (b - b0)[:, None]], 1), step.mT)


@pytest.mark.parametrize("activation", [Identity(), Relu(), LeakyRelu(0.25)], ids=lambda a: a.kind)
@given(data=st.data())
def test_u_beats_every_grid_point(activation, data):
    gamma, rho, alpha = (data.draw(WEIGHT) for _ in range(3))
    v, pre, old = (torch.tensor([data.draw(VALUE)], dtype=torch.float64) for _ in range(3))

    def objective(u):
        return gamma * (v - activation(u)) ** 2 + rho * (u - pre) ** 2 + alpha * (u - old) ** 2

    u = blocks.update_u(v, pre, old, activation=activation, gamma=gamma, rho=rho, alpha=alpha)
    grid = torch.linspace(-40, 40, 4001, dtype=torch.float64)
    near = u + torch.linspace(-1e-3, 1e-3, 201, dtype=torch.float64)
    others = torch.cat([grid, near, torch.zeros(1, dtype=torch.float64)])
    slack = 1e-14 * (gamma + rho + alpha) * 64
    assert objective(u) <= objective(others).min() + slack


def test_relu_tie_stays_near_the_old_value_and_the_strict_case_jumps():
    v, w = torch.tensor([1.0]), torch.tensor([-1.0])
    weights = {"gamma": 6.0, "rho": 1.0, "alpha": 1.0}
    assert Relu().prox(v, w, w, **weights) == -1
    assert Relu().prox(v, torch.tensor([-1.5]), torch.tensor([-0.5]), **weights) == -1
    e = 1e-3
    jumped = Relu().prox(v.double() + e, w.double(), w.double(), **weights)
    torch.testing.assert_close(jumped, torch.tensor([0.5 + 0.75 * e], dtype=torch.float64))


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.data())
def test_top_s_keeps_exactly_s_with_ties_by_lowest_index(values, data):
    s = data.draw(st.integers(1, len(values)))
    kept = project_top(torch.tensor(values, dtype=torch.float64), s)
    order = sorted(range(len(values)), key=lambda i: (-abs(values[i]), i))
    expected = [float(values[i]) if i in order[:s] else 0.0 for i in range(len(values))]
    assert kept.tolist() == expected


def test_top_s_of_equal_weights_keeps_s_not_all():
    assert int((project_top(torch.ones(5, 2), 1) != 0).sum()) == 1


@given(seed=st.integers(0, 10**6), tau=WEIGHT, alpha_z=WEIGHT)
def test_each_train_core_is_stationary_given_its_neighbours(seed, tau, alpha_z):
    member = TensorTrain((2, 3, 2), (2, 2))
    w = normal(seed, 4, 3)
    old = tuple(
        normal(seed + j, *shape) for j, shape in enumerate([(1, 2, 2), (2, 3, 2), (2, 2, 1)])
    )
    new = member.update(old, w, tau=tau, alpha_z=alpha_z)
    for j in range(3):
        mixed = [*new[: j + 1], *old[j + 1 :]]

        def objective(core, j=j, mixed=mixed):
            z = (*mixed[:j], core, *mixed[j + 1 :])
            return tau * hsq(w - member.expand(z, (4, 3))) + alpha_z * hsq(core - old[j])

        (g,) = gradient_at(objective, mixed[j])
        scale = max(float(core.norm()) for core in mixed) ** 5 + float(w.norm())
        assert g.abs().max() <= 1e-12 * (1 + scale) * (tau + alpha_z)


def test_train_step_without_prox_and_with_singular_neighbours_is_finite():
    member = TensorTrain((2, 3, 2), (2, 2))
    zeros = (torch.zeros(1, 2, 2), torch.zeros(2, 3, 2), torch.zeros(2, 2, 1))
    for core in member.update(zeros, normal(0, 4, 3).float(), tau=1.0, alpha_z=0.0):
        assert torch.equal(core, torch.zeros_like(core))


def test_tt_svd_reproduces_a_train_of_its_ranks():
    member = TensorTrainSVD((2, 3, 2), (2, 2))
    cores = (normal(0, 1, 2, 2), normal(1, 2, 3, 2), normal(2, 2, 2, 1))
    w = member.expand(cores, (4, 3))
    torch.testing.assert_close(member.expand(member.start(w), (4, 3)), w)


def test_budget_is_kept_and_used():
    for keep in (0.05, 0.2, 0.34, 1.0):
        member = TensorTrain.from_budget((256, 64), keep=keep)
        stored = member.stored((256, 64))
        assert stored <= keep * 256 * 64
        assert stored >= 0.8 * keep * 256 * 64
    assert Prune.from_budget((10, 10), keep=0.07).nonzeros == 7


def test_numerically_indefinite_systems_are_solved_on_their_floor():
    h = torch.tensor([[1e8, 1e8], [1e8, 1e8]], dtype=torch.float32)
    h.diagonal().add_(1e-3)  # lost to rounding: Cholesky fails
    step = solve_right(h, torch.tensor([[1e-3, -1e-3]]), floor=1e-3)
    assert bool(torch.isfinite(step).all())
    torch.testing.assert_close(step, torch.tensor([[1.0, -1.0]]), rtol=1e-2, atol=0)


def test_no_update_changes_its_operands():
    u, old, w, b, v = (
        normal(0, 5, 3),
        normal(1, 5, 3),
        normal(2, 3, 4),
        normal(3, 3),
        normal(4, 5, 4),
    )
    z = (project_top(w, 3),)
    operands = [u, old, w, b, v, *z]
    copies = [t.clone() for t in operands]
    pre = v @ w.mT + b
    blocks.update_v_out(u, old, u, loss=Squared(), gamma=1.0, alpha=1.0)
    blocks.update_v(v, u, w, b, gamma=1.0, rho=1.0)
    blocks.update_u(u, old, u, activation=Relu(), gamma=1.0, rho=1.0, alpha=1.0)
    blocks.update_w(w, b, u, v, z[0], rho=1.0, tau=1.0, alpha=1.0, mu=1.0, pre=pre)
    blocks.update_z(z, w, compression=Prune(nonzeros=3), tau=1.0, alpha_z=1.0)
    for t, c in zip(operands, copies, strict=True):
        assert torch.equal(t, c)
