"""Every compression alike: budgets, names, packing, and sweeps that descend."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd.activations import LeakyRelu
from nnbcd.compressions import COMPRESSIONS
from nnbcd.data import load_digits
from nnbcd.errors import InputError
from nnbcd.objective import terms
from nnbcd.prepare import Wish, build_problem, hidden_activations, spread_penalties
from nnbcd.problem import forward_order
from nnbcd.start import from_weights, random_weights
from nnbcd.state import from_tensors
from nnbcd.sweep import Data, sweep
from random_compressions import MAKERS
from random_problems import random_case

KINDS = [kind for kind, member in COMPRESSIONS.items() if member.compresses]
KEEPS = (0.03, 0.1, 0.25, 1 / 3, 0.5, 0.75, 1.0)
SHAPES = ((12, 8), (5, 8), (16, 4))


def larger(member):
    """The members with one size more by one, whether or not they fit a layer."""
    for name in ("nonzeros", "n", "count", "rank", "bits", "ranks"):
        value = getattr(member, name, None)
        if isinstance(value, int):
            yield dataclasses.replace(member, **{name: value + 1})
        elif value is not None:
            for j in range(len(value)):
                raised = tuple(r + (i == j) for i, r in enumerate(value))
                yield dataclasses.replace(member, **{name: raised})


def fits(member, shape):
    try:
        member.validate(shape)
        member.validate_together([shape])
    except InputError:
        return False
    return True


def useful(member):
    """Whether no rank of a Tucker core exceeds the product of the others, as none need."""
    if member.kind != "tucker":
        return True
    size = torch.tensor(member.ranks).prod()
    return all(r * r <= size for r in member.ranks)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_budgets_are_never_exceeded_and_leave_no_room(kind, dtype):
    made = 0
    for shape in SHAPES:
        for keep in KEEPS:
            try:
                member = COMPRESSIONS[kind].from_budget(shape, keep=keep, dtype=dtype)
            except InputError as error:
                assert "given" in str(error)  # noqa: PT017 (which keeps are too small varies)
                assert "allowed" in str(error)  # noqa: PT017
                continue
            made += 1
            member.validate(shape)
            scale = 1 if kind == "grid" else 0  # the one number that its bits do not count
            numbers = keep * shape[0] * shape[1] * (1 + 1e-12) + scale
            assert member.stored(shape, dtype) <= numbers
            assert member.bytes(shape, dtype) > 0
            for more in larger(member):
                if fits(more, shape) and useful(more):
                    assert more.stored(shape, dtype) > numbers, (more, keep)
    assert made >= 6


@pytest.mark.parametrize("kind", KINDS)
def test_keep_outside_its_range_is_refused(kind):
    for keep in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(InputError, match=r"keep: given .*; allowed: a fraction in \(0, 1\]"):
            COMPRESSIONS[kind].from_budget((12, 8), keep=keep)
    with pytest.raises(InputError, match="given"):
        COMPRESSIONS[kind].from_budget((12, 8), keep=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_packed_unpacks_to_the_matrix(kind, dtype):
    shape = (12, 8)
    member = COMPRESSIONS[kind].from_budget(shape, keep=0.5, dtype=str(dtype)[6:])
    w = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z = member.start(w.to(dtype))
    expanded = member.expand(z, shape)
    packed = member.pack(z, shape)
    unpacked = member.unpack(packed, shape)
    assert unpacked.dtype == dtype
    # A low rank is stored as factors, computed again from Z.
    bound = 30 * torch.finfo(dtype).eps * float(expanded.norm()) if kind == "low_rank" else 0.0
    assert float((unpacked - expanded).norm()) <= bound
    floats = sum(t.numel() for t in packed.values() if t.is_floating_point())
    codes = sum(t.numel() for t in packed.values() if t.dtype == torch.int8)
    if kind == "grid":
        assert (floats, codes) == (1, 96)
    else:
        assert floats <= member.stored(shape)
    assert len(z) == len(member.names(3))
    kept = {t.data_ptr() for t in z}
    assert all(t.data_ptr() not in kept for t in packed.values())


def digits_case(kind, dtype, *, order="backward"):
    whole = load_digits()
    tensor = torch.float32 if dtype == "float32" else torch.float64
    x, y = (torch.as_tensor(part[:120], dtype=tensor) for part in (whole.x, whole.y))
    sizes = [64, 16, 12, 10]
    problem = build_problem(
        sizes,
        hidden_activations(LeakyRelu(0.1), 3),
        wish=Wish(kind, {} if kind == "none" else {"keep": 0.5}),
        samples=120,
        penalties=spread_penalties({"gamma": 0.1, "rho": 0.1, "alpha": 0.1, "alpha_z": 0.1}, 3),
        dtype=dtype,
        name=kind,
    )
    if order == "forward":
        problem = dataclasses.replace(problem, order=forward_order(problem.layers))
    data = Data.of(x, y)
    return problem, data, from_weights(problem, data, random_weights(sizes, seed=1))


@pytest.mark.parametrize(("dtype", "order"), [("float64", "backward"), ("float32", "forward")])
@pytest.mark.parametrize("kind", [kind for kind in COMPRESSIONS if kind != "tt_svd"])
def test_sweeps_on_digits_descend(kind, dtype, order):
    problem, data, state = digits_case(kind, dtype, order=order)
    values = [float(terms(problem, data, state)["total"])]
    for _ in range(5):
        state = sweep(problem, data, state)
        values.append(float(terms(problem, data, state)["total"]))
    # In float32 an update may miss its minimiser by the roundoff of the block's own terms.
    unit = float(torch.finfo(data.X.dtype).eps)
    slack = unit * 10 * values[0]
    assert all(b <= a + slack for a, b in pairwise(values)), values
    assert values[-1] < 0.9 * values[0]
    named = state.tensors(problem)
    again = from_tensors(problem, named).tensors(problem)
    assert named.keys() == again.keys()
    assert all(torch.equal(named[name], again[name]) for name in named)
    assert all(torch.isfinite(t).all() for t in named.values())


@given(
    seed=st.integers(0, 10**9),
    kinds=st.lists(st.sampled_from([k for k in COMPRESSIONS if k != "tt_svd"]), min_size=1),
    forward=st.booleans(),
)
def test_no_mixture_of_kinds_lets_the_objective_rise(seed, kinds, forward):
    case = random_case(seed, kinds=tuple(kinds))
    problem, state = case.problem, case.start
    if forward:
        problem = dataclasses.replace(problem, order=forward_order(problem.layers))
    before = float(terms(problem, case.data, state)["total"])
    for _ in range(5):
        state = sweep(problem, case.data, state)
        after = float(terms(problem, case.data, state)["total"])
        moved = sum(float(t.square().sum()) for t in state.tensors(problem).values())
        # Roundoff of a term is relative to its operands, under weights of up to 1e3.
        assert after <= before + 1e-12 * (before + 1e3 * moved)
        before = after


def test_random_problems_know_every_kind():
    assert MAKERS.keys() == COMPRESSIONS.keys()
