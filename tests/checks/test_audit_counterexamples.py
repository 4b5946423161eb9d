"""Exact counterexamples from the literature's pitfalls: what must be refuted, and why."""

from __future__ import annotations

import ast
import copy
from pathlib import Path

import numpy as np
import pytest
from audit_tools import audited, explain, states_of, trained
from naive_bcd import random_problem, random_start

import nnbcd_checks
from nnbcd_checks.claims import CLAIMS


def one_layer(compression, n, inputs, outputs, **penalties):
    base = {"gamma": 1.0, "rho": 1.0, "tau": 1.0, "alpha": 1.0, "alpha_z": 1.0, "mu": 0.0}
    return {
        "format": "nnbcd-trace",
        "version": 1,
        "name": "counterexample",
        "samples": n,
        "dtype": "float64",
        "loss": {"kind": "squared"},
        "order": ["V1", "U1", "W1", "Z1"],
        "layers": [
            {
                "inputs": inputs,
                "outputs": outputs,
                "activation": {"kind": "identity"},
                "compression": compression,
                "penalties": base | penalties,
            }
        ],
    }


def tt_svd_rise():
    """A truncated TT-SVD inside a sweep raises L: 269/100 -> 261/100 -> 277/100.

    X = [I, -I] so that the bias stays 0; rho = gamma = 1/2, tau = alpha = 1.
    """
    ranks_one = {"kind": "tt_svd", "modes": [2, 2, 2], "ranks": [1, 1]}
    problem = one_layer(ranks_one, 8, 4, 2, gamma=0.5, rho=0.5)
    x = np.vstack([np.eye(4), -np.eye(4)])
    w0 = np.array([[1.2, 0, 0, 0], [0, 0.8, 0.8, 0]])
    w1 = np.array([[1.0, 0, 0, 0], [0, 0.8, 0.8, 0]])
    u = x @ np.array([[0.6, 0, 0, 0], [0, 1.6, 1.6, 0]]).T
    v = x @ np.array([[0.0, 0, 0, 0], [0, 2.4, 2.4, 0]]).T
    y = x @ np.array([[-0.3, 0, 0, 0], [0, 2.8, 2.8, 0]]).T
    first, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])

    def cores(scale, a, b, c):
        return {
            "Z1.1": scale * a.reshape(1, 2, 1),
            "Z1.2": b.reshape(1, 2, 1),
            "Z1.3": c.reshape(1, 2, 1),
        }

    fixed = {"V1": v, "U1": u, "b1": np.zeros(2)}
    old = fixed | {"W1": w0} | cores(1.2, first, first, first)
    new = fixed | {"W1": w1} | cores(0.8, second, first, second)
    return problem, x, y, [old, new]


def test_tt_svd_in_a_sweep_is_refuted_at_z():
    problem, x, y, states = tt_svd_rise()
    certificate, rows = audited(problem, x, y, states)
    assert rows[0].before["total"] == pytest.approx(2.69)
    assert rows[0].after["total"] == pytest.approx(2.77)
    assert [round(block.decrease, 12) for block in rows[0].blocks] == [0, 0, 0.08, -0.16]
    claim = certificate.claim("monotone_decrease")
    assert (claim.verdict, claim.where.block, claim.where.sweep) == ("refuted", "Z1", 1)
    assert certificate.refuted == (claim,)
    assert certificate.exit_code == 1
    assert certificate.claim("block_optimality").verdict == "not_checkable"


def test_the_same_declared_as_tt_is_refuted_as_no_minimiser():
    problem, x, y, states = tt_svd_rise()
    problem["layers"][0]["compression"]["kind"] = "tt"
    claim = audited(problem, x, y, states)[0].refuted[0]
    assert (claim.claim, claim.where.block) == ("block_optimality", "Z1.1")


def test_a_falling_tt_svd_run_is_open_not_certified():
    rng = np.random.default_rng(61)
    for _ in range(10):
        problem = random_problem(rng, depth=2, n=6, decades=0.5, compressions=("tt_svd",))
        x, y, start = random_start(rng, problem)
        certificate, rows = audited(problem, x, y, states_of(problem, x, y, start, 5))
        rises = [b for row in rows for b in row.blocks if b.decrease < -b.decrease_tolerance]
        assert certificate.exit_code == (1 if rises else 0), explain(certificate)
        assert not certificate.certified
        assert all(b.block[0] == "Z" for b in rises)
        for name in ("block_optimality", "descent", "sufficient_decrease", "rate", "membership"):
            assert certificate.claim(name).verdict == "not_checkable"
            assert "TT-SVD" in certificate.claim(name).why


def fixed_but(problem, x, y, start, name, value):
    """A sweep in which only one tensor moves, as the counterexample has it."""
    return audited(problem, x, y, [start, start | {name: value}])


def test_pruning_without_its_prox_jumps_without_decrease():
    """W = [1, 1], one nonzero, Z = [0, 1] -> [1, 0]: decrease 0, squared step 2."""
    problem = one_layer({"kind": "prune", "nonzeros": 1}, 1, 2, 1)
    start = {
        "V1": np.zeros((1, 1)),
        "U1": np.zeros((1, 1)),
        "W1": np.ones((1, 2)),
        "b1": np.zeros(1),
        "Z1": np.array([[0.0, 1.0]]),
    }
    moved = np.array([[1.0, 0.0]])
    for alpha_z, wrong in ((1.0, True), (0.0, False)):
        problem["layers"][0]["penalties"]["alpha_z"] = alpha_z
        rows = fixed_but(problem, np.zeros((1, 2)), np.zeros((1, 1)), start, "Z1", moved)[1]
        block = rows[0].blocks[-1]
        assert (block.decrease, block.step) == (0.0, pytest.approx(2**0.5))
        assert (block.excess > block.excess_tolerance) is wrong
        broken = block.decrease < block.constant * block.step**2 - block.decrease_tolerance
        assert broken is wrong


def test_pruning_attains_its_constant():
    """tau = alpha_z = 1, W = [2, 1], Z = [0, 1] -> [1, 0]: decrease 1 = alpha_z / 2 * 2."""
    problem = one_layer({"kind": "prune", "nonzeros": 1}, 1, 2, 1)
    start = {
        "V1": np.zeros((1, 1)),
        "U1": np.zeros((1, 1)),
        "W1": np.array([[2.0, 1.0]]),
        "b1": np.zeros(1),
        "Z1": np.array([[0.0, 1.0]]),
    }
    moved = np.array([[1.0, 0.0]])
    block = fixed_but(problem, np.zeros((1, 2)), np.zeros((1, 1)), start, "Z1", moved)[1][0].blocks[
        -1
    ]
    assert (block.decrease, block.constant * block.step**2) == (1.0, pytest.approx(1.0))
    assert block.excess == 0.0


def test_pruning_too_much_or_the_wrong_entry():
    """M = [3, 1, 1/2], two nonzeros allowed, tau + alpha_z = 2: excess is ||Z - M||^2 - 1/4."""
    problem = one_layer({"kind": "prune", "nonzeros": 2}, 1, 3, 1)
    start = {
        "V1": np.zeros((1, 1)),
        "U1": np.zeros((1, 1)),
        "W1": np.array([[3.0, 2.0, 1.0]]),
        "b1": np.zeros(1),
        "Z1": np.array([[3.0, 0.0, 0.0]]),
    }
    for moved, excess in (
        ([3.0, 1.0, 0.0], 0.0),
        ([3.0, 0.0, 0.0], 1.0),
        ([3.0, 0.0, 0.5], 0.75),
        ([0.0, 1.0, 0.5], 8.75),
        ([3.0, 1.5, 0.0], 0.25),
    ):
        got = fixed_but(problem, np.zeros((1, 3)), np.zeros((1, 1)), start, "Z1", np.array([moved]))
        block = got[1][0].blocks[-1]
        assert block.excess == pytest.approx(excess)
        assert (block.excess <= block.excess_tolerance) is (excess == 0)


def relu_step(gamma, rho, alpha, v, w, u0, u, dtype="float64"):
    """The row of U_1 in a two-layer net where only the scalar U_1 moves."""
    problem = one_layer(
        {"kind": "none"}, 1, 1, 1, gamma=gamma, rho=rho, alpha=alpha, tau=0, alpha_z=0
    )
    layer = problem["layers"][0]
    problem["layers"] = [layer | {"activation": {"kind": "relu"}}, copy.deepcopy(layer)]
    problem["order"] = ["V2", "U2", "W2", "V1", "U1", "W1"]
    one = np.ones((1, 1))
    start = {"V1": v * one, "U1": u0 * one, "W1": w * one, "b1": np.zeros(1)}
    start |= {"V2": 0 * one, "U2": 0 * one, "W2": 0 * one, "b2": np.zeros(1)}
    problem["dtype"] = dtype
    start = {name: value.astype(dtype) for name, value in start.items()}
    one = one.astype(dtype)
    row = fixed_but(problem, one, one, start, "U1", (u * one).astype(dtype))[1][0]
    return next(block for block in row.blocks if block.block == "U1")


def test_relu_step_tie_and_limit():
    """gamma = 6, rho = alpha = 1, v = 1, w = u0 = -1: minimisers -1 and 1/2, decrease 9/8."""
    stay, jump = (relu_step(6.0, 1.0, 1.0, 1.0, -1.0, -1.0, u) for u in (-1.0, 0.5))
    assert stay.excess <= stay.excess_tolerance
    assert jump.excess <= jump.excess_tolerance
    assert jump.decrease == pytest.approx(9 / 8)
    assert jump.decrease == pytest.approx(jump.constant * jump.step**2)
    between = relu_step(6.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0)
    assert between.excess > between.excess_tolerance
    e = 0.01
    stay = relu_step(6.0, 1.0, 1.0, 1 + e, -1.0, -1.0, -1.0)
    assert stay.excess > stay.excess_tolerance  # off the tie, staying is wrong


@pytest.mark.parametrize("u", [-1.0, 0.5])
def test_relu_step_at_a_tie_to_rounding(u):
    """A few roundoffs beside the tie either minimiser is a right answer; 1e-6 beside, one is."""
    near = relu_step(6.0, 1.0, 1.0, 1 + 4e-16 * (1 if u < 0 else -1), -1.0, -1.0, u)
    assert 0 < near.excess <= near.excess_tolerance
    far = relu_step(6.0, 1.0, 1.0, 1 + 1e-6 * (1 if u < 0 else -1), -1.0, -1.0, u)
    assert far.excess > far.excess_tolerance
    single = relu_step(6.0, 1.0, 1.0, 1 + 2e-7 * (1 if u < 0 else -1), -1.0, -1.0, u, "float32")
    assert 0 < single.excess <= single.excess_tolerance


def test_a_point_on_the_kink_that_ties_with_one_beside_it():
    """v < 0, w = u0 = -1e-5: u = -1e-5 is better than u = 0 by 1e-10, which float32 cannot see."""
    single, double = (
        relu_step(1.0, 1.0, 1.0, -1.0, -1e-5, -1e-5, 0.0, dtype) for dtype in ("float32", "float64")
    )
    assert single.excess == pytest.approx(1e-10, rel=1e-3)
    assert single.excess <= single.excess_tolerance
    assert single.residual == pytest.approx(2e-5, rel=1e-3)
    assert single.residual <= single.residual_tolerance
    assert double.excess == pytest.approx(1e-10, rel=1e-9)
    assert double.excess > double.excess_tolerance
    assert double.residual > double.residual_tolerance


def test_relu_step_without_its_prox():
    """gamma = 3, rho = 1, v = 1 + e: alpha = 0 jumps 3/2 for next to nothing; alpha = 1 stays."""
    e, target = 0.01, 0.5 + 3 * 0.01 / 4
    free = relu_step(3.0, 1.0, 0.0, 1 + e, -1.0, -1.0, target)
    assert free.excess <= free.excess_tolerance
    assert free.decrease / free.step**2 == pytest.approx(0.00665, abs=1e-5)
    claimed = relu_step(3.0, 1.0, 1.0, 1 + e, -1.0, -1.0, target)
    assert claimed.excess > claimed.excess_tolerance
    assert claimed.decrease < claimed.constant * claimed.step**2 - claimed.decrease_tolerance


def test_jacobi_bias_descends_and_is_still_refuted():
    """b from the old W: L falls in every block, but the pair is not stationary."""
    found = 0
    for seed in range(40):
        problem, x, y, states = trained(
            np.random.default_rng([62, seed]),
            4,
            fault="jacobi_bias",
            at=1,
            depth=1,
            n=8,
            decades=0.5,
            compressions=("none",),
        )
        certificate = audited(problem, x, y, states)[0]
        if certificate.claim("monotone_decrease").verdict == "certified":
            found += 1
            assert certificate.claim("block_optimality").where.block == "W1"
            assert certificate.claim("membership").verdict == "refuted"
    assert found > 5


@pytest.mark.parametrize("which", ["alpha", "alpha_z"])
def test_no_prox_leaves_sufficient_decrease_open(which):
    for seed in range(5):
        rng = np.random.default_rng([63, seed])
        problem = random_problem(
            rng, depth=2, n=6, decades=0.5, compressions=("prune",), activations=("relu",)
        )
        for layer in problem["layers"]:
            layer["penalties"][which] = 0
        x, y, start = random_start(rng, problem)
        certificate = audited(problem, x, y, states_of(problem, x, y, start, 5))[0]
        assert certificate.exit_code == 0, explain(certificate)
        for name in CLAIMS:
            open_ = name in ("sufficient_decrease", "rate")
            assert certificate.claim(name).verdict == ("not_checkable" if open_ else "certified")


def test_boundedness_is_stated():
    problem, x, y, states = trained(np.random.default_rng(64), 1, depth=1, compressions=("none",))
    for mu, word in ((0.0, "assumed"), (0.5, "implied by mu > 0")):
        problem["layers"][0]["penalties"]["mu"] = mu
        notes = audited(problem, x, y, states[:1])[0].claim("rate").assumptions
        assert any(word in note for note in notes)


def test_the_auditor_imports_only_what_it_may():
    allowed = {"nnbcd_checks", "numpy", "safetensors", "jsonschema", "threadpoolctl"}
    root = Path(nnbcd_checks.__file__).parent
    for path in root.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in __import__("sys").stdlib_module_names, (path, name)
