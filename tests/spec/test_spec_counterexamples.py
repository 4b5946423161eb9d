"""Small exact data on which wrong beliefs about the sweep fail."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from nnbcd_spec import blocks
from nnbcd_spec.activations import Relu
from nnbcd_spec.compressions import Prune, TensorTrainSVD
from nnbcd_spec.compressions.tt_svd import tt_svd
from nnbcd_spec.exact import exact, fractions, to_fraction
from nnbcd_spec.losses import Squared
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.quadratic import minimise
from nnbcd_spec.sweeps import objective_value, sweep, update_block
from nnbcd_spec.values import u_candidates, u_value, z_value


def table(rows: list[list[Any]]) -> Any:
    return np.array(rows, dtype=object)


# One layer without compression error of its own: the 2 x 4 weight matrix is a 2 x 2 x 2 tensor.
W0 = table([[Fraction(6, 5), 0, 0, 0], [0, Fraction(4, 5), Fraction(4, 5), 0]])
W1 = table([[1, 0, 0, 0], [0, Fraction(4, 5), Fraction(4, 5), 0]])
U0 = table([[Fraction(3, 5), 0, 0, 0], [0, Fraction(8, 5), Fraction(8, 5), 0]])
V0 = table([[0, 0, 0, 0], [0, Fraction(12, 5), Fraction(12, 5), 0]])
MODES, RANKS = (2, 2, 2), (1, 1)
START = TensorTrainSVD(modes=MODES, ranks=RANKS)
# 6/5 e1 e1 e1, exactly
Z0 = (
    table([[1], [0]]).reshape(1, 2, 1),
    table([[1], [0]]).reshape(1, 2, 1),
    table([[Fraction(6, 5)], [0]]).reshape(1, 2, 1),
)


def no_bias_total(w: Any, z: Any) -> Any:
    y = table([[Fraction(-3, 5), 0, 0, 0], [0, Fraction(16, 5), Fraction(16, 5), 0]])
    weights, zero = exact(w, "w"), exact([0, 0], "b", 1)
    terms = STANDARD.values(
        v=exact(V0.T, "v"), s_u=exact(U0.T, "u"), u=exact(U0.T, "u"), y=exact(y.T, "y"),
        v_prev=exact(np.eye(4, dtype=int), "x"), w=weights, b=zero,
        target=exact(START.expand(z, (2, 4)), "target"), loss=Squared(),
        gamma=1, rho=1, tau=1, mu=0,
    )  # fmt: skip
    return to_fraction(sum(terms.values()))


def test_tt_svd_in_the_sweep_raises_the_objective_without_bias() -> None:
    x, old = exact(np.eye(4, dtype=int), "x"), exact(W0, "w")
    u, target = exact(U0.T, "u"), exact(START.expand(Z0, (2, 4)), "target")

    def weights_only(w: Any) -> Any:
        share = STANDARD.share(
            "w", w=w, b=exact([0, 0], "b", 1), u=u, v_prev=x, target=target, rho=1, tau=1, mu=0
        )
        return share + STANDARD.step(w, old, 1)

    w = fractions(*minimise(weights_only, old))
    assert np.array_equal(w, W1)
    z = blocks.update_z(Z0, w, compression=START, tau=1, alpha_z=1)
    assert no_bias_total(W0, Z0) == Fraction(31, 10)
    assert no_bias_total(W1, Z0) == Fraction(151, 50)
    assert abs(float_gap(no_bias_total(W1, z), Fraction(159, 50))) < mpmath.mpf("1e-45")


def float_gap(found: Any, expected: Fraction) -> Any:
    with mpmath.workdps(60):
        q = to_fraction(found) - expected
        return mpmath.mpf(int(q.numerator)) / int(q.denominator)


def with_bias() -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    x = np.vstack([np.eye(4, dtype=int), -np.eye(4, dtype=int)]).astype(object)
    y = table([[Fraction(-3, 10), 0, 0, 0], [0, Fraction(14, 5), Fraction(14, 5), 0]])
    penalties = {
        "gamma": Fraction(1, 2),
        "rho": Fraction(1, 2),
        "tau": 1,
        "alpha": 1,
        "alpha_z": 0,
        "mu": 0,
    }
    layer = {
        "inputs": 4, "outputs": 2, "activation": {"kind": "identity"}, "penalties": penalties,
        "compression": {"kind": "tt_svd", "modes": [2, 2, 2], "ranks": [1, 1]},
    }  # fmt: skip
    problem = {"loss": {"kind": "squared"}, "order": ["V1", "U1", "W1", "Z1"], "layers": [layer]}
    state = {
        "V1": x @ V0.T, "U1": x @ U0.T, "W1": W0, "b1": [0, 0],
        "Z1.1": Z0[0], "Z1.2": Z0[1], "Z1.3": Z0[2],
    }  # fmt: skip
    return problem, x, x @ y.T, state


def test_tt_svd_in_the_sweep_raises_the_objective_with_bias() -> None:
    problem, x, y, state = with_bias()
    totals = [objective_value(problem, x, y, state)["total"]]
    current: dict[str, Any] = dict(state)
    for block in problem["order"]:
        current |= update_block(problem, x, y, current, block)
        totals.append(objective_value(problem, x, y, current)["total"])
    assert np.array_equal(current["V1"], state["V1"])
    assert np.array_equal(current["U1"], state["U1"])
    assert np.array_equal(current["W1"], W1)
    assert np.array_equal(current["b1"], [0, 0])
    assert totals[:4] == [
        Fraction(269, 100),
        Fraction(269, 100),
        Fraction(269, 100),
        Fraction(261, 100),
    ]
    assert abs(float_gap(totals[4], Fraction(277, 100))) < mpmath.mpf("1e-45")
    swept = sweep(problem, x, y, state)
    assert objective_value(problem, x, y, swept)["total"] == totals[4]


def test_the_core_pass_does_not_raise_it() -> None:
    problem, x, y, state = with_bias()
    layer = problem["layers"][0]
    layer["compression"] = {**layer["compression"], "kind": "tt"}
    layer["penalties"] = {**layer["penalties"], "alpha_z": Fraction(1, 10)}
    after = objective_value(problem, x, y, sweep(problem, x, y, state))["total"]
    assert after <= Fraction(261, 100)


def test_start_is_the_tt_svd_of_the_start_weights() -> None:
    with mpmath.workdps(50):
        cores = tt_svd(exact(W0, "w"), MODES, RANKS)
    gap = START.expand(cores, (2, 4)) - START.expand(Z0, (2, 4)).astype(float)
    assert all(abs(e) < 1e-15 for e in gap.flat)


ONES = {"rho": 1, "alpha": 1}


def test_relu_tie_attains_half_alpha() -> None:
    found = u_candidates(1, -1, -1, activation=Relu(), gamma=6, **ONES)
    assert [(c.point, c.value) for c in found] == [(-1, 3), (Fraction(1, 2), 3)]
    u = blocks.update_u([[1]], [[-1]], [[-1]], activation=Relu(), gamma=6, **ONES)
    assert u[0, 0] == -1  # nearest to the old value

    def without_prox(point: Fraction) -> Fraction:
        return u_value([[point]], [[1]], [[-1]], [[-1]], activation=Relu(), gamma=6, rho=1, alpha=0)

    decrease = without_prox(Fraction(-1)) - without_prox(Fraction(1, 2))
    assert decrease == Fraction(9, 8) == Fraction(1, 2) * Fraction(3, 2) ** 2


@pytest.mark.parametrize("old", [Fraction(3), Fraction(1, 2)])
def test_relu_tie_goes_to_the_old_side(old: Fraction) -> None:
    """The tie of gamma = 6, beta = 2, m = -1, reached with other old values."""
    pre = -2 - old
    u = blocks.update_u([[1]], [[pre]], [[old]], activation=Relu(), gamma=6, **ONES)
    assert u[0, 0] == Fraction(1, 2)


@pytest.mark.parametrize("e", [Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000)])
def test_relu_ratio_above_the_tie(e: Fraction) -> None:
    (u,) = blocks.update_u([[1 + e]], [[-1]], [[-1]], activation=Relu(), gamma=6, **ONES)[0]
    assert u == Fraction(1, 2) + 3 * e / 4
    given: dict[str, Any] = {"activation": Relu(), "gamma": 6, "rho": 1, "alpha": 0}
    before, after = (u_value([[x]], [[1 + e]], [[-1]], [[-1]], **given) for x in (Fraction(-1), u))
    ratio = (before - after) / (u + 1) ** 2
    assert ratio == Fraction(4, 3) * ((1 + e) / (1 + e / 2)) ** 2 - Fraction(5, 6) > Fraction(1, 2)


def test_relu_without_prox_has_no_decrease_constant() -> None:
    e, given = Fraction(1, 100), {"activation": Relu(), "gamma": 3, "rho": 1, "alpha": 0}
    found = u_candidates(1, -1, -1, **given)
    assert found[0].value == found[1].value
    assert [c.point for c in found] == [-1, Fraction(1, 2)]
    (u,) = blocks.update_u([[1 + e]], [[-1]], [[-1]], **given)[0]
    before, after = (u_value([[x]], [[1 + e]], [[-1]], [[-1]], **given) for x in (Fraction(-1), u))
    ratio = (before - after) / (u + 1) ** 2
    assert 0 < ratio < Fraction(7, 1000)
    assert abs(u + 1 - Fraction(3, 2)) < Fraction(1, 50)


def test_prune_without_prox_may_move_for_nothing() -> None:
    given: dict[str, Any] = {"compression": Prune(1), "tau": 1, "alpha_z": 0}
    w, z0 = [[1, 1]], np.array([[0, 1]])
    (z,) = blocks.update_z(z0, w, **given)
    assert z.tolist() == [[1, 0]]
    assert z_value(z0, z0, w, **given) == z_value(z, z0, w, **given)


def test_prune_attains_half_alpha_z() -> None:
    w, z0 = [[2, 1]], np.array([[0, 1]])
    (z,) = blocks.update_z(z0, w, compression=Prune(1), tau=1, alpha_z=1)
    assert z.tolist() == [[1, 0]]
    free: dict[str, Any] = {"compression": Prune(1), "tau": 1, "alpha_z": 0}
    assert z_value(z0, z0, w, **free) - z_value(z, z0, w, **free) == 1


@pytest.mark.parametrize("t", [1, 1000])
def test_without_decay_the_objective_is_not_coercive(t: int) -> None:
    """ReLU, Y = 0: W_1 = 0, b_1 = -t, U_1 = -t gives 0 for every t."""
    layer: dict[str, Any] = {
        "inputs": 1, "outputs": 1, "activation": {"kind": "relu"}, "compression": {"kind": "none"},
        "penalties": {"gamma": 1, "rho": 1, "tau": 0, "alpha": 1, "alpha_z": 0, "mu": 0},
    }  # fmt: skip
    problem = {
        "loss": {"kind": "squared"},
        "order": ["V2", "U2", "W2", "V1", "U1", "W1"],
        "layers": [layer, {**layer, "activation": {"kind": "identity"}}],
    }
    zero = [[0], [0]]
    state = {
        "W1": [[0]], "b1": [-t], "U1": [[-t], [-t]], "V1": zero,
        "W2": [[0]], "b2": [0], "U2": zero, "V2": zero,
    }  # fmt: skip
    assert objective_value(problem, [[5], [-3]], zero, state)["total"] == 0
