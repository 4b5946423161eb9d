"""U for every activation: against grids, at ties, at large and small scales, under symmetries."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from nnbcd_spec import ACTIVATIONS, STANDARD, blocks, switching
from nnbcd_spec.exact import rational, to_fraction
from nnbcd_spec.objective import square
from nnbcd_spec.symbols import alpha, gamma, rho
from nnbcd_spec.values import u_candidates, u_minimisers, u_value

BENT = {"kind": "piecewise", "breaks": [-2, -0.5, 1], "slopes": [0.5, -1, 2, 0], "value": 0.75}
MEMBERS: dict[str, Any] = {
    kind: ACTIVATIONS.from_json(BENT if kind == "piecewise" else {"kind": kind})
    for kind in ACTIVATIONS
}
# The definitions, written out once more, in floats.
DEFINITIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda u: u,
    "relu": lambda u: np.maximum(u, 0),
    "leaky_relu": lambda u: np.where(u >= 0, u, 0.01 * u),
    "abs": np.abs,
    "hard_tanh": lambda u: np.clip(u, -1, 1),
    "relu6": lambda u: np.clip(u, 0, 6),
    "hard_sigmoid": lambda u: np.clip(u / 6 + 0.5, 0, 1),
    "piecewise": lambda u: np.select(
        [u < -2, u < -0.5, u < 1], [u / 2 + 1.75, -u - 1.25, 2 * u + 0.25], 2.25
    ),
    "tanh": np.tanh,
    "sigmoid": lambda u: 0.5 * (1 + np.tanh(u / 2)),
}  # fmt: skip
ROUNDING = 1e-12
SMOOTH = ("tanh", "sigmoid")
KINDS = st.sampled_from(sorted(MEMBERS))
PENALTIES = st.floats(-6, 6).map(lambda e: 10.0**e)
MODERATE = st.integers(1, 24).map(lambda k: Fraction(k, 4))
VALUES = st.integers(-40, 40).map(lambda k: Fraction(k, 8))
Draw = dict[str, Any]


def weights(numbers: Any) -> Any:
    return st.fixed_dictionaries({"gamma": numbers, "rho": numbers, "alpha": numbers})


def update(kind: str, v: Any, pre: Any, old: Any, **given: Any) -> Any:
    return blocks.update_u([[v]], [[pre]], [[old]], activation=MEMBERS[kind], **given)[0, 0]


def value(kind: str, u: Any, v: Any, pre: Any, old: Any, **given: Any) -> Fraction:
    return u_value([[u]], [[v]], [[pre]], [[old]], activation=MEMBERS[kind], **given)


def grid(v: Any, pre: Any, old: Any, span: float) -> Any:
    ends = [float(x) for x in (v, pre, old, -6, 6)]
    return np.linspace(min(ends) - span, max(ends) + span, 4001)


def check_against_grid(
    solve: Callable[..., Any], kind: str, v: Any, pre: Any, old: Any, given: Draw, span: float = 1
) -> None:
    u = solve(kind, v, pre, old, **given)
    points = grid(v, pre, old, span)
    g, r, a = (float(given[name]) for name in ("gamma", "rho", "alpha"))
    f = g * (float(v) - DEFINITIONS[kind](points)) ** 2 / 2
    f += r * (points - float(pre)) ** 2 / 2 + a * (points - float(old)) ** 2 / 2
    at = value(kind, u, v, pre, old, **given)
    for k in np.argsort(f)[:4]:  # the best of the grid, exactly
        gap = at - value(kind, Fraction(points[k]), v, pre, old, **given)
        assert gap <= (Fraction(1, 10**45) * abs(at) if kind in SMOOTH else 0), "a grid point wins"


@given(KINDS, VALUES, VALUES, VALUES, weights(MODERATE))
def test_no_grid_point_is_better(kind: str, v: Any, pre: Any, old: Any, given: Draw) -> None:
    check_against_grid(update, kind, v, pre, old, given)


@given(KINDS, st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), VALUES, weights(PENALTIES))
def test_no_grid_point_is_better_at_any_scale(
    kind: str, v: float, pre: float, old: Any, given: Draw
) -> None:
    check_against_grid(update, kind, v, pre, old, given)


def first_candidate(kind: str, v: Any, pre: Any, old: Any, **given: Any) -> Any:
    return u_candidates(v, pre, old, activation=MEMBERS[kind], **given)[0].point


def last_candidate(kind: str, v: Any, pre: Any, old: Any, **given: Any) -> Any:
    return u_candidates(v, pre, old, activation=MEMBERS[kind], **given)[-1].point


@pytest.mark.parametrize("wrong", [first_candidate, last_candidate])
@pytest.mark.parametrize("kind", sorted(set(MEMBERS) - {"identity"}))
def test_the_grid_sees_a_wrong_choice(wrong: Callable[..., Any], kind: str) -> None:
    given = {"gamma": Fraction(40), "rho": Fraction(1, 2), "alpha": Fraction(1, 4)}
    caught = 0
    for v in (Fraction(-1), Fraction(1, 8), Fraction(7, 8), Fraction(2)):
        for pre in (Fraction(-16), Fraction(-7), Fraction(-2), Fraction(3), Fraction(16)):
            try:
                check_against_grid(wrong, kind, v, pre, pre, given)
            except AssertionError:
                caught += 1
    assert caught


@given(KINDS, VALUES, VALUES, VALUES, weights(MODERATE))
def test_decrease_is_at_least_the_constant(
    kind: str, v: Any, pre: Any, old: Any, given: Draw
) -> None:
    u = update(kind, v, pre, old, **given)
    free = {**given, "alpha": 0}
    decrease = value(kind, old, v, pre, old, **free) - value(kind, u, v, pre, old, **free)
    symbols = {
        s: sp.Rational(str(given[s.name])) for s in MEMBERS[kind].facts.constant.free_symbols
    }
    constant = to_fraction(MEMBERS[kind].facts.constant.subs(symbols))
    assert decrease >= constant * (to_fraction(u) - old) ** 2 - Fraction(1, 10**45)


# (kind, v, pre = old, gamma), rho = alpha = 1, and the two minimisers that tie.
TIES = {
    "relu": (1, -1, 6, -1, Fraction(1, 2)),
    "relu6": (1, -1, 6, -1, Fraction(1, 2)),
    "hard_tanh": (0, -2, 6, -2, Fraction(-1, 2)),
    "hard_sigmoid": (Fraction(1, 6), -4, 216, -4, Fraction(-5, 2)),
    "abs": (3, 0, 2, Fraction(-3, 2), Fraction(3, 2)),
}


@pytest.mark.parametrize("kind", sorted(TIES))
def test_ties_attain_the_constant_and_go_to_the_nearer(kind: str) -> None:
    v, pre, gamma, low, high = TIES[kind]
    given = {"gamma": gamma, "rho": 1, "alpha": 1}
    assert u_minimisers(v, pre, pre, activation=MEMBERS[kind], **given) == (low, high)
    assert update(kind, v, pre, pre, **given) == low  # nearest, or of two equally near the lower
    # The same function of U, reached from an old value nearer to the other minimiser.
    old = high + 1
    assert update(kind, v, 2 * pre - old, old, **given) == high
    if low == pre:
        free = {**given, "alpha": 0}
        before, after = (value(kind, u, v, pre, pre, **free) for u in (low, high))
        assert before - after == Fraction(1, 2) * (high - low) ** 2  # alpha/2, attained


@pytest.mark.parametrize("old", [Fraction(-3), Fraction(0), Fraction(3)])
def test_a_piecewise_activation_ties_as_the_named_one(old: Fraction) -> None:
    as_abs = ACTIVATIONS.from_json(
        {"kind": "piecewise", "breaks": [0], "slopes": [-1, 1], "value": 0}
    )
    given: Draw = {"gamma": 2, "rho": 1, "alpha": 1}
    tie = u_minimisers(3, -old, old, activation=as_abs, **given)
    assert tie == u_minimisers(3, -old, old, activation=MEMBERS["abs"], **given)
    assert len(tie) == 2


@given(VALUES, VALUES, VALUES, weights(MODERATE))
def test_piecewise_reproduces_the_named_members(v: Any, pre: Any, old: Any, given: Draw) -> None:
    for kind, breaks, slopes, at in (
        ("hard_tanh", [-1, 1], [0, 1, 0], -1),
        ("relu6", [0, 6], [0, 1, 0], 0),
        ("hard_sigmoid", [-3, 3], [0, Fraction(1, 6), 0], 0),
        ("leaky_relu", [0], [0.01, 1], 0),
    ):
        general = ACTIVATIONS.from_json(
            {"kind": "piecewise", "breaks": breaks, "slopes": slopes, "value": at}
        )
        u = blocks.update_u([[v]], [[pre]], [[old]], activation=general, **given)[0, 0]
        assert u == update(kind, v, pre, old, **given)


@given(st.sampled_from(["tanh", "hard_tanh"]), VALUES, VALUES, VALUES, weights(MODERATE))
def test_odd_activations_follow_a_sign_flip(
    kind: str, v: Any, pre: Any, old: Any, given: Draw
) -> None:
    there = u_minimisers(v, pre, old, activation=MEMBERS[kind], **given)
    back = u_minimisers(-v, -pre, -old, activation=MEMBERS[kind], **given)
    assert [to_fraction(u) for u in there] == [-to_fraction(u) for u in reversed(back)]


@given(VALUES, VALUES, VALUES, weights(PENALTIES))
def test_sigmoid_is_tanh_rescaled(v: Any, pre: Any, old: Any, given: Draw) -> None:
    """s(u) = (1 + tanh(u/2))/2: v -> 2v - 1, u -> u/2, gamma -> gamma/4, rho and alpha times 4."""
    exact = {name: Fraction(x) for name, x in given.items()}
    other = {"gamma": exact["gamma"] / 4, "rho": 4 * exact["rho"], "alpha": 4 * exact["alpha"]}
    halves = (2 * v - 1, pre / 2, old / 2)
    found = u_minimisers(v, pre, old, activation=MEMBERS["sigmoid"], **exact)
    again = u_minimisers(*halves, activation=MEMBERS["tanh"], **other)
    for a, b in zip(found, again, strict=True):
        assert abs(to_fraction(a) - 2 * to_fraction(b)) <= Fraction(1, 10**45)


def slope_at(kind: str, u: Any, v: Any, pre: Any, old: Any, given: Draw) -> Any:
    """The derivative of U's objective, at 80 digits."""
    with mpmath.workdps(80):
        x = sp.Symbol("x")
        s = sp.tanh(x) if kind == "tanh" else 1 / (1 + sp.exp(-x))
        f = [sp.Rational(str(given[name])) for name in ("gamma", "rho", "alpha")]
        g = -f[0] * (sp.Rational(str(v)) - s) * sp.diff(s, x)
        g += f[1] * (x - sp.Rational(str(pre))) + f[2] * (x - sp.Rational(str(old)))
        return sp.lambdify(x, g, "mpmath")(u)


@pytest.mark.parametrize("kind", SMOOTH)
@given(v=VALUES, pre=VALUES, old=VALUES, given=weights(MODERATE), steep=st.integers(0, 3))
def test_smooth_minima_are_stationary_and_at_most_two(
    kind: str, v: Any, pre: Any, old: Any, given: Draw, steep: int
) -> None:
    given = {**given, "gamma": given["gamma"] * 10**steep}
    found = u_candidates(v, pre, old, activation=MEMBERS[kind], **given)
    assert 1 <= len(found) <= 2
    scale = sum(given.values()) * 100
    for c in found:
        assert abs(slope_at(kind, c.point, v, pre, old, given)) < mpmath.mpf(10) ** -50 * scale
    points = grid(v, pre, old, 1)
    beta = float(given["rho"] + given["alpha"])
    m = float(given["rho"] * pre + given["alpha"] * old) / beta
    s = DEFINITIONS[kind](points)
    rate = 1 - s**2 if kind == "tanh" else s * (1 - s)
    psi = beta * (points - m) - float(given["gamma"]) * (float(v) - s) * rate
    noise = ROUNDING * float(scale)
    rising = [
        (a, b)
        for a, b, x, y in zip(points, points[1:], psi, psi[1:], strict=False)
        if x < -noise and y > noise
    ]
    for a, b in rising:  # every crossing that a scan sees is among those found
        assert any(a <= c.point <= b for c in found), "a local minimum was missed"


def test_two_minima_of_tanh() -> None:
    given: Draw = {"activation": MEMBERS["tanh"], "gamma": 6, "rho": 1, "alpha": 0}
    low, high = u_candidates(Fraction(1, 2), Fraction(-22, 5), 0, **given)
    assert float(low.point) == pytest.approx(-4.39452, abs=5e-6)
    assert float(high.point) == pytest.approx(-0.23813, abs=5e-6)
    assert float(low.value) == pytest.approx(6.74727, abs=5e-6)
    assert float(high.value) == pytest.approx(10.27565, abs=5e-6)
    u = update("tanh", Fraction(1, 2), Fraction(-22, 5), 0, gamma=6, rho=1, alpha=0)
    assert u == low.point


@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_results_are_exact_where_rational(kind: str) -> None:
    half = {"tanh": Fraction(0), "sigmoid": Fraction(1, 2)}[kind]
    assert type(update(kind, half, 0, 0, gamma=3, rho=1, alpha=1)) is Fraction
    assert isinstance(update(kind, half + 1, 0, 0, gamma=3, rho=1, alpha=1), mpmath.mpf)
    without = STANDARD.without("gamma")
    assert update(kind, 5, 2, -1, gamma=3, rho=1, alpha=2, objective=without) == 0
    # gamma v D(s(0)) = -beta m: stationary at 0 by the balance of two terms
    rate = {"tanh": 1, "sigmoid": Fraction(1, 4)}[kind]
    found = u_candidates(half + 1, -rate, 0, activation=MEMBERS[kind], gamma=1, rho=1, alpha=0)
    assert any(c.point == 0 and type(c.point) is Fraction and c.slack == 0 for c in found)


@pytest.mark.parametrize("kind", SMOOTH)
def test_derivatives_are_those_of_the_function(kind: str) -> None:
    x = sp.Symbol("x", real=True)
    s = sp.tanh(x) if kind == "tanh" else 1 / (1 + sp.exp(-x))
    member = MEMBERS[kind]
    assert sp.simplify(sp.diff(s, x) - member.derivative(s)) == 0
    with mpmath.workdps(60):
        u = mpmath.mpf("0.7")
        assert abs(member.inverse(member.value(u)) - u) < mpmath.mpf(10) ** -58


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_activations_are_as_defined(kind: str) -> None:
    points = np.linspace(-8, 8, 65).reshape(5, 13)
    found = np.array(MEMBERS[kind](points), dtype=float)
    assert np.allclose(found, DEFINITIONS[kind](points), rtol=1e-14, atol=1e-14)
    inner = MEMBERS[kind](np.array([[rational(1)]], dtype=object))
    assert isinstance(inner[0, 0], type(rational(1)))


@pytest.mark.parametrize("kind", sorted(set(MEMBERS) - {"identity"}))
def test_u_is_derived_from_the_objective(kind: str) -> None:
    v, pre = np.array([[0.75, -0.5, 2]]), np.array([[-2.5, 0.25, 1.5]])
    old = np.array([[0.5, 0.125, 0.25]])
    given = {"gamma": Fraction(3, 2), "rho": Fraction(5, 4), "alpha": Fraction(1, 4)}

    def solve(objective: Any = STANDARD, **to: Any) -> Any:
        to = {**given, **to}
        return blocks.update_u(v, pre, old, activation=MEMBERS[kind], objective=objective, **to)

    def doubled(a: Any, b: Any, *, weight: Any) -> Any:
        return weight * square(a - b)

    for name, penalty in (("gamma", "gamma"), ("rho", "rho"), ("prox", "alpha")):
        term = {
            "gamma": lambda v, s_u, *, gamma: doubled(v, s_u, weight=gamma),
            "rho": lambda u, pre, *, rho: doubled(u, pre, weight=rho),
            "prox": lambda new, old, *, prox: doubled(new, old, weight=prox),
        }[name]
        found = solve(STANDARD.replace(name, term))
        assert np.array_equal(found, solve(**{penalty: 2 * given[penalty]}))
        assert not np.array_equal(found, solve())
    beta = given["rho"] + given["alpha"]
    mean = [[(given["rho"] * Fraction(p) + given["alpha"] * Fraction(o)) / beta
             for p, o in zip(pre[0], old[0], strict=True)]]  # fmt: skip
    assert np.array_equal(solve(STANDARD.without("gamma")), mean)


def test_objectives_out_of_reach_are_refused() -> None:
    given: Draw = {"activation": MEMBERS["tanh"], "gamma": 1, "rho": 1, "alpha": 1}
    product = STANDARD.plus("product", lambda u, s_u: (u * s_u).sum())
    with pytest.raises(ValueError, match="plus a polynomial in s"):
        blocks.update_u([[1]], [[1]], [[1]], objective=product, **given)
    flat = STANDARD.without("rho").without("prox")
    with pytest.raises(ValueError, match="strictly convex"):
        blocks.update_u([[1]], [[1]], [[1]], objective=flat, **given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"breaks": []}, "breaks"),
        ({"breaks": [1, 1, 2]}, "ascending"),
        ({"slopes": [1, 2]}, "one more than breaks"),
        ({"value": math.inf}, "finite"),
        ({"slopes": [1, math.nan, 2, 3]}, "finite"),
    ],
)
def test_impossible_pieces_are_refused(change: Draw, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ACTIVATIONS.from_json({**BENT, **change})


def test_entries_are_data() -> None:
    for kind, cls in ACTIVATIONS.items():
        facts = cls.facts
        assert cls.kind == kind
        assert {s.name for s in facts.constant.free_symbols} <= {"alpha", "gamma", "rho"}
        assert facts.unique == (not facts.ties)
        assert facts.source
    assert ACTIVATIONS["leaky_relu"].facts.keys["slope"].rule() == "0 < x < 1"


@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_derivatives_are_those_of_the_literature(kind: str) -> None:
    """beta (u - m) - gamma (v - s) s', and for tanh beta - gamma (1 - s^2)(3 s^2 - 2 v s - 1)."""
    first, second = switching.smooth_derivatives(MEMBERS[kind])
    s, v, beta = switching.s, switching.v, rho + alpha
    m = (rho * switching.p + alpha * switching.u0) / beta
    rate = MEMBERS[kind].derivative(s)
    assert sp.simplify(first - beta * (switching.u - m) + gamma * (v - s) * rate) == 0
    if kind == "tanh":
        assert sp.expand(second - beta + gamma * (1 - s**2) * (3 * s**2 - 2 * v * s - 1)) == 0


def test_smooth_curvature_has_at_most_two_sign_changes_where_minima_can_be() -> None:
    """A stationary point has s(m) <= s <= v, after a flip of signs.  On (-1, v] the curvature's
    p = (1 - s^2)(3 s^2 - 2 v s - 1) is positive only below its root t = (v - sqrt(v^2 + 3))/3,
    and has a single critical point there: two roots of p = beta/gamma, so two minima at most.
    """
    s = sp.Symbol("s")
    for v in (sp.Rational(k, 8) for k in range(-7, 40)):
        p = sp.Poly((1 - s**2) * (3 * s**2 - 2 * v * s - 1), s)
        t = (v - sp.sqrt(v**2 + 3)) / 3
        other = (v + sp.sqrt(v**2 + 3)) / 3
        assert -1 < t < 0
        assert other >= min(v, 1)
        turning = [r for r in p.diff().real_roots() if -1 < r.evalf(30) < t.evalf(30)]
        assert len(turning) == 1
