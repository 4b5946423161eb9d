"""Codes and scale: every code tried, the scale by its own equation, ties, planted faults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nnbcd.compressions import Grid
from nnbcd.compressions import grid as grid_module

SHAPE = (2, 3)
WEIGHT = st.floats(1e-3, 1e3)
DTYPES = st.sampled_from([torch.float64, torch.float32])


def normal(seed, *shape, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=g, dtype=torch.float64).to(dtype)


def judge(member, old, new, w, *, tau, alpha_z):
    """The set, the two steps each by its own optimality, and the guaranteed decrease."""
    unit = 20 * float(torch.finfo(w.dtype).eps)
    codes, scale = (t.double().numpy() for t in new)
    old_codes, old_scale = (t.double().numpy() for t in old)
    w = w.double().numpy()
    top = 2 ** (member.bits - 1) - 1
    assert codes.shape == w.shape
    assert scale.shape == (1,)
    assert np.array_equal(codes, np.round(codes))
    assert np.abs(codes).max() <= top
    assert scale[0] > 0
    c_old = old_scale * old_codes

    def value(c):
        near, slow = np.square(w - c), np.square(c - c_old)
        return tau / 2 * near.sum() + alpha_z / 2 * slow.sum()

    reach = np.square(w).sum() + np.square(c_old).sum() + np.square(scale * codes).sum()
    reach += np.square(old_scale * codes).sum()
    slack = unit * (tau + alpha_z) * reach
    # The codes at the old scale: entries are independent, so each is tried on its own.
    every = np.arange(-top, top + 1)[:, None, None] * old_scale
    each = tau / 2 * np.square(w - every) + alpha_z / 2 * np.square(every - c_old)
    assert value(old_scale * codes) <= each.min(0).sum() + slack, "codes"
    # The scale at the new codes: the gradient of a parabola.
    gradient = (codes * (tau * (scale * codes - w) + alpha_z * (scale * codes - c_old))).sum()
    size = np.linalg.norm(codes)
    assert abs(gradient) <= unit * (tau + alpha_z) * size * np.sqrt(reach), "scale"
    if size == 0:
        assert scale == old_scale
    new_c = scale * codes
    before, after = (tau / 2 * np.square(w - c).sum() for c in (c_old, new_c))
    step = np.square(new_c - c_old).sum()
    assert before - after >= alpha_z / 2 * step - slack, "decrease"


@given(
    seed=st.integers(0, 10**6), bits=st.integers(2, 8), tau=WEIGHT, alpha_z=WEIGHT,
    size=st.sampled_from([1e-6, 1.0, 1e6]), spread=st.floats(0.01, 10), dtype=DTYPES,
)  # fmt: skip
def test_both_steps_are_optimal_from_any_scale(seed, bits, tau, alpha_z, size, spread, dtype):
    member, top = Grid(bits), 2 ** (bits - 1) - 1
    w = normal(seed, *SHAPE, dtype=dtype) * size
    g = torch.Generator().manual_seed(seed)
    codes = torch.randint(-top, top + 1, SHAPE, generator=g).to(dtype)
    old = (codes, torch.tensor([spread * size], dtype=dtype))
    new = member.update(old, w, tau=tau, alpha_z=alpha_z)
    assert {t.dtype for t in new} == {dtype}
    judge(member, old, new, w, tau=tau, alpha_z=alpha_z)


@given(seed=st.integers(0, 10**6), bits=st.integers(2, 3), dtype=DTYPES)
def test_the_start_is_as_good_as_its_scales_allow(seed, bits, dtype):
    """For codes Q with least-squares scale t, a scale s tried gives at most what (s, Q) does:

    ``||w - t Q||^2 + (s - t)^2 ||Q||^2``.
    """
    member, w = Grid(bits), normal(seed, 1, 4, dtype=dtype)
    codes, scale = member.start(w)
    flat, top = w.double().numpy().ravel(), member.top_code
    tried = np.abs(flat).max() / top * np.arange(1, 33) / 32
    every = np.array(list(itertools.product(range(-top, top + 1), repeat=4)), dtype=float)
    every = every[every.any(1)]
    square = np.square(every).sum(1)
    fitted = every @ flat / square
    errors = np.square(flat - fitted[:, None] * every).sum(1)
    away = np.abs(fitted[:, None] - tried).min(1)
    got = np.square(flat - (scale * codes).double().numpy().ravel()).sum()
    unit = 20 * float(torch.finfo(dtype).eps) * np.square(flat).sum()
    assert errors.min() - unit <= got <= (errors + np.square(away) * square).min() + unit


def test_of_two_equally_near_codes_the_lower_and_no_negative_zero():
    m = torch.tensor([[0.5, 1.5, -0.5, -1.5, 2.5, -2.5, -0.1, 9.0, -9.0]])
    codes = grid_module.nearest_codes(m, torch.ones(1), 3)
    assert codes.tolist() == [[0, 1, -1, -2, 2, -3, 0, 3, -3]]
    assert not bool(torch.signbit(codes[codes == 0]).any())


def test_where_all_codes_are_zero_the_scale_stays():
    old = (torch.zeros(SHAPE), torch.tensor([5.0]))
    codes, scale = Grid(2).update(old, torch.full(SHAPE, 0.1), tau=1.0, alpha_z=1.0)
    assert torch.equal(codes, torch.zeros(SHAPE))
    assert scale.tolist() == [5.0]
    assert Grid(4).start(torch.zeros(SHAPE))[1].tolist() == [1.0]


def test_codes_are_stored_as_bytes_and_come_back():
    member, w = Grid(8), normal(3, *SHAPE)
    z = member.start(w)
    packed = member.pack(z, SHAPE)
    assert packed["codes"].dtype == torch.int8
    assert torch.equal(member.unpack(packed, SHAPE), member.expand(z, SHAPE))


def stale_scale(real):
    """The scale refitted with codes other than the new ones: here the clipped signs."""
    return lambda m, codes, scale: real(m, codes.sign(), scale)


FAULTS = {
    "scale at other codes": ("fitted_scale", stale_scale, "scale"),
    "scale kept": ("fitted_scale", lambda real: lambda m, codes, scale: scale, "scale"),
    "codes rounded down": (
        "nearest_codes",
        lambda real: lambda m, scale, top: (m / scale).floor().clamp(-top, top),
        "codes",
    ),
    "codes one beyond": (
        "nearest_codes",
        lambda real: lambda m, scale, top: real(m, scale, top + 1),
        "max",
    ),
    "codes not whole": (
        "nearest_codes",
        lambda real: lambda m, scale, top: (m / scale).clamp(-top, top),
        "round",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_judge_sees_a_wrong_step(name, monkeypatch):
    function, change, named = FAULTS[name]
    monkeypatch.setattr(grid_module, function, change(getattr(grid_module, function)))
    w, old = (
        normal(4, *SHAPE),
        (torch.ones(SHAPE, dtype=torch.float64), torch.tensor([0.2]).double()),
    )
    new = Grid(3).update(old, w, tau=1.0, alpha_z=0.5)
    with pytest.raises(AssertionError, match=named):
        judge(Grid(3), old, new, w, tau=1.0, alpha_z=0.5)


@pytest.mark.parametrize("order", ["scale at the old codes", "scale first"])
def test_the_judge_sees_the_two_steps_mixed_up(order):
    member, w = Grid(3), normal(4, *SHAPE)
    old_codes, old_scale = w.sign(), torch.tensor([0.2], dtype=torch.float64)
    stale = grid_module.fitted_scale(w, old_codes, old_scale)
    scale = old_scale if order == "scale at the old codes" else stale
    codes = grid_module.nearest_codes(w, scale, member.top_code)
    with pytest.raises(AssertionError, match=r"codes|scale"):
        judge(member, (old_codes, old_scale), (codes, stale), w, tau=1.0, alpha_z=0.0)
