"""The sweep: order, products, monotone decrease measured from the objective itself."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import sweep as sweep_module
from nnbcd.objective import terms
from nnbcd.problem import Problem
from nnbcd.residual import ResidualProbe
from nnbcd.state import block_tensors, from_tensors
from nnbcd.sweep import sweep
from random_problems import random_case


@given(seed=st.integers(0, 10**9))
def test_objective_never_rises_beyond_rounding(seed):
    case = random_case(seed)
    state, before = case.start, terms(case.problem, case.data, case.start)
    for _ in range(6):
        state = sweep(case.problem, case.data, state)
        after = terms(case.problem, case.data, state)
        # Rounding of a term is relative to its operands, not to L: see tests/checks for the
        # auditor's bound.  Here a generous multiple, on the scale of the start.
        scale = 1e-12 * float(before["total"] + sum(p.square().sum() for p in _all(state)) * 1e3)
        assert float(after["total"]) <= float(before["total"]) + scale
        before = after


def _all(state):
    return [t for own in state.layers for t in (own.V, own.U, own.W, *own.Z)]


def test_blocks_are_visited_in_the_declared_order_and_only_they_change():
    case = random_case(5, depth=3)
    seen = []

    def observe(block, before, after):
        seen.append(block)
        for other in case.problem.order:
            if other != block:
                for a, b in zip(
                    block_tensors(before, other), block_tensors(after, other), strict=True
                ):
                    assert a is b

    sweep(case.problem, case.data, case.start, observe)
    assert tuple(seen) == case.problem.order
    assert seen[0] == "V3"


def test_one_product_a_layer_and_sweep(monkeypatch):
    case = random_case(5, depth=3)
    state = sweep(case.problem, case.data, case.start)
    calls = []
    real = torch.addmm
    monkeypatch.setattr(
        sweep_module.torch, "addmm", lambda *a, **k: calls.append(1) or real(*a, **k)
    )
    sweep(case.problem, case.data, state)
    hidden_v = 2  # update_v also has one product with W each
    assert len(calls) == 3 + hidden_v


def test_cached_products_never_go_stale_in_any_order():
    case = random_case(11, depth=3)
    shuffled = tuple(reversed(case.problem.order))
    problem = Problem(
        layers=case.problem.layers, samples=case.problem.samples, dtype="float64", order=shuffled
    )
    state = case.start
    for _ in range(3):
        state = sweep(problem, case.data, state)
        v = case.data.X
        for own in state.layers:
            torch.testing.assert_close(own.pre, v @ own.W.mT + own.b, rtol=1e-12, atol=1e-12)
            v = own.V


def test_states_survive_the_trace_names():
    case = random_case(3, depth=3, kinds=("tt",))
    again = from_tensors(case.problem, case.start.tensors(case.problem))
    for a, b in zip(_all(case.start), _all(again), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_v_residual_probe_is_small_and_sees_a_wrong_solve(dtype):
    case = random_case(7, depth=3, dtype=dtype, low=0.1, high=10, samples=9, largest=5)
    probe = ResidualProbe(case.problem)
    sweep(case.problem, case.data, case.start, probe)
    unit = torch.finfo(case.data.X.dtype).eps
    assert 0 <= probe.take() <= 50 * unit
    state = case.start
    probe("V1", state, state.with_layer(1, V=state.layer(1).V + 1))
    assert probe.take() > 1e4 * unit


def test_float32_stays_float32():
    case = random_case(7, depth=3, dtype="float32")
    state = sweep(case.problem, case.data, case.start)
    assert {t.dtype for t in _all(state)} == {torch.float32}
