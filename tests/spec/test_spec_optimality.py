"""Each update against an objective written out here, by perturbation and brute force.

Every check is also run on wrong updates (the mutants), which it must reject.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import QQ

from nnbcd_spec import blocks
from nnbcd_spec.activations import ACTIVATIONS, Identity, LeakyRelu, Relu
from nnbcd_spec.compressions import Prune, TensorTrain
from nnbcd_spec.exact import exact
from nnbcd_spec.losses import Squared
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.sparse import by_enumeration, by_gain
from nnbcd_spec.values import u_candidates, u_value, z_value

Source = random.Random
SMALL = Fraction(1, 10**9)
SETTINGS = settings(max_examples=15, deadline=None)
sources = st.randoms(use_true_random=False)


def numbers(source: Source, *shape: int) -> Any:
    entries = [
        Fraction(source.randint(-8, 8), source.randint(1, 4)) for _ in range(int(np.prod(shape)))
    ]
    return np.array(entries, dtype=object).reshape(shape)


def penalty(source: Source, *, zero: bool = False) -> Fraction:
    return Fraction(source.randint(0 if zero else 1, 9), source.randint(1, 4))


def sizes(source: Source) -> tuple[int, int, int]:
    return source.randint(1, 4), source.randint(1, 3), source.randint(1, 3)


def norm2(x: Any) -> Any:
    return sum(e * e for e in np.asarray(x, dtype=object).flat)


def assert_local_minimum(f: Callable[..., Any], source: Source, *point: Any) -> None:
    """No small move to either side lowers f; for a convex f, this is its global minimum."""
    at = f(*point)
    for _ in range(6):
        direction = [numbers(source, *x.shape) for x in point]
        for t in (SMALL, -SMALL, Fraction(1), Fraction(-1)):
            moved = [x + t * d for x, d in zip(point, direction, strict=True)]
            assert f(*moved) >= at, "a move lowers the block's objective"


def check_v_out(update: Callable[..., Any], source: Source) -> None:
    n, d, _ = sizes(source)
    u, old, y = (numbers(source, n, d) for _ in range(3))
    gamma, alpha = penalty(source), penalty(source, zero=True)
    v = update(u, old, y, loss=Squared(), gamma=gamma, alpha=alpha)
    assert_local_minimum(
        lambda v: norm2(v - y) + gamma * norm2(v - u) + alpha * norm2(v - old), source, v
    )


def check_u_out(update: Callable[..., Any], source: Source) -> None:
    n, d, _ = sizes(source)
    v, pre = numbers(source, n, d), numbers(source, n, d)
    gamma, rho = penalty(source), penalty(source)
    u = update(v, pre, gamma=gamma, rho=rho)
    assert_local_minimum(lambda u: gamma * norm2(v - u) + rho * norm2(u - pre), source, u)


def check_v(update: Callable[..., Any], source: Source) -> None:
    n, d, e = sizes(source)
    s_u, u_next = numbers(source, n, d), numbers(source, n, e)
    w, b = numbers(source, e, d), numbers(source, e)
    gamma, rho = penalty(source), penalty(source)
    v = update(s_u, u_next, w, b, gamma=gamma, rho=rho)

    def f(v: Any) -> Any:
        return gamma * norm2(v - s_u) + rho * norm2(u_next - np.dot(v, w.T) - b)

    assert_local_minimum(f, source, v)


def check_w(update: Callable[..., Any], source: Source) -> None:
    n, d, p = sizes(source)
    w0, b0, u, v = (numbers(source, *s) for s in ((d, p), (d,), (n, d), (n, p)))
    target = numbers(source, d, p) if source.randint(0, 1) else None
    rho = penalty(source)
    tau, alpha, mu = (penalty(source, zero=True) for _ in range(3))

    def f(w: Any, b: Any) -> Any:
        pull = 0 if target is None else tau * norm2(w - target)
        fit = rho * norm2(u - np.dot(v, w.T) - b)
        return fit + pull + mu * norm2(w) + mu * norm2(b) + alpha * (norm2(w - w0) + norm2(b - b0))

    w, b = update(w0, b0, u, v, target, rho=rho, tau=tau, alpha=alpha, mu=mu)
    assert_local_minimum(f, source, w, b)


def s_of(kind: Any, u: Any) -> Any:
    slope = {"identity": Fraction(1), "relu": Fraction(0), "leaky_relu": Fraction(1, 10)}[kind.kind]
    return np.array([[e if e > 0 else slope * e for e in row] for row in u], dtype=object)


def check_u(update: Callable[..., Any], source: Source) -> None:
    n, d, _ = sizes(source)
    v, pre, old = (numbers(source, n, d) for _ in range(3))
    kind = [Identity(), Relu(), LeakyRelu(slope=Fraction(1, 10))][source.randint(0, 2)]
    gamma, rho, alpha = penalty(source), penalty(source), penalty(source, zero=True)

    def f(u: Any) -> Any:
        return gamma * norm2(v - s_of(kind, u)) + rho * norm2(u - pre) + alpha * norm2(u - old)

    u = update(v, pre, old, activation=kind, gamma=gamma, rho=rho, alpha=alpha)
    assert_local_minimum(f, source, u)
    at = f(u)
    for i, j in np.ndindex(n, d):
        for value in (Fraction(k, 4) for k in range(-40, 41)):  # nonconvex: look everywhere
            moved = u.copy()
            moved[i, j] = value
            assert f(moved) >= at, "another point is better"


def check_prune(update: Callable[..., Any], source: Source) -> None:
    _, d, p = sizes(source)
    s = source.randint(1, d * p)
    z0, w = np.zeros((d, p), dtype=object) + Fraction(0), numbers(source, d, p)
    z0.flat[:s] = numbers(source, s)
    tau, alpha = penalty(source), penalty(source, zero=True)
    (z,) = update(z0, w, compression=Prune(s), tau=tau, alpha_z=alpha)
    assert np.count_nonzero(z) <= s, "too many nonzeros"
    mean = (tau * w + alpha * z0) / (tau + alpha)
    best, at = None, None
    for support in itertools.combinations(range(d * p), s):
        trial = np.zeros(d * p, dtype=object) + Fraction(0)
        trial[list(support)] = mean.ravel()[list(support)]
        trial = trial.reshape(d, p)
        value = tau * norm2(w - trial) + alpha * norm2(trial - z0)
        if best is None or value < best:
            best, at = value, trial
    assert np.array_equal(z, at), "not the best support, ties to the lowest index"


def tensor(cores: Any) -> Any:
    out = cores[0]
    for core in cores[1:]:
        out = np.einsum("aib,bjc->aijc", out.reshape(1, -1, core.shape[0]), core, optimize=False)
    return out.ravel()


def check_tt(update: Callable[..., Any], source: Source) -> None:
    modes, ranks, shape = [
        ((2, 2), (1,), (2, 2)),
        ((2, 2), (2,), (2, 2)),
        ((2, 1, 3), (1, 2), (2, 3)),
        ((2, 2, 2), (2, 1), (2, 4)),
    ][source.randint(0, 3)]
    train = TensorTrain(modes=modes, ranks=ranks)
    w, old = numbers(source, *shape), tuple(numbers(source, *s) for s in train.shapes(shape))
    tau, alpha = penalty(source), penalty(source, zero=True)
    new = update(old, w, compression=train, tau=tau, alpha_z=alpha)
    for j in range(len(new)):

        def f(core: Any, j: int = j) -> Any:
            cores = (*new[:j], core, *old[j + 1 :])
            return tau * norm2(w.ravel() - tensor(cores)) + alpha * norm2(core - old[j])

        assert_local_minimum(f, source, new[j])


CHECKS: dict[str, tuple[Callable[..., None], Callable[..., Any]]] = {
    "v_out": (check_v_out, blocks.update_v_out),
    "u_out": (check_u_out, blocks.update_u_out),
    "v": (check_v, blocks.update_v),
    "w": (check_w, blocks.update_w),
    "u": (check_u, blocks.update_u),
    "prune": (check_prune, blocks.update_z),
    "tt": (check_tt, blocks.update_z),
}


@pytest.mark.parametrize("name", CHECKS)
def test_update_is_optimal(name: str) -> None:
    check, update = CHECKS[name]
    SETTINGS(given(sources)(lambda source: check(update, source)))()


def changed(update: Callable[..., Any], **to: Any) -> Callable[..., Any]:
    """The update called with other penalties."""
    return lambda *operands, **given: update(*operands, **{**given, **to})


def swapped(*operands: Any, gamma: Fraction, rho: Fraction, **given: Any) -> Any:
    update = blocks.update_v if len(operands) == 4 else blocks.update_u_out
    return update(*operands, gamma=rho, rho=gamma, **given)


def biasless_v(s_u: Any, u_next: Any, w: Any, b: Any, **given: Any) -> Any:
    return blocks.update_v(s_u, u_next, w, 0 * b, **given)


def jacobi_w(w0: Any, b0: Any, u: Any, v: Any, target: Any, **given: Any) -> Any:
    """W with the old b, b with the old W."""
    w, _ = blocks.update_w(w0, b0, u, v, target, **given)
    rho, alpha, mu = given["rho"], given["alpha"], given["mu"]
    mean = rho * (u - np.dot(v, w0.T)).sum(axis=0) + alpha * b0
    return w, mean / (rho * len(u) + alpha + mu)


def targetless_w(w0: Any, b0: Any, u: Any, v: Any, target: Any, **given: Any) -> Any:
    return blocks.update_w(w0, b0, u, v, None, **given)


def right_piece_only(v: Any, pre: Any, old: Any, *, activation: Any, **given: Any) -> Any:
    u = blocks.update_u(v, pre, old, activation=Identity(), **given)
    return u if activation.kind == "identity" else np.where(u > 0, u, Fraction(0) * u)


def aliased(z0: Any, w: Any, *, alpha_z: Fraction, **given: Any) -> Any:
    """The projection of w itself."""
    return blocks.update_z(z0, w, alpha_z=0, **given)


def last_index_kept(z0: Any, w: Any, **given: Any) -> Any:
    (z,) = blocks.update_z(z0[::-1, ::-1], w[::-1, ::-1], **given)
    return (z[::-1, ::-1],)


def one_more_kept(z0: Any, w: Any, *, compression: Prune, **given: Any) -> Any:
    more = Prune(min(compression.nonzeros + 1, w.size))
    return blocks.update_z(z0, w, compression=more, **given)


def passed_twice(z0: Any, w: Any, **given: Any) -> Any:
    return blocks.update_z(blocks.update_z(z0, w, **given), w, **given)


def frozen_first_core(z0: Any, w: Any, **given: Any) -> Any:
    return (z0[0], *blocks.update_z(z0, w, **given)[1:])


MUTANTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "V_N without alpha": ("v_out", changed(blocks.update_v_out, alpha=0)),
    "V_N with gamma 1": ("v_out", changed(blocks.update_v_out, gamma=1)),
    "V_N unchanged": ("v_out", lambda _u, old, _y, **_: old),
    "U_N with gamma and rho exchanged": ("u_out", swapped),
    "V with gamma and rho exchanged": ("v", swapped),
    "V without the bias": ("v", biasless_v),
    "W without alpha": ("w", changed(blocks.update_w, alpha=0)),
    "W without mu": ("w", changed(blocks.update_w, mu=0)),
    "W without the target": ("w", targetless_w),
    "W and b at once from the old": ("w", jacobi_w),
    "U without alpha": ("u", changed(blocks.update_u, alpha=0)),
    "U of the identity": ("u", changed(blocks.update_u, activation=Identity())),
    "U on the right piece only": ("u", right_piece_only),
    "Z projecting w": ("prune", aliased),
    "Z keeping the last of ties": ("prune", last_index_kept),
    "Z keeping one more": ("prune", one_more_kept),
    "cores without alpha_z": ("tt", changed(blocks.update_z, alpha_z=0)),
    "cores passed twice": ("tt", passed_twice),
    "first core left where it was": ("tt", frozen_first_core),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_checks_reject_wrong_updates(mutant: str) -> None:
    name, wrong = MUTANTS[mutant]

    def judge() -> None:
        for seed in range(40):
            CHECKS[name][0](wrong, random.Random(seed))

    with pytest.raises(AssertionError, match=r"lowers|better|nonzeros|support"):
        judge()


@SETTINGS
@given(sources)
def test_gains_agree_with_enumeration(source: Source) -> None:
    _, d, p = sizes(source)
    s = source.randint(1, d * p)
    z0, w = numbers(source, d, p), np.round(numbers(source, d, p).astype(float))  # many ties
    quadratic = Prune(s).quadratic(
        (exact(z0, "z0"),), exact(w, "w"), tau=QQ(1), alpha_z=QQ(source.randint(0, 1)),
        objective=STANDARD,
    )  # fmt: skip
    assert by_gain(quadratic, s) == by_enumeration(quadratic, s)


@SETTINGS
@given(sources, st.sampled_from(sorted(ACTIVATIONS)))
def test_candidates_hold_the_minimiser(source: Source, kind: str) -> None:
    bent = {"breaks": [-1, 2], "slopes": [0, 2, -1], "value": 0} if kind == "piecewise" else {}
    activation = ACTIVATIONS.from_json({"kind": kind, **bent})
    v, pre, old = (numbers(source, 1, 1) for _ in range(3))
    given = {"gamma": penalty(source), "rho": penalty(source), "alpha": penalty(source)}
    found = u_candidates(v[0, 0], pre[0, 0], old[0, 0], activation=activation, **given)
    u = blocks.update_u(v, pre, old, activation=activation, **given)
    least = min(candidate.value for candidate in found)
    assert u[0, 0] in [candidate.point for candidate in found if candidate.value == least]
    assert u_value(u, v, pre, old, activation=activation, **given) == least


@SETTINGS
@given(sources)
def test_z_value_is_what_prune_minimises(source: Source) -> None:
    z0, w = numbers(source, 2, 2), numbers(source, 2, 2)
    tau, alpha = penalty(source), penalty(source)
    given = {"compression": Prune(2), "tau": tau, "alpha_z": alpha}
    z = blocks.update_z(z0, w, **given)
    value = z_value(z, z0, w, **given)
    assert value == (tau * norm2(w - z[0]) + alpha * norm2(z[0] - z0)) / 2
    for support in itertools.combinations(range(4), 2):
        trial = np.zeros(4, dtype=object)
        trial[list(support)] = w.ravel()[list(support)]
        assert z_value(trial.reshape(2, 2), z0, w, **given) >= value
