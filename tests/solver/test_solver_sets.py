"""Projections onto sets of matrices against every support, and against random members."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd.compressions import NM, Blocks, Columns, LowRank, Prune, Rows, SharedPrune
from nnbcd.compressions.sets import top

D, P = 4, 6
WEIGHT = st.floats(1e-3, 1e3)
MEMBERS = [
    Prune(5), Prune(24), NM(1, 3), NM(2, 6), NM(3, 3), Rows(1), Rows(3), Columns(2),
    Columns(6), Blocks((2, 3), 1), Blocks((2, 2), 4), Blocks((1, 6), 2), SharedPrune("g", 7),
]  # fmt: skip


def pools(member):
    """Lists of groups of flat indices: so many groups of each list may be nonzero."""
    index = np.arange(D * P).reshape(D, P)
    match member.kind:
        case "prune" | "shared_prune":
            return [index.reshape(-1, 1)], member.nonzeros
        case "nm":
            return [row.reshape(-1, 1) for row in index.reshape(-1, member.m)], member.n
        case "rows":
            return [index], member.count
        case "columns":
            return [index.T], member.count
        case "blocks":
            h, w = member.shape
            tiles = index.reshape(D // h, h, P // w, w).transpose(0, 2, 1, 3)
            return [tiles.reshape(-1, h * w)], member.count


def judge(member, m, z):
    """The set's definition, and the least distance found by trying every support."""
    flat_m, flat_z = m.double().numpy().ravel(), z.double().numpy().ravel()
    groups, count = pools(member)
    for pool in groups:
        used = [g for g in pool if np.any(flat_z[g] != 0)]
        assert len(used) <= count, f"{len(used)} groups of {count}"
        squares = np.square(flat_m[pool]).sum(1)
        if len(pool) > 12:  # too many supports to try: the count largest are the best of them
            least = np.sort(squares)[: len(pool) - count].sum()
        else:
            least = min(
                squares[list(dropped)].sum()
                for dropped in itertools.combinations(range(len(pool)), max(0, len(pool) - count))
            )
        inside = pool.ravel()
        distance = np.square(flat_m[inside] - flat_z[inside]).sum()
        # Sums of squares in double precision, in another order.
        assert distance <= least + 1e-15 * len(inside) * squares.sum(), (distance, least)


def matrix(seed, *, dtype=torch.float64, scale=1.0, whole=False):
    g = torch.Generator().manual_seed(seed)
    m = torch.randn(D, P, generator=g, dtype=torch.float64)
    return ((m * 2).round() if whole else m * scale).to(dtype)


@pytest.mark.parametrize("member", MEMBERS, ids=str)
@given(
    seed=st.integers(0, 10**6),
    dtype=st.sampled_from([torch.float64, torch.float32]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    whole=st.booleans(),
)
def test_no_support_is_better(member, seed, dtype, scale, whole):
    m = matrix(seed, dtype=dtype, scale=scale, whole=whole)
    z = member.project(m)
    assert z.dtype == dtype
    judge(member, m, z)


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_ties_keep_exactly_the_count_and_the_first(member):
    z = member.project(torch.ones(D, P)).numpy().ravel()
    groups, count = pools(member)
    for pool in groups:
        expected = [True] * count + [False] * (len(pool) - count)
        assert [bool(np.all(z[g] == 1)) for g in pool] == expected[: len(pool)]
        assert [bool(np.all(z[g] == 0)) for g in pool] == [not e for e in expected[: len(pool)]]


def test_top_follows_a_stable_sort_on_every_row():
    scores = (torch.arange(70).reshape(7, 10) * 37 % 5).double()
    for count in range(1, 11):
        for row, mask in zip(scores.tolist(), top(scores, count).tolist(), strict=True):
            order = sorted(range(10), key=lambda i, row=row: (-row[i], i))
            assert [i for i, kept in enumerate(mask) if kept] == sorted(order[:count])


@pytest.mark.parametrize("member", [*MEMBERS, LowRank(2)], ids=str)
@given(seed=st.integers(0, 10**6), tau=WEIGHT, alpha_z=WEIGHT)
def test_update_beats_random_members_and_decreases_as_guaranteed(member, seed, tau, alpha_z):
    w, old = matrix(seed), member.project(matrix(seed + 1))

    def value(z):
        return float(tau / 2 * (w - z).square().sum() + alpha_z / 2 * (z - old).square().sum())

    (z,) = member.update((old,), w, tau=tau, alpha_z=alpha_z)
    slack = 1e-13 * (tau + alpha_z) * float((w.square() + old.square() + z.square()).sum())
    for k in range(5):
        assert value(z) <= value(member.project(matrix(seed + 2 + k))) + slack
    step = float((z - old).square().sum())
    before, after = (tau / 2 * float((w - x).square().sum()) for x in (old, z))
    assert before - after >= alpha_z / 2 * step - slack


@given(
    seed=st.integers(0, 10**6),
    rank=st.integers(1, 4),
    dtype=st.sampled_from([torch.float64, torch.float32]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_low_rank_leaves_the_smallest_singular_values(seed, rank, dtype, scale):
    m = matrix(seed, dtype=dtype, scale=scale)
    z = LowRank(rank).project(m)
    exact, got = m.double().numpy(), z.double().numpy()
    unit = float(torch.finfo(dtype).eps) * np.linalg.norm(exact)
    assert np.all(np.linalg.svd(got, compute_uv=False)[rank:] <= 30 * unit)
    # Weyl: no matrix of this rank is nearer than the norm of the tail of the Gram's spectrum.
    tail = np.sqrt(np.maximum(np.linalg.eigvalsh(exact @ exact.T), 0))[: D - rank]
    gram_error = np.sqrt(30 * np.finfo(float).eps) * np.linalg.norm(exact) if rank == D else 0
    assert np.linalg.norm(exact - got) <= np.linalg.norm(tail) + 30 * unit + gram_error


def test_projections_do_not_alias_their_operand():
    for member in [*MEMBERS, LowRank(4)]:
        m = matrix(3)
        for z in (*member.update((m,), m, tau=1.0, alpha_z=0.0), *member.start(m)):
            assert z.data_ptr() != m.data_ptr()


FAULTS = {
    "one more": lambda scores, count: top(scores, count + 1),
    "every tie": lambda scores, count: (
        scores >= scores.kthvalue(scores.shape[-1] - count + 1, dim=-1, keepdim=True).values
    ),
    "the smallest": lambda scores, count: top(-scores, count),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(
    "member", [m for m in MEMBERS if pools(m)[1] < len(pools(m)[0][0])], ids=str
)
def test_the_judge_sees_a_wrong_choice(name, member, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules[type(member).__module__], "top", FAULTS[name])
    m = torch.ones(D, P) if name == "every tie" else matrix(8)
    with pytest.raises(AssertionError):
        judge(member, m, member.project(m))
