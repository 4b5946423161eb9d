"""The solver against the exact specification, block by block from the solver's own iterates."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import nnbcd_spec
from nnbcd import activations, blocks, compressions, losses
from nnbcd.state import block_tensors
from nnbcd.sweep import sweep
from nnbcd_spec import blocks as exact_blocks
from nnbcd_spec.compressions.base import block_objective
from nnbcd_spec.exact import exact, fractions
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.values import u_value, z_value
from random_problems import random_case

SEED = st.integers(0, 10**9)
EPS = float(np.finfo(np.float64).eps)
TIE = 1e-12
KINDS = ("none", "prune", "tt")


def as_float(x):
    return np.asarray(x, dtype=object).astype(float)


class Lockstep:
    """An observer that recomputes each block by the specification and collects the errors."""

    def __init__(self, case, bound):
        self.case, self.bound = case, bound
        self.problem = case.problem.to_json()
        self.spec_problem = nnbcd_spec.Problem.from_json(self.problem)
        self.x, self.y = case.data.X.numpy(), case.data.Y.numpy()
        self.checked = 0

    def __call__(self, block, before, after):
        i = int(block[1:])
        layer = self.case.problem.layers[i - 1]
        if block[0] == "Z" and layer.compression.kind == "tt":
            return self.cores(i, before, after)
        old = {k: t.numpy() for k, t in before.tensors(self.case.problem).items()}
        expected = nnbcd_spec.update_block(self.spec_problem, self.x, self.y, old, block)
        got = after.tensors(self.case.problem)
        self.compare(
            block,
            *(
                np.concatenate(
                    [np.ravel(source[name]) for name in expected]
                )  # W and b are one block
                for source in ({k: as_float(v) for k, v in expected.items()}, got, old)
            ),
            before,
        )
        return None

    def compare(self, block, expected, got, old, before):
        self.checked += 1
        error = np.abs(expected - got).max()
        if error <= self.bound(self.case, block, before, old, expected):
            return
        assert block[0] in "UZ", f"{block}: off by {error}"
        shape = before.tensors(self.case.problem)[block].shape
        excess = self.value(block, got.reshape(shape), before) - self.value(
            block, expected.reshape(shape), before
        )
        assert abs(excess) <= TIE, f"{block}: another point, {float(excess)} worse"

    def value(self, block, x, before):
        i = int(block[1:])
        layer, own = self.case.problem.layers[i - 1], before.layer(i)
        p = layer.penalties
        if block[0] == "Z":
            compression = nnbcd_spec.COMPRESSIONS.from_json(layer.compression.to_json())
            return z_value(
                (x,), (own.Z[0].numpy(),), own.W.numpy(), compression=compression,
                tau=p.tau, alpha_z=p.alpha_z,
            )  # fmt: skip
        activation = nnbcd_spec.ACTIVATIONS.from_json(layer.activation.to_json())
        v_prev = self.x if i == 1 else before.layer(i - 1).V.numpy()
        pre = exact(v_prev, "v") @ exact(own.W.numpy(), "w").T + exact(own.b.numpy(), "b", ndim=1)
        return u_value(
            x, own.V.numpy(), fractions(pre), own.U.numpy(), activation=activation,
            gamma=p.gamma, rho=p.rho, alpha=p.alpha,
        )  # fmt: skip

    def cores(self, i, before, after):
        """Each core from the solver's own new cores before it."""
        layer = self.case.problem.layers[i - 1]
        member = nnbcd_spec.COMPRESSIONS.from_json(layer.compression.to_json())
        p, w = layer.penalties, exact(before.layer(i).W.numpy(), "w")
        old = tuple(exact(c.numpy(), "core", ndim=3) for c in before.layer(i).Z)
        new = tuple(exact(c.numpy(), "core", ndim=3) for c in after.layer(i).Z)
        for j, got in enumerate(after.layer(i).Z):

            def objective(core, j=j):
                return block_objective(
                    (*new[:j], core, *old[j + 1 :]), old, w, compression=member,
                    tau=exact([[p.tau]], "tau")[0, 0], alpha_z=exact([[p.alpha_z]], "a")[0, 0],
                    objective=STANDARD,
                )  # fmt: skip

            (core,) = minimise(objective, old[j])
            expected = as_float(fractions(core))
            cond = core_condition(before.layer(i).Z, after.layer(i).Z, j, p)
            bound = self.bound(
                self.case, f"Z{i}.{j + 1}", before, before.layer(i).Z[j].numpy(), expected, cond
            )
            error = np.abs(expected - got.numpy()).max()
            assert error <= bound, f"Z{i}.{j + 1}: off by {error}, allowed {bound}"
            self.checked += 1


def core_condition(old, new, j, p):
    left, right = np.ones((1, 1)), np.ones((1, 1))
    for core in new[:j]:
        left = (left @ core.numpy().reshape(core.shape[0], -1)).reshape(-1, core.shape[-1])
    for core in reversed(old[j + 1 :]):
        right = (core.numpy().reshape(-1, core.shape[-1]) @ right).reshape(core.shape[0], -1)
    a, b = np.linalg.eigvalsh(left.T @ left), np.linalg.eigvalsh(right @ right.T)
    top, low = p.tau * a[-1] * b[-1], p.tau * max(a[0], 0) * max(b[0], 0)
    return (top + p.alpha_z) / (low + p.alpha_z)


def condition(case, block, before):
    """Condition number of the block's linear system."""
    i = int(block[1:])
    p = case.problem.layers[i - 1].penalties
    if block[0] == "W":
        v = case.data.X if i == 1 else before.layer(i - 1).V
        h = p.rho * blocks.augmented_gram(v).numpy()
        compressed = case.problem.layers[i - 1].compressed
        h += np.diag(
            [p.mu + p.alpha + (p.tau if compressed else 0)] * (len(h) - 1) + [p.mu + p.alpha]
        )
    elif block[0] == "V" and i < case.problem.depth:
        w = before.layer(i + 1).W.numpy()
        h = case.problem.layers[i].penalties.rho * w.T @ w + p.gamma * np.eye(w.shape[1])
    else:
        return 1.0
    values = np.linalg.eigvalsh(h)
    return values[-1] / max(values[0], p.gamma if block[0] == "V" else p.mu + p.alpha)


def tight(case, block, before, old, expected, cond=None):
    return 1e-12 * (1 + np.linalg.norm(expected))


def conditioned(case, block, before, old, expected, cond=None):
    cond = condition(case, block, before) if cond is None else cond
    return 100 * EPS * cond * (np.linalg.norm(old) + np.linalg.norm(expected)) + 1e-300


def five_sweeps(seed, bound, **choices):
    case = random_case(seed, kinds=KINDS, largest=4, **choices)
    observer, state = Lockstep(case, bound), case.start
    for _ in range(5):
        state = sweep(case.problem, case.data, state, observer)
    assert observer.checked >= 5 * len(case.problem.order)


@given(seed=SEED, samples=st.integers(1, 5), depth=st.integers(1, 3))
def test_moderate_penalties(seed, samples, depth):
    five_sweeps(seed, tight, low=0.1, high=10, samples=samples, depth=depth, hard=False)


@given(seed=SEED, samples=st.integers(1, 5), depth=st.integers(1, 3))
def test_wide_penalties(seed, samples, depth):
    five_sweeps(seed, conditioned, low=1e-3, high=1e3, samples=samples, depth=depth)


FAULTS = {
    "update_w": lambda real: lambda *a, **k: real(*a, **(k | {"alpha": 0.0})),
    "update_u": lambda real: lambda *a, **k: real(*a, **(k | {"alpha": 0.5 * k["alpha"]})),
    "update_u_out": lambda real: lambda *a, **k: real(*a, **(k | {"rho": 2 * k["rho"]})),
    "update_v_out": lambda real: lambda *a, **k: real(*a, **(k | {"gamma": 1.01 * k["gamma"]})),
    "update_v": lambda real: lambda s, u, w, b, **k: real(s, u, w, 0 * b, **k),
    "update_z": lambda real: lambda *a, **k: real(*a, **(k | {"tau": 0.5 * k["tau"]})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_lockstep_sees_a_planted_fault(name, monkeypatch):
    monkeypatch.setattr(blocks, name, FAULTS[name](getattr(blocks, name)))
    caught = 0
    for seed in range(10):
        case = random_case(
            seed, kinds=("prune", "tt"), largest=4, depth=3, samples=5, low=0.1, high=10
        )
        try:
            state = case.start
            for _ in range(3):
                state = sweep(case.problem, case.data, state, Lockstep(case, tight))
        except AssertionError as error:
            # The first block named is of the planted kind.
            assert str(error)[0] == name[7].upper()  # noqa: PT017 (the observer's own assertion)
            caught += 1
    assert caught >= 9


def test_both_sides_have_the_same_updates_signatures_and_registries():
    ours = {n: f for n, f in vars(blocks).items() if n.startswith("update_")}
    theirs = {n: f for n, f in vars(exact_blocks).items() if n.startswith("update_")}
    assert sorted(ours) == sorted(theirs)
    for name, update in ours.items():
        assert required(update) == required(theirs[name]), name
    for mine, spec in (
        (activations.ACTIVATIONS, nnbcd_spec.ACTIVATIONS),
        (losses.LOSSES, nnbcd_spec.LOSSES),
        (compressions.COMPRESSIONS, nnbcd_spec.COMPRESSIONS),
    ):
        assert sorted(mine) == sorted(spec)
        assert all(member.kind == key for key, member in mine.items())


def required(update):
    """Names and kinds of the parameters without a default."""
    return [
        (p.name, p.kind)
        for p in inspect.signature(update).parameters.values()
        if p.default is inspect.Parameter.empty
    ]


def test_objective_agrees_with_the_specification():
    from nnbcd.objective import terms

    for seed in range(20):
        case = random_case(seed, largest=3, samples=3)
        ours = {k: float(v) for k, v in terms(case.problem, case.data, case.start).items()}
        named = {k: t.numpy() for k, t in case.start.tensors(case.problem).items()}
        theirs = nnbcd_spec.objective_value(
            case.problem.to_json(), case.data.X.numpy(), case.data.Y.numpy(), named
        )
        assert ours.keys() == theirs.keys()
        scale = sum(
            float(p.square().sum())
            for b in case.problem.order
            for p in block_tensors(case.start, b)
        )
        for key, value in theirs.items():
            assert abs(ours[key] - float(value)) <= 1e-12 * (
                float(theirs["total"]) + 1e3 * scale
            ), key


def test_float32_ties_are_exact_where_representable():
    tie = torch.tensor([1.0, -1.0], dtype=torch.float32)
    member = compressions.Prune(nonzeros=1)
    spec = nnbcd_spec.COMPRESSIONS.from_json(member.to_json())
    for old in (tie * 0, torch.tensor([0.0, -1.0])):
        (ours,) = member.update((old[None],), tie[None], tau=1.0, alpha_z=0.0)
        (theirs,) = exact_blocks.update_z(
            old[None].numpy(), tie[None].numpy(), compression=spec, tau=1, alpha_z=0
        )
        assert ours.tolist() == as_float(theirs).tolist() == [[1.0, 0.0]]
    w = torch.tensor([[-1.0]], dtype=torch.float64)
    kwargs = {"gamma": 6, "rho": 1, "alpha": 1}
    ours = blocks.update_u(-w, w, w, activation=activations.Relu(), **kwargs)
    theirs = exact_blocks.update_u(
        -w.numpy(), w.numpy(), w.numpy(), activation=nnbcd_spec.ACTIVATIONS["relu"](), **kwargs
    )
    assert ours.tolist() == as_float(theirs).tolist() == [[-1.0]]
