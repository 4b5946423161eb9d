"""Weights on a support and weights made of factors: the solver against the specification."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nnbcd import blocks
from nnbcd.compressions import COMPRESSIONS
from nnbcd_spec import blocks as spec
from nnbcd_spec.compressions import COMPRESSIONS as SPECIFIED

SEEDS = range(8)
D, P, N = 4, 6, 5
DIRECT = {
    "tt": {"modes": (2, 2, 2, 3), "ranks": (2, 2, 2)},
    "tt_matrix": {"row_modes": (2, 2), "column_modes": (2, 3), "ranks": (2,)},
    "cp": {"modes": (4, 6), "rank": 2},
    "tucker": {"modes": (4, 6), "ranks": (2, 3)},
}


def quarters(random, *shape):
    """Random multiples of a quarter: exact in both."""
    return random.integers(-8, 9, shape) / 4


def tensor(x):
    return torch.as_tensor(np.array(x, dtype=np.float64))


def close(got, right):
    """Within the rounding of small, well conditioned systems."""
    exact = np.array(right, dtype=np.float64)
    np.testing.assert_allclose(got.numpy(), exact, rtol=1e-10, atol=1e-10)


@pytest.fixture(params=SEEDS)
def drawn(request):
    random = np.random.default_rng(request.param)
    own = {"u": quarters(random, N, D), "v_prev": quarters(random, N, P)}
    return random, own, {"rho": 0.5, "mu": 0.25}


def test_weights_on_a_support(drawn):
    random, own, penalties = drawn
    support = (random.random((D, P)) < 0.4).astype(float)
    w_old, b_old = quarters(random, D, P) * support, quarters(random, D)
    mine = blocks.update_supported_w(
        *map(tensor, (w_old, b_old, own["u"], own["v_prev"], support)), alpha=0.125, **penalties
    )
    right = spec.update_supported_w(
        w_old, b_old, own["u"], own["v_prev"], support, alpha=0.125, **penalties
    )
    for got, wanted in zip(mine, right, strict=True):
        close(got, wanted)
    assert not mine[0][torch.as_tensor(support) == 0].any()


def test_the_bias_beside_factors(drawn):
    random, own, penalties = drawn
    w, b_old = quarters(random, D, P), quarters(random, D)
    given = (b_old, own["u"], own["v_prev"], w)
    mine = blocks.update_b(*map(tensor, given), alpha=0.125, **penalties)
    close(mine, spec.update_b(*given, alpha=0.125, **penalties))


@pytest.mark.parametrize("kind", DIRECT)
def test_factors_fitted_directly(drawn, kind):
    random, own, penalties = drawn
    keys = DIRECT[kind] | {"direct": True}
    specified = SPECIFIED.from_json({"kind": kind, **keys})
    z = tuple(quarters(random, *shape) for shape in specified.shapes((D, P)))
    b = quarters(random, D)
    mine = blocks.update_direct_z(
        tuple(map(tensor, z)), *map(tensor, (own["u"], own["v_prev"], b)),
        compression=COMPRESSIONS[kind](**keys), alpha_z=0.125, **penalties,
    )  # fmt: skip
    right = spec.update_direct_z(
        z, own["u"], own["v_prev"], b, compression=specified, alpha_z=0.125, **penalties
    )
    for got, wanted in zip(mine, right, strict=True):
        close(got, wanted)
