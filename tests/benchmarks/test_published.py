"""The published formulas as transcribed minimise what they say, and where that is ours, agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmarks import published as formulas
from benchmarks.problems import FLARE, HAR, build, tiny
from benchmarks.published import Published, assembled, decomposed, relu_step
from nnbcd import blocks
from nnbcd.activations import Relu
from nnbcd.compressions import train
from nnbcd.objective import terms
from nnbcd.state import LayerState, State
from nnbcd.sweep import sweep

EXACT = {"rtol": 1e-9, "atol": 1e-11}


def started(case=HAR, compression="tt", warm=1):
    problem, data, state = build(tiny(case), compression, dtype="float64", device="cpu")
    for _ in range(warm):
        state = sweep(problem, data, state)
    return problem, data, state


def rows(layers):
    """The published iterate with samples as rows."""
    return State(tuple(LayerState(o.V.mT, o.U.mT, o.W, o.b[:, 0], o.G) for o in layers))


class Wrong(Published):
    """Twice the weight of the products."""

    def _penalties(self, i):
        own = super()._penalties(i)
        return replace(own, rho=2 * own.rho)


def check_v_and_u(member):
    problem, data, state = started()
    paper = member.of(problem, data)
    checked = []

    def observe(block, before, after):
        i = int(block[1:])
        step = {"V": paper.step_v, "U": paper.step_u}.get(block[0])
        if step is not None:
            theirs = getattr(step(paper.start(before), i), block[0]).mT
            torch.testing.assert_close(theirs, getattr(after.layer(i), block[0]), **EXACT)
            checked.append(block)

    sweep(problem, data, state, observe)
    assert len(checked) == 2 * problem.depth


def test_v_and_u_of_every_layer_agree_with_ours():
    check_v_and_u(Published)
    with pytest.raises(AssertionError, match="not close"):
        check_v_and_u(Wrong)


@pytest.mark.parametrize("compression", ["none", "tt"])
def test_w_and_b_are_each_where_their_gradient_vanishes(compression):
    problem, data, state = started(compression=compression)
    paper, layers = Published.of(problem, data), Published.of(problem, data).start(state)
    for i in range(1, problem.depth + 1):
        p, old = problem.layers[i - 1].penalties, layers[i - 1]
        v = paper.X if i == 1 else layers[i - 2].V
        goal = assembled(old.G, old.W) if old.G else None

        def value(w, b, p=p, old=old, v=v, goal=goal):
            fit = 0.5 * p.rho * (old.U - w @ v - b).square().sum()
            fit = fit + 0.5 * p.alpha * ((w - old.W).square().sum() + (b - old.b).square().sum())
            return fit if goal is None else fit + 0.5 * p.tau * (w - goal).square().sum()

        stepped = list(layers)
        stepped[i - 1] = paper.step_w(stepped, i)
        w, b = stepped[i - 1].W, paper.step_b(stepped, i).b
        for at, of in ((w, lambda x, old=old: value(x, old.b)), (b, lambda x, w=w: value(w, x))):
            x = at.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(of(x), x)
            assert float(gradient.abs().max()) < 1e-8


def test_b_held_makes_our_w_theirs():
    """With samples and targets mirrored b stays 0, and both W problems are one."""
    problem, data, _ = started(FLARE, "none", warm=0)
    v = torch.cat([data.X, -data.X])
    w_old = torch.randn(3, v.shape[1], generator=torch.Generator().manual_seed(1)).double()
    u = torch.cat([data.X, -data.X]) @ w_old.mT * 1.5
    b = torch.zeros(3, dtype=torch.float64)
    p = problem.layers[0].penalties
    ours, ours_b = blocks.update_w(
        w_old, b, u, v, None, rho=p.rho, tau=p.tau, alpha=p.alpha, mu=p.mu
    )
    paper = Published(problem, v.mT.contiguous(), data.Y.mT)
    layer = formulas.Layer(u.mT, u.mT.contiguous(), w_old, b[:, None])
    torch.testing.assert_close(paper.step_w([layer, layer], 1).W, ours, **EXACT)
    assert float(ours_b.abs().max()) < 1e-12


def test_relu_step_is_ours_away_from_ties():
    generator = torch.Generator().manual_seed(3)
    a, b = torch.randn(2, 4000, generator=generator, dtype=torch.float64)
    for c in (0.25, 1.0, 4.0):
        ours = Relu().prox(a, b, b, gamma=1.0, rho=c, alpha=0.0)
        torch.testing.assert_close(relu_step(a, b, c), ours, **EXACT)


def test_trains_are_those_of_truncated_svds():
    problem, _, state = started()
    for layer, own in zip(problem.layers, state.layers, strict=True):
        if own.Z:
            ours = train.tt_svd(own.W, layer.compression.modes, layer.compression.ranks)
            theirs = assembled(decomposed(own.W, own.Z), own.W)
            torch.testing.assert_close(theirs, train.contract(ours).reshape(own.W.shape), **EXACT)


@pytest.mark.parametrize("compression", ["none", "tt"])
def test_logged_objective_is_ours_and_falls(compression):
    problem, data, state = started(compression=compression, warm=0)
    paper = Published.of(problem, data)
    layers, before = paper.start(state), None
    for _ in range(3):
        layers = paper.sweep(layers)
        logged, own = paper.objective(layers), terms(problem, data, rows(layers))["total"]
        torch.testing.assert_close(logged, own, rtol=1e-12, atol=1e-12)
        assert before is None or compression == "tt" or float(logged) <= before
        before = float(logged)
