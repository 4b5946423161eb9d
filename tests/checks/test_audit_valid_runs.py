"""No false alarm: right runs are certified, whatever the penalties, shapes, data and dtype."""

from __future__ import annotations

import numpy as np
import pytest
from audit_tools import DATA, audited, explain, states_of, trained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_bcd import random_problem, random_start


def certify(seed, sweeps, dtype, data, **kind):
    problem, x, y, states = trained(
        np.random.default_rng(seed), sweeps, dtype=dtype, data=data, **kind
    )
    certificate = audited(problem, x, y, states)[0]
    assert certificate.certified, (seed, problem, explain(certificate))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("data", DATA)
def test_right_runs_are_certified(dtype, data):
    for seed in range(16):
        certify([21, seed], 8, dtype, data)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 2**32),
    depth=st.integers(1, 4),
    n=st.integers(1, 20),
    dtype=st.sampled_from(["float64", "float32"]),
    data=st.sampled_from(DATA),
    sweeps=st.integers(1, 8),
)
def test_right_runs_of_any_shape_are_certified(seed, depth, n, dtype, data, sweeps):
    certify(seed, sweeps, dtype, data, depth=depth, n=n)


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_right_runs(dtype):
    for seed in range(600):
        certify([22, seed], 15, dtype, DATA[seed % 4])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_exact_fit_is_certified_down_to_rounding(dtype, seed):
    """Y reachable, no decay: L falls to nothing, and every sweep is still judged and met."""
    rng = np.random.default_rng([23, seed])
    problem = random_problem(
        rng, depth=2, widths=[3, 6, 2], n=4, dtype=dtype, decades=0.5, compressions=("none",)
    )
    for layer in problem["layers"]:
        layer["penalties"] |= {"mu": 0, "alpha": 0.01, "gamma": 1.0, "rho": 1.0}
    x, y, start = random_start(rng, problem, "reachable")
    states = states_of(problem, x, y, start, 400)
    certificate, rows = audited(problem, x, y, states)
    assert rows[-1].after["total"] < (1e-12 if dtype == "float64" else 1e-6)
    assert certificate.certified, explain(certificate)


def test_width_one_and_one_sample():
    for seed in range(10):
        certify([24, seed], 6, "float64", "plain", depth=3, widths=[1, 1, 1, 1], n=1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_decay_no_prox_in_w_with_deficient_data(dtype):
    """H is singular: the residual is judged, the guarantee is not claimed."""
    for seed in range(6):
        rng = np.random.default_rng([25, seed])
        problem = random_problem(rng, depth=2, n=9, dtype=dtype, compressions=("none",), decades=1)
        for layer in problem["layers"]:
            layer["penalties"] |= {"mu": 0, "alpha": 0}
        x, y, start = random_start(rng, problem, "deficient")
        certificate = audited(problem, x, y, states_of(problem, x, y, start, 4))[0]
        assert certificate.exit_code == 0, explain(certificate)
        open_claims = {c.claim for c in certificate.claims if c.verdict == "not_checkable"}
        assert open_claims == {"sufficient_decrease", "rate"}


@pytest.mark.parametrize("reverse", [True, False])
def test_other_orders(reverse):
    """Forward and shuffled orders: certified where V_i precedes U_i, else open with a reason."""
    for seed in range(12):
        rng = np.random.default_rng([26, seed, reverse])
        problem = random_problem(rng, depth=3, n=7, decades=1)
        order = problem["order"][::-1]
        if not reverse:
            rng.shuffle(order)
        problem["order"] = [str(block) for block in order]
        x, y, start = random_start(rng, problem)
        certificate = audited(problem, x, y, states_of(problem, x, y, start, 6))[0]
        assert certificate.exit_code == 0, explain(certificate)
        place = {block: k for k, block in enumerate(problem["order"])}
        open_ = any(
            layer["activation"]["kind"] != "identity" and place[f"V{i}"] > place[f"U{i}"]
            for i, layer in enumerate(problem["layers"], 1)
        )
        assert certificate.certified == (not open_)
        for claim in ("membership", "relative_error", "rate"):
            if open_:
                assert certificate.claim(claim).verdict == "not_checkable"
                assert "is updated after" in certificate.claim(claim).why
        assert certificate.claim("descent").verdict == "certified"
