"""The torch solver under the auditor: right runs certified, planted faults refuted by name."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import blocks
from nnbcd import sweep as sweep_module
from nnbcd.compressions import Prune, TensorTrainSVD
from nnbcd.problem import Problem
from nnbcd.start import from_weights
from nnbcd.sweep import Data
from random_problems import random_case
from run_tools import complaints, judge

SEEDS = 20


@given(seed=st.integers(0, 10**9), dtype=st.sampled_from(["float64", "float64", "float32"]))
def test_every_claim_of_a_right_run_is_certified(seed, dtype):
    """In single precision a solve may be off by more than a part of L: then nothing is claimed."""
    certificate = judge(random_case(seed, dtype=dtype), 12)
    hidden = dtype == "float32" and not certificate.refuted
    if hidden and not certificate.certified:
        unclear = [c.why for c in certificate.claims if c.verdict == "not_checkable"]
        assert all("off by less than rounding may be" in why for why in unclear), unclear
        return
    assert certificate.certified, complaints(certificate)


@pytest.mark.parametrize("seed", range(0, 200, 10))
def test_long_right_runs_are_certified_down_to_rounding(seed):
    certificate = judge(random_case(seed, samples=5, largest=4), 120)
    assert certificate.certified, complaints(certificate)


@pytest.mark.parametrize("seed", [70054, 70112, 70128])
def test_underflow_in_float32_is_no_fault(seed):
    certificate = judge(random_case(seed, dtype="float32", low=1e-6, high=1e6), 8)
    assert certificate.certified, complaints(certificate)


@pytest.mark.parametrize(("dtype", "shift"), [("float32", 1e5), ("float64", 1e9)])
@pytest.mark.parametrize("seed", range(5))
def test_a_huge_constant_in_a_column_never_refutes_a_right_run(dtype, shift, seed):
    """Rounding is then as large as what a wrong update does: some claims cannot be checked."""
    case = random_case(seed, dtype=dtype, kinds=("none",), depth=2, samples=20, exact_fit=False)
    x = case.data.X.clone()
    x[:, 0] += shift
    weights = [(own.W.clone(), own.b) for own in case.start.layers]
    weights[0][0][:, 0] /= shift
    data = Data.of(x, case.data.Y)
    shifted = dataclasses.replace(case, data=data, start=from_weights(case.problem, data, weights))
    certificate = judge(shifted, 6)
    assert not certificate.refuted, complaints(certificate)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200))
def test_two_hundred_right_problems_are_certified(seed):
    for dtype in ("float64", "float32"):
        certificate = judge(random_case(seed, dtype=dtype), 60)
        assert certificate.certified, complaints(certificate)


def wrong(name, change):
    """A fault: ``blocks.name`` with ``change`` applied to its keywords."""

    def plant(monkeypatch):
        real = getattr(blocks, name)
        monkeypatch.setattr(blocks, name, lambda *a, **k: real(*a, **(k | change(k))))

    return plant


def v_from_old_w(monkeypatch):
    """V_i solved against the W_{i+1} of before this sweep."""
    real = sweep_module._step_w
    memory = {}

    def step_w(problem, data, state, i):
        memory[i] = (state.layer(i).W, state.layer(i).b)
        return real(problem, data, state, i)

    real_v = sweep_module._step_v

    def step_v(problem, data, state, i):
        if i == problem.depth:
            return real_v(problem, data, state, i)
        w, b = memory[i + 1]
        stale = state.with_layer(i + 1, W=w, b=b)
        return state.with_layer(i, V=real_v(problem, data, stale, i).layer(i).V).with_layer(
            i + 1, pre=None
        )

    monkeypatch.setitem(sweep_module._STEPS, "W", step_w)
    monkeypatch.setitem(sweep_module._STEPS, "V", step_v)


def bias_from_old_w(monkeypatch):
    """W and b each from the other's old value (Jacobi): it descends, but is not stationary."""

    def jacobi(w, b, u, v, target, **k):
        weights = {key: k[key] for key in ("rho", "alpha", "mu")}
        pre = v @ w.mT
        c = 0 if target is None else target
        tau = 0.0 if target is None else k["tau"]
        h = weights["rho"] * v.mT @ v
        h.diagonal().add_(weights["alpha"] + weights["mu"] + tau)
        rhs = weights["rho"] * (u - b).mT @ v + weights["alpha"] * w + tau * c
        new_w = torch.linalg.solve(h, rhs.mT).mT
        n = len(v)
        new_b = (weights["rho"] * (u - pre).sum(0) + weights["alpha"] * b) / (
            n * weights["rho"] + weights["alpha"] + weights["mu"]
        )
        return new_w, new_b

    monkeypatch.setattr(blocks, "update_w", jacobi)


def bias_kept_in_v(monkeypatch):
    real = blocks.update_v
    monkeypatch.setattr(blocks, "update_v", lambda s, u, w, b, **k: real(s, u, w, 0 * b, **k))


def aliased(monkeypatch):
    """The projection applied to W in place: the penalty term vanishes."""
    real = sweep_module._step_z

    def step_z(problem, data, state, i):
        state = real(problem, data, state, i)
        return state.with_layer(i, W=state.layer(i).Z[0].clone(), pre=None)

    monkeypatch.setitem(sweep_module._STEPS, "Z", step_z)


def keep_one_more(monkeypatch):
    real = Prune.update

    def update(self, z_old, w, **k):
        return real(Prune(nonzeros=self.nonzeros + 1), z_old, w, **k)

    monkeypatch.setattr(Prune, "update", update)


FAULTS = {
    "alpha dropped in W": (wrong("update_w", lambda k: {"alpha": 0.0}), "W"),
    "alpha dropped in U": (wrong("update_u", lambda k: {"alpha": 0.0}), "U"),
    "loss weight 1 for 1/2": (
        wrong("update_v_out", lambda k: {"gamma": k["gamma"] / 2, "alpha": k["alpha"] / 2}),
        "V",
    ),
    "tau halved in Z": (wrong("update_z", lambda k: {"tau": 0.5 * k["tau"]}), "Z"),
    "alpha_z dropped in Z": (wrong("update_z", lambda k: {"alpha_z": 0.0}), "Z"),
    "rho alone in U": (wrong("update_u", lambda k: {"rho": 2 * k["rho"]}), "U"),
    "mu dropped in W": (wrong("update_w", lambda k: {"mu": 0.0}), "W"),
    "V from the old W": (v_from_old_w, "V"),
    "bias from the old W": (bias_from_old_w, "W"),
    "bias kept in V": (bias_kept_in_v, "V"),
    "aliased projection": (aliased, "W"),
    "one nonzero more": (keep_one_more, "Z"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_faults_are_refuted_at_their_block(name, monkeypatch):
    plant, letter = FAULTS[name]
    plant(monkeypatch)
    for seed in range(SEEDS):
        case = faulty_case(seed, monkeypatch)
        certificate = judge(case, 4)
        assert certificate.refuted, (seed, name)
        named = {c.where.block for c in certificate.refuted if c.where is not None}
        first = certificate.refuted[0].where
        assert first is not None
        assert first.block is not None, (seed, certificate.refuted[0])
        assert first.block.startswith(letter), (seed, named, certificate.refuted[0])


def faulty_case(seed, monkeypatch):
    """A pruned problem on which every fault of the table matters: depth 2, mu > 0, s < size."""
    case = random_case(
        seed, depth=2, kinds=("prune",), low=0.3, high=3, samples=9, largest=6, exact_fit=False
    )
    layers = tuple(
        dataclasses.replace(
            layer,
            penalties=dataclasses.replace(layer.penalties, mu=0.5),
            compression=Prune(nonzeros=max(1, layer.inputs * layer.outputs // 2)),
        )
        for layer in case.problem.layers
    )
    problem = dataclasses.replace(case.problem, layers=layers)
    return rebuilt(case, problem)


def rebuilt(case, problem):
    from nnbcd.start import from_weights

    weights = [(own.W, own.b + 0.3) for own in case.start.layers]
    return dataclasses.replace(
        case, problem=problem, start=from_weights(problem, case.data, weights)
    )


def test_tt_svd_where_the_exact_step_is_claimed_is_refuted_at_z():
    for seed in range(SEEDS):
        case = random_case(
            seed, depth=2, kinds=("tt",), low=0.3, high=3, samples=9, largest=6, exact_fit=False
        )
        used = tuple(
            dataclasses.replace(
                layer, compression=TensorTrainSVD(layer.compression.modes, layer.compression.ranks)
            )
            for layer in case.problem.layers
        )
        actual = rebuilt(case, dataclasses.replace(case.problem, layers=used))
        certificate = judge(actual, 4, claimed=case.problem)
        assert certificate.refuted, seed
        assert certificate.refuted[0].where.block.startswith("Z"), (seed, certificate.refuted[0])


def test_declared_tt_svd_is_never_certified():
    case = random_case(3, depth=2, kinds=("tt_svd",), samples=9)
    certificate = judge(case, 5)
    assert not certificate.certified
    assert any(c.verdict == "not_checkable" for c in certificate.claims)


@pytest.mark.parametrize("name", ["alpha", "alpha_z"])
def test_zero_prox_is_legal_but_its_sufficient_decrease_is_not_checkable(name):
    case = random_case(4, depth=2, kinds=("prune",), samples=9)
    layers = tuple(
        dataclasses.replace(layer, penalties=dataclasses.replace(layer.penalties, **{name: 0.0}))
        for layer in case.problem.layers
    )
    zero = rebuilt(case, Problem(layers=layers, samples=case.problem.samples))
    certificate = judge(zero, 5)
    assert certificate.claim("sufficient_decrease").verdict == "not_checkable"
    assert certificate.exit_code == 0
    assert not certificate.certified
