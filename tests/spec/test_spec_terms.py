"""One change of the objective, made in one place, reaches every update it must reach."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from nnbcd_spec import blocks
from nnbcd_spec.activations import Identity, LeakyRelu, Relu
from nnbcd_spec.compressions import Prune, TensorTrain
from nnbcd_spec.derive import array
from nnbcd_spec.losses import Squared
from nnbcd_spec.objective import STANDARD, Objective, decay, square

RNG = random.Random(7)


def numbers(*shape: int) -> Any:
    entries = [
        Fraction(RNG.randint(-12, 12), RNG.randint(1, 5)) for _ in range(int(np.prod(shape)))
    ]
    return np.array(entries, dtype=object).reshape(shape)


N, D, P = 3, 2, 2
V, U, Y, PRE, OLD = (numbers(N, D) for _ in range(5))
V_PREV, W, W_OLD, TARGET = numbers(N, P), numbers(D, P), numbers(D, P), numbers(D, P)
B, B_OLD, U_NEXT = numbers(D), numbers(D), numbers(N, D)
PENALTIES = {
    "gamma": Fraction(3, 2),
    "rho": Fraction(5, 7),
    "tau": Fraction(2, 3),
    "alpha": Fraction(1, 4),
    "alpha_z": Fraction(1, 3),
    "mu": Fraction(1, 5),
}
TRAIN = TensorTrain(modes=(2, 2), ranks=(1,))
CORES = (numbers(1, 2, 1), numbers(1, 2, 1))


def v_out(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    return blocks.update_v_out(
        U, OLD, Y, loss=Squared(), gamma=p["gamma"], alpha=p["alpha"], objective=objective
    )


def u_out(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    return blocks.update_u_out(V, PRE, gamma=p["gamma"], rho=p["rho"], objective=objective)


def v_hidden(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    return blocks.update_v(U, U_NEXT, W, B, gamma=p["gamma"], rho=p["rho"], objective=objective)


def u_hidden(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    return blocks.update_u(
        V, PRE, OLD, activation=Relu(),
        gamma=p["gamma"], rho=p["rho"], alpha=p["alpha"], objective=objective,
    )  # fmt: skip


def w_joint(objective: Objective = STANDARD, target: Any = TARGET, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    w, b = blocks.update_w(
        W_OLD, B_OLD, U, V_PREV, target,
        rho=p["rho"], tau=p["tau"], alpha=p["alpha"], mu=p["mu"], objective=objective,
    )  # fmt: skip
    return np.column_stack([w, b])


def z_prune(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    (z,) = blocks.update_z(
        TARGET, W, compression=Prune(2), tau=p["tau"], alpha_z=p["alpha_z"], objective=objective
    )
    return z


def z_tt(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    cores = blocks.update_z(
        CORES, W, compression=TRAIN, tau=p["tau"], alpha_z=p["alpha_z"], objective=objective
    )
    return np.concatenate([core.ravel() for core in cores])


def w_supported(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    w, b = blocks.update_supported_w(
        W_OLD, B_OLD, U, V_PREV, [[1, 0], [1, 1]],
        rho=p["rho"], alpha=p["alpha"], mu=p["mu"], objective=objective,
    )  # fmt: skip
    return np.column_stack([w, b])


def b_direct(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    return blocks.update_b(
        B_OLD, U, V_PREV, W, rho=p["rho"], alpha=p["alpha"], mu=p["mu"], objective=objective
    )


def z_direct(objective: Objective = STANDARD, **changed: Any) -> Any:
    p = {**PENALTIES, **changed}
    cores = blocks.update_direct_z(
        CORES, U, V_PREV, B, compression=TensorTrain(modes=(2, 2), ranks=(1,), direct=True),
        rho=p["rho"], alpha_z=p["alpha_z"], mu=p["mu"], objective=objective,
    )  # fmt: skip
    return np.concatenate([core.ravel() for core in cores])


UPDATES = (
    v_out, u_out, v_hidden, u_hidden, w_joint, z_prune, z_tt, w_supported, b_direct, z_direct,
)  # fmt: skip
DOUBLED: dict[str, Callable[..., Any]] = {
    "gamma": lambda v, s_u, *, gamma: gamma * square(v - s_u),
    "rho": lambda u, pre, *, rho: rho * square(u - pre),
    "tau": lambda w, target, *, tau: tau * square(w - target),
    "mu": lambda w, b, *, mu: mu * (square(w) + square(b)),
    "prox": lambda new, old, *, prox: prox * square(new - old),
    "loss": lambda v, y, *, loss: 2 * loss.value(v, y),
}
AFFECTED = {
    "gamma": {v_out, u_out, v_hidden, u_hidden},
    "rho": {u_out, v_hidden, u_hidden, w_joint, w_supported, b_direct, z_direct},
    "tau": {w_joint, z_prune, z_tt},
    "mu": {w_joint, w_supported, b_direct, z_direct},
    "prox": {v_out, u_hidden, w_joint, z_prune, z_tt, w_supported, b_direct, z_direct},
    "loss": {v_out},
}
PENALTY = {"prox": ("alpha", "alpha_z")}


@pytest.mark.parametrize("name", ["gamma", "rho", "tau", "mu", "prox"])
@pytest.mark.parametrize("update", UPDATES)
def test_doubling_a_term_is_doubling_its_penalty(name: str, update: Callable[..., Any]) -> None:
    doubled = {p: 2 * PENALTIES[p] for p in PENALTY.get(name, (name,))}
    found = update(STANDARD.replace(name, DOUBLED[name]))
    assert np.array_equal(found, update(**doubled))
    assert np.array_equal(found, update()) == (update not in AFFECTED[name])


@pytest.mark.parametrize("name", AFFECTED)
@pytest.mark.parametrize("update", UPDATES)
def test_dropping_a_term_changes_only_what_it_enters(name: str, update: Callable[..., Any]) -> None:
    same = np.array_equal(update(STANDARD.without(name)), update())
    assert same == (update not in AFFECTED[name])


def test_dropped_mu_tau_and_prox_are_zero_penalties() -> None:
    for name, zero in (("mu", "mu"), ("tau", "tau"), ("prox", "alpha")):
        assert np.array_equal(w_joint(STANDARD.without(name)), w_joint(**{zero: 0}))
    assert np.array_equal(w_joint(STANDARD.without("tau")), w_joint(target=None))
    assert np.array_equal(v_out(STANDARD.without("prox")), v_out(alpha=0))
    assert np.array_equal(z_prune(STANDARD.without("prox")), z_prune(alpha_z=0))


def test_dropped_gamma_or_rho_leaves_the_other_target() -> None:
    assert np.array_equal(u_out(STANDARD.without("gamma")), PRE)
    assert np.array_equal(u_out(STANDARD.without("rho")), V)
    assert np.array_equal(v_hidden(STANDARD.without("rho")), U)
    fitted = v_hidden(STANDARD.without("gamma"))
    assert np.array_equal(fitted @ W.T + B, U_NEXT)  # W is invertible here
    mean = (PENALTIES["rho"] * PRE + PENALTIES["alpha"] * OLD) / (
        PENALTIES["rho"] + PENALTIES["alpha"]
    )
    assert np.array_equal(u_hidden(STANDARD.without("gamma")), mean)


def test_dropped_tau_leaves_z() -> None:
    assert np.array_equal(z_tt(STANDARD.without("tau")), np.concatenate([c.ravel() for c in CORES]))


@pytest.mark.parametrize("c", [Fraction(0), Fraction(1, 3), Fraction(7)])
def test_loss_weight_moves_v_out_as_it_must(c: Fraction) -> None:
    weighted = STANDARD.replace("loss", lambda v, y, *, loss: c * loss.value(v, y))
    gamma, alpha = PENALTIES["gamma"], PENALTIES["alpha"]
    expected = (c * Y + gamma * U + alpha * OLD) / (c + gamma + alpha)
    assert np.array_equal(v_out(weighted), expected)


def test_decay_without_the_bias_frees_the_bias() -> None:
    weights_only = STANDARD.replace("mu", lambda w, *, mu: mu / 2 * square(w))
    w, b = np.split(w_joint(weights_only), [P], axis=1)
    pull = PENALTIES["rho"] * (V_PREV @ w.T + b.ravel() - U).sum(axis=0)
    assert np.array_equal(pull + PENALTIES["alpha"] * (b.ravel() - B_OLD), np.array([0, 0]))
    assert not np.array_equal(w_joint(weights_only), w_joint())


def test_an_added_term_reaches_every_update_of_its_operand() -> None:
    ridge = STANDARD.plus("ridge", lambda v: square(v) / 2)
    gamma, alpha = PENALTIES["gamma"], PENALTIES["alpha"]
    expected = (Y + gamma * U + alpha * OLD) / (2 + gamma + alpha)
    assert np.array_equal(v_out(ridge), expected)
    assert not np.array_equal(v_hidden(ridge), v_hidden())
    assert np.array_equal(w_joint(ridge), w_joint())


def test_a_term_in_the_bias_alone_is_not_lost() -> None:
    drawn = STANDARD.plus("to one", lambda b: 10**6 * square(b - 1) / 2)
    assert np.abs(w_joint(drawn)[:, P] - 1).max() < Fraction(1, 10**4)


def test_a_bias_free_prediction() -> None:
    """Redefining the rho term alone drops b everywhere."""
    free = STANDARD.replace("rho", lambda u, v_prev, w, *, rho: rho / 2 * square(u - v_prev @ w.T))
    found = w_joint(free, mu=1)
    assert np.array_equal(found[:, P], PENALTIES["alpha"] * B_OLD / (PENALTIES["alpha"] + 1))


def test_a_term_in_z_reaches_the_factors_of_a_direct_layer() -> None:
    """The rho and mu terms read W = C(Z); a term may read Z itself, too."""
    drawn = STANDARD.plus("to ones", lambda z: 10**9 * sum(square(f - 1) for f in z))
    assert np.abs(z_direct(drawn) - 1).max() < Fraction(1, 10**6)
    assert np.array_equal(b_direct(drawn), b_direct())


def test_terms_that_are_not_quadratic_are_refused() -> None:
    quartic = STANDARD.replace("rho", lambda u, pre, *, rho: rho * ((u - pre) ** 4).sum())
    for update in (u_out, v_hidden, w_joint, u_hidden, w_supported, b_direct, z_direct):
        with pytest.raises(ValueError, match="not quadratic"):
            update(quartic)


def test_terms_that_couple_entries_are_seen() -> None:
    coupled = STANDARD.replace("rho", lambda u, pre, *, rho: rho / 2 * (u - pre).sum() ** 2)
    with pytest.raises(ValueError, match="couples"):
        u_hidden(coupled)
    pulled = STANDARD.plus("sum", lambda target: target.sum() ** 2)
    (z,) = blocks.update_z(
        TARGET, W, compression=Prune(2), tau=1, alpha_z=1, objective=pulled
    )  # by enumeration, as the Hessian is no longer diagonal
    assert np.count_nonzero(z) == 2


def test_concave_and_unbounded_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="not convex"):
        u_out(STANDARD.replace("rho", lambda u, pre, *, rho: -9 * rho * square(u - pre)))
    downhill = STANDARD.replace("mu", lambda w, b, *, mu: mu * b.sum())
    with pytest.raises(ValueError, match="unbounded"):
        w_joint(downhill.without("rho").without("prox"))
    with pytest.raises(ValueError, match="strictly convex"):
        u_hidden(STANDARD.without("rho").without("prox"))


def test_unknown_terms_and_missing_operands_are_refused() -> None:
    with pytest.raises(ValueError, match=r"given 'sigma'; allowed: \['loss', 'gamma'"):
        STANDARD.without("sigma")
    with pytest.raises(ValueError, match="'z' is needed too"):
        v_hidden(STANDARD.plus("odd", lambda v, z: square(v - z)))
    with pytest.raises(ValueError, match=r"\['nu'\] is needed too"):
        v_hidden(STANDARD.plus("odd", lambda v, *, nu: nu * square(v)))


@pytest.mark.parametrize("activation", [Identity(), Relu(), LeakyRelu(slope=Fraction(1, 10))])
def test_one_definition_serves_symbols_and_numbers(activation: Any) -> None:
    values: dict[str, Any] = {
        "v": V, "u": U, "v_prev": V_PREV, "w": W, "b": B, "y": Y, "target": TARGET,
        "s_u": activation(U),
    }  # fmt: skip
    symbols = {name: array(name, *value.shape) for name, value in values.items()}
    scalars = dict(zip(PENALTIES, sp.symbols("gamma rho tau alpha alpha_z mu"), strict=True))
    symbolic = STANDARD.values(**symbols, **scalars, loss=Squared())
    numeric = STANDARD.values(**values, **PENALTIES, loss=Squared())
    at = {scalars[name]: PENALTIES[name] for name in PENALTIES}
    for name, value in values.items():
        at |= dict(zip(symbols[name].flat, value.flat, strict=True))
    at = {symbol: sp.Rational(q.numerator, q.denominator) for symbol, q in at.items()}
    assert set(numeric) == {"loss", "gamma", "rho", "tau", "mu"}
    for name, value in numeric.items():
        assert symbolic[name].subs(at) == sp.Rational(value.numerator, value.denominator)


def test_derived_operands_follow_their_definitions() -> None:
    outright = STANDARD.values(
        v=V, u=U, s_u=Relu()(U), pre=V_PREV @ W.T + B, w=W, b=B, y=None, target=None, **PENALTIES
    )
    derived = STANDARD.values(
        v=V, u=U, activation=Relu(), v_prev=V_PREV, w=W, b=B, y=None, target=None, **PENALTIES
    )
    assert outright == derived
    assert derived["loss"] == derived["tau"] == 0
    assert derived["mu"] == decay(W, B, mu=PENALTIES["mu"])
