"""A Z block that several layers own: its minimum over all supports, its place, its names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd import blocks
from nnbcd.activations import Identity, Relu
from nnbcd.compressions import Grid, NoCompression, Prune, SharedPrune
from nnbcd.errors import InputError
from nnbcd.objective import terms
from nnbcd.problem import Layer, Penalties, Problem, backward_order, forward_order
from nnbcd.size import kept_bytes, kept_fractions, layer_sizes
from nnbcd.start import from_weights, random_weights
from nnbcd.state import block_tensors, from_tensors
from nnbcd.sweep import Data, sweep

WEIGHT = st.floats(1e-2, 1e2)
SHAPES = ((2, 3), (1, 2))


def normal(seed, *shape, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=g, dtype=torch.float64).to(dtype)


def judge(s, z_old, w, z, *, tau, alpha_z):
    """No choice of ``s`` entries over both layers has a lower value, and the decrease holds."""
    z, z_old, w = (
        [np.asarray(t.double()) for t in each]
        for each in ([f[0] for f in z], [f[0] for f in z_old], w)
    )

    def value(parts):
        each = zip(tau, alpha_z, w, parts, z_old, strict=True)
        return sum(
            t / 2 * np.square(a - x).sum() + q / 2 * np.square(x - o).sum()
            for t, q, a, x, o in each
        )

    best = [(t * a + q * o) / (t + q) for t, q, a, o in zip(tau, alpha_z, w, z_old, strict=True)]
    flat = np.concatenate([m.ravel() for m in best])
    least = np.inf
    for support in itertools.combinations(range(flat.size), s):
        kept = np.zeros(flat.size)
        kept[list(support)] = flat[list(support)]
        parts = np.split(kept, [w[0].size])
        least = min(least, value([x.reshape(a.shape) for x, a in zip(parts, w, strict=True)]))
    reach = sum(
        (t + q) * (np.square(a).sum() + np.square(o).sum())
        for t, q, a, o in zip(tau, alpha_z, w, z_old, strict=True)
    )
    slack = 100 * np.finfo(float).eps * reach
    assert sum(np.count_nonzero(x) for x in z) <= s, "count"
    assert value(z) <= least + slack, "value"
    squares = sum(np.square(x - o).sum() for x, o in zip(z, z_old, strict=True))
    before, after = (
        sum(t / 2 * np.square(a - x).sum() for t, a, x in zip(tau, w, parts, strict=True))
        for parts in (z_old, z)
    )
    assert before - after >= min(alpha_z) / 2 * squares - slack, "decrease"


@given(
    seed=st.integers(0, 10**6), s=st.integers(1, 8),
    tau=st.tuples(WEIGHT, WEIGHT), alpha_z=st.tuples(WEIGHT, WEIGHT), whole=st.booleans(),
)  # fmt: skip
def test_no_support_over_the_group_is_better(seed, s, tau, alpha_z, whole):
    member = SharedPrune("g", s)
    w = [normal(seed + i, *shape) for i, shape in enumerate(SHAPES)]
    if whole:
        w = [(2 * one).round() for one in w]
    old = member.start_together([normal(seed + 5 + i, *shape) for i, shape in enumerate(SHAPES)])
    z = blocks.shared_update_z(old, w, compression=member, tau=tau, alpha_z=alpha_z)
    judge(s, old, w, z, tau=tau, alpha_z=alpha_z)


def test_ties_go_to_the_lowest_layer_then_entry_and_weights_decide():
    member = SharedPrune("g", 3)
    ones = [torch.ones(shape) for shape in SHAPES]
    old = [(torch.zeros(shape),) for shape in SHAPES]
    first, second = member.update_together(old, ones, tau=(1.0, 1.0), alpha_z=(0.0, 0.0))
    assert first[0].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert second[0].tolist() == [[0, 0]]
    # 2 against 18: an entry of 3 in the first ties with 1 in the second.
    w = [3 * ones[0], ones[1]]
    first, second = member.update_together(old, w, tau=(2.0, 18.0), alpha_z=(0.0, 0.0))
    assert int(first[0].count_nonzero()) == 3
    first, second = member.update_together(old, w, tau=(2.0, 18.5), alpha_z=(0.0, 0.0))
    assert second[0].tolist() == [[1, 1]]


def test_the_judge_sees_one_more_and_unweighted_competition():
    w = [torch.full(SHAPES[0], 1.0).double(), torch.full(SHAPES[1], 2.0).double()]
    old = SharedPrune("g", 3).start_together(w)
    weights = {"tau": (10.0, 0.1), "alpha_z": (0.01, 0.01)}
    more = SharedPrune("g", 4).update_together(old, w, **weights)
    with pytest.raises(AssertionError, match="count"):
        judge(3, old, w, more, **weights)
    plain = SharedPrune("g", 3).update_together(old, w, tau=(1.0, 1.0), alpha_z=(0.01, 0.01))
    with pytest.raises(AssertionError, match="value"):
        judge(3, old, w, plain, **weights)


def problem(members, *, order=(), dtype="float64", sizes=(4, 5, 3, 4, 2)):
    depth = len(sizes) - 1
    layers = tuple(
        Layer(
            inputs=sizes[i],
            outputs=sizes[i + 1],
            activation=Identity() if i == depth - 1 else Relu(),
            compression=members[i],
            penalties=Penalties(gamma=0.5, rho=0.7, tau=2.0 + i, alpha=0.1, alpha_z=0.2 + i / 10),
        )
        for i in range(depth)
    )
    return Problem(layers=layers, samples=9, order=order, dtype=dtype)


def started(problem_, seed=0):
    kind = torch.float32 if problem_.dtype == "float32" else torch.float64
    sizes = [problem_.layers[0].inputs, *(layer.outputs for layer in problem_.layers)]
    data = Data.of(
        normal(seed, 9, sizes[0], dtype=kind), normal(seed + 1, 9, sizes[-1], dtype=kind)
    )
    return data, from_weights(problem_, data, random_weights(sizes, seed=seed))


SHARED = SharedPrune("a", 14)
MIXED = (SHARED, Prune(4), SHARED, NoCompression())


def test_a_shared_block_has_one_name_and_stands_after_the_last_of_its_w():
    made = problem(MIXED)
    assert made.z_layers == {1: (1, 3), 2: (2,)}
    backward = "V4 U4 W4 V3 U3 W3 V2 U2 W2 Z2 V1 U1 W1 Z1"
    forward = "V1 U1 W1 V2 U2 W2 Z2 V3 U3 W3 Z1 V4 U4 W4"
    assert " ".join(made.order) == " ".join(backward_order(made.layers)) == backward
    assert " ".join(forward_order(made.layers)) == forward
    assert problem(MIXED, order=tuple(forward.split())).to_json()["order"] == forward.split()
    with pytest.raises(InputError, match="order"):
        problem(MIXED, order=(*backward.split(), "Z3"))
    assert made.to_json()["layers"][2]["compression"] == {
        "kind": "shared_prune", "group": "a", "nonzeros": 14,
    }  # fmt: skip


def test_layers_of_a_group_must_agree_and_hold_that_many():
    other = SharedPrune("a", 13)
    with pytest.raises(InputError, match=r"layer 3: given compression .*13.*14\} as in layer 1"):
        problem((SHARED, Prune(4), other, NoCompression()))
    with pytest.raises(InputError, match=r"given 33 for group 'a' of 32 entries; allowed: 1 to 32"):
        problem((SharedPrune("a", 33), Prune(4), SharedPrune("a", 33), NoCompression()))
    with pytest.raises(InputError, match="nonzeros: given 0"):
        problem((SharedPrune("a", 0), Prune(4), SharedPrune("a", 0), NoCompression()))
    problem((SharedPrune("a", 13), Prune(4), SharedPrune("b", 12), NoCompression()))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("order", ["backward", "forward", "scattered"])
def test_sweeps_move_the_shared_block_once_and_never_rise(order, dtype):
    made = problem(MIXED, dtype=dtype)
    orders = {
        "backward": made.order,
        "forward": forward_order(made.layers),
        "scattered": ("Z1", *(b for b in reversed(made.order) if b != "Z1")),
    }
    made = problem(MIXED, dtype=dtype, order=orders[order])
    data, state = started(made)
    value = float(terms(made, data, state)["total"])
    moved = []

    def observe(block, before, after):
        layers = [i for i in range(1, 5) if before.layer(i).Z is not after.layer(i).Z]
        moved.extend((block, i) for i in layers)
        owned = made.z_layers[int(block[1:])] if block[0] == "Z" else ()
        assert len(block_tensors(after, block, owned)) == max(1, len(owned), 1 + (block[0] == "W"))

    for _ in range(4):
        moved.clear()
        state = sweep(made, data, state, observe)
        assert sorted(moved) == [("Z1", 1), ("Z1", 3), ("Z2", 2)]
        now = float(terms(made, data, state)["total"])
        assert now <= value * (1 + (1e-5 if dtype == "float32" else 1e-12))
        value = now
        assert sum(int(state.layer(i).Z[0].count_nonzero()) for i in (1, 3)) == 14


def test_states_and_sizes_of_a_group():
    members = (SHARED, Grid(3), SHARED, NoCompression())
    made = problem(members)
    _, state = started(made)
    named = state.tensors(made)
    assert {n for n in named if n[0] == "Z"} == {"Z1", "Z2.1", "Z2.2", "Z3"}
    again = from_tensors(made, named)
    assert all(
        torch.equal(a, b)
        for i in (1, 2, 3)
        for a, b in zip(state.layer(i).Z, again.layer(i).Z, strict=True)
    )
    codes = 15 * 3 / 64 + 1
    kept, kept_all = kept_fractions(made)
    assert kept == pytest.approx((14 + codes) / 47)
    assert kept_all == pytest.approx((14 + codes + 8 + 14) / (47 + 8 + 14))
    records = layer_sizes(made, state)
    assert records[0]["stored"] + records[2]["stored"] == 14
    assert kept_bytes(made) == (14 * 12 + (6 + 8) + 8 * 8 + 14 * 8, (47 + 8 + 14) * 8)


def test_a_group_of_one_is_pruning():
    w, old = normal(1, 3, 4), normal(2, 3, 4)
    shared, alone = SharedPrune("g", 5), Prune(5)
    weights = {"tau": 2.0, "alpha_z": 0.3}
    assert torch.equal(
        shared.update((old,), w, **weights)[0], alone.update((old,), w, **weights)[0]
    )
    with pytest.raises(InputError, match="given 2 layers; allowed: one a block"):
        alone.update_together([(w,), (w,)], [w, w], tau=(1.0, 1.0), alpha_z=(1.0, 1.0))
