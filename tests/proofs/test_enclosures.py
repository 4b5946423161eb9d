"""The enclosures against independent searches; what they certify, refuse and leave unknown."""

from __future__ import annotations

import copy
import itertools
import json
import math

import pytest

pytest.importorskip("flint", reason="python-flint is missing: pip install 'nnbcd[proofs]'")

import mpmath
import numpy as np
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from nnbcd_checks.proofs import enclosures
from nnbcd_checks.proofs.enclosures.activations import SHAPES, ActivationStep
from nnbcd_checks.proofs.enclosures.balls import UNIT, hull
from nnbcd_checks.proofs.enclosures.losses import LogisticStep
from nnbcd_checks.proofs.enclosures.search import UndecidedError, local_minima
from nnbcd_checks.proofs.enclosures.softmax import CrossEntropyStep
from proofs import record as recorder

MEMBERS = enclosures.MEMBERS


@pytest.fixture(scope="module")
def results():
    seen = []
    found = enclosures.check(progress=lambda done, total: seen.append((done, total)))
    total = sum(result.cases for result in found.values())
    assert seen == [(done, total) for done in range(1, total + 1)]
    return found


@pytest.fixture(scope="module")
def cases():
    return {member: enclosures.recorded(member) for member in MEMBERS}


@pytest.mark.parametrize("member", MEMBERS)
def test_every_recorded_step_is_certified(results, member):
    result = results[member]
    assert result.holds, f"not certified: cases {result.failed}"
    assert result.unknown == 0
    assert result.cases >= (200 if member == "cross_entropy" else 500)
    assert (result.ties >= 20) == (member in SHAPES)
    assert result.worst_radius < 1e-25
    assert 0 < result.worst_share < 1


@pytest.mark.parametrize("member", MEMBERS)
def test_the_recorded_inputs_are_those_of_the_recorder(cases, member):
    """But for the last digits, where another processor rounds otherwise."""
    wanted = recorder.steps_of(member)
    assert [c.group for c in cases[member]] == [group for group, _ in wanted]
    for case, (_, step) in zip(cases[member], wanted, strict=True):
        for name in enclosures.COLUMNS[member]:
            assert getattr(case.step, name) == pytest.approx(getattr(step, name), rel=1e-9, abs=0)


@pytest.mark.parametrize("member", MEMBERS)
def test_the_solver_still_answers_as_recorded_or_is_certified(cases, member):
    """Another processor may round a few bits otherwise; anything more must be certified anew."""
    for i, case in enumerate(cases[member]):
        output = recorder.output_of(case.step)
        size = max(map(abs, case.output))
        pairs = zip(output, case.output, strict=True)
        if not all(abs(new - old) <= 8 * UNIT * size for new, old in pairs):
            verdict = enclosures.judge(case.step, output)
            assert verdict.state == "certified", (i, output, verdict)


WRONG = [(m, wrong) for m in MEMBERS for wrong in enclosures.WRONG if m in wrong.members]


@pytest.mark.parametrize(("member", "wrong"), WRONG, ids=lambda x: getattr(x, "fault", x))
def test_a_wrong_step_is_refused(cases, member, wrong):
    assert enclosures.refused(wrong, member, cases[member])


def test_wrong_steps_are_enough_and_counted():
    killed = enclosures.killed()
    assert sum(killed.values()) == len(WRONG)
    assert min(killed.values()) >= 6


@pytest.mark.parametrize("member", MEMBERS)
def test_the_right_step_is_refused_nowhere(cases, member):
    same = enclosures.Wrong((member,), "none", lambda case: case.output)
    assert not enclosures.refused(same, member, cases[member][::5])


@pytest.mark.parametrize("kind", SHAPES)
def test_the_other_local_minimum_is_refused_by_its_value_alone(cases, kind):
    """Its gradient vanishes, so only the search of the whole box can tell."""
    near = next(w for w in enclosures.WRONG if w.fault == "the local minimum nearest to the mean")
    verdicts = [enclosures.judge(c.step, near.outputs(c)) for c in cases[kind]]
    assert sum(v.state == "refused" and v.slope_share < 1 for v in verdicts) >= 20


@pytest.mark.parametrize("member", MEMBERS)
def test_a_hopeless_precision_is_unknown_and_no_pass(cases, member):
    case = cases[member][0]
    assert enclosures.judge(case.step, case.output, bits=8, cap=16).state == "unknown"
    assert enclosures.judge(case.step, case.output, bits=256, cap=128).state == "unknown"
    assert enclosures.judge(case.step, case.output, bits=8, cap=512).state == "certified"


def test_a_check_that_decides_nothing_holds_for_nobody():
    for result in enclosures.check(bits=256, cap=128).values():
        assert result.unknown == result.cases
        assert result.certified == 0
        assert not result.holds
        assert math.isinf(result.worst_radius)


def test_precision_is_given_back(cases):
    before = ctx.prec
    enclosures.judge(cases["tanh"][0].step, cases["tanh"][0].output)
    enclosures.judge(cases["tanh"][0].step, cases["tanh"][0].output, bits=8, cap=16)
    assert ctx.prec == before


@pytest.mark.parametrize("output", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(cases, output):
    assert enclosures.judge(cases["tanh"][0].step, [output]).state == "refused"


finite = st.floats(-12, 12).filter(lambda x: x == 0 or abs(x) > 1e-9)
positive = st.floats(1e-3, 1e3)
u_steps = st.builds(ActivationStep, st.sampled_from(list(SHAPES.values())), finite, finite, finite,
                    positive, positive, st.one_of(st.just(0.0), positive))  # fmt: skip
logistic_steps = st.builds(LogisticStep, st.sampled_from((-1.0, 1.0)), finite, finite, positive,
                           positive, positive)  # fmt: skip


def objective(step, u):
    """In float64, of an array; written anew."""
    if isinstance(step, LogisticStep):
        loss = step.weight * np.logaddexp(0, -step.y * u)
        return loss + step.gamma / 2 * (u - step.u) ** 2 + step.alpha / 2 * (u - step.v_old) ** 2
    s = np.tanh(u) if step.shape.rate == 1 else 0.5 + 0.5 * np.tanh(u / 2)
    fit = step.gamma / 2 * (step.v - s) ** 2
    return fit + step.rho / 2 * (u - step.pre) ** 2 + step.alpha / 2 * (u - step.u_old) ** 2


def grid_of(step, count):
    """A grid wide enough for the minimiser, with no use of where it must lie."""
    points = (step.u, step.v_old) if isinstance(step, LogisticStep) else (step.pre, step.u_old)
    weight = step.weight if isinstance(step, LogisticStep) else step.gamma * (1 + abs(step.v))
    stiff = step.gamma + step.alpha if isinstance(step, LogisticStep) else step.rho + step.alpha
    far = weight / stiff + 1
    low, high = min(points), max(points)
    steps = np.sinh(np.linspace(0, np.arcsinh(far / 1e-3), count)) * 1e-3
    return np.concatenate([low - steps, np.linspace(low, high, count), high + steps])


@given(st.one_of(u_steps, logistic_steps))
def test_the_enclosures_hold_what_a_dense_search_finds(step):
    grid = np.unique(grid_of(step, 2000))
    least = np.argmin(objective(step, grid))
    start, width = grid[least], np.max(np.diff(grid[max(least - 1, 0) : least + 2]))
    with ctx.workprec(160):
        found = step.enclosed()
        for _ in range(8):  # a finer and finer grid about the best point
            near = np.append(start + np.linspace(-width, width, 401), start)
            start = near[np.argmin(objective(step, near))]
            width /= 50
        error = 64 * UNIT * float(step.value_size([arb(start)]).upper())
        best = float(step.value([arb(start)]).lower())
        # The true minimum is not above any value, and the search came near to it.
        assert float(found.minimum.lower()) <= best + error
        assert best <= float(found.minimum.upper()) + error
        # One of the enclosed points is where the search ended, or as good as it.
        lowest = [float(step.value(ball).upper()) for ball in found.balls]
        assert min(lowest) <= best + error


@given(u_steps)
def test_no_local_minimum_is_missed(step):
    """Every sign change of the derivative, from - to +, on a fine grid of the box."""
    with ctx.workprec(128):
        box = step.box()
        minima = local_minima(step, box)
        low, high = float(box.lower()), float(box.upper())
    grid = np.linspace(low, high, 4001)
    if low == high or not np.all(np.diff(grid) > 0):
        return
    with mpmath.workdps(30):
        slopes = slope_of(step, grid)
        for i in np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] > 0)):
            held = [b for b in minima if b.overlaps(hull(arb(grid[i]), arb(grid[i + 1])))]
            assert held, (grid[i], minima)


def slope_of(step, u):
    """The derivative in floats, made 0 where rounding could have its sign."""
    t = np.tanh(step.shape.rate * u)
    s, steep = (t, 1 - t**2) if step.shape.rate == 1 else ((1 + t) / 2, (1 - t**2) / 4)
    parts = [-step.gamma * (step.v - s) * steep, step.rho * (u - step.pre)]
    parts.append(step.alpha * (u - step.u_old))
    size = step.gamma * (abs(step.v) + 1) + step.rho * (np.abs(u) + abs(step.pre))
    size = size + step.alpha * (np.abs(u) + abs(step.u_old))
    total = sum(parts)
    return np.where(np.abs(total) > 1e-13 * size, total, 0)


@given(st.one_of(u_steps, logistic_steps))
def test_the_float_nearest_to_the_minimiser_is_certified(step):
    with ctx.workprec(200):
        nearest = float(step.enclosed().best[0].mid())
    verdict = enclosures.judge(step, [nearest])
    assert verdict.state == "certified"
    assert verdict.distance <= math.ulp(nearest) + 1e-300
    wrong = enclosures.judge(step, [nearest + 1e-3 * (1 + abs(nearest))])
    assert wrong.state == "refused"


@given(logistic_steps)
def test_the_logistic_minimiser_is_mpmaths_root(step):
    with mpmath.workdps(50):
        m, mpf = mpmath.mpf(step.gamma) + step.alpha, mpmath.mpf
        a = (mpf(step.gamma) * step.u + mpf(step.alpha) * step.v_old) / m

        def slope(v):
            return m * (v - a) - step.weight * step.y / (1 + mpmath.exp(step.y * v))

        root = mpmath.findroot(slope, sorted((a, a + step.weight * step.y / m)), solver="anderson",
                               tol=1e-60, maxsteps=400, verify=False)  # fmt: skip
        text = mpmath.nstr(root, 40)
    with ctx.workprec(160):
        (ball,) = step.enclosed().balls
        assert abs(ball[0] - arb(text)) < 1e-25 * (1 + abs(arb(text)))


rows = st.integers(2, 8).flatmap(lambda d: st.builds(
    CrossEntropyStep, st.integers(0, d - 1), *[st.tuples(*[finite] * d)] * 2, positive, positive,
    positive))  # fmt: skip


@given(rows, st.lists(st.floats(-1, 1), min_size=8, max_size=8))
def test_no_point_about_the_row_is_better(step, direction):
    with ctx.workprec(160):
        found = step.enclosed()
        (ball,) = found.balls
        for size in (1.0, 1e-3, 1e-9):
            moved = [b.mid() + size * x for b, x in zip(ball, direction, strict=False)]
            assert not step.value(moved) < found.minimum
        nearest = [float(b.mid()) for b in ball]
    assert enclosures.judge(step, nearest).state == "certified"
    nearest[step.label] += 1e-3 * (1 + max(map(abs, nearest)))
    assert enclosures.judge(step, nearest).state == "refused"


@given(rows)
def test_the_row_at_more_bits_lies_in_the_ball_at_fewer(step):
    """Met so closely where the Hessian is about gamma + alpha, that no smaller ball would do."""
    with ctx.workprec(300):
        (sharp,) = step.enclosed().balls
    with ctx.workprec(96):
        (ball,) = step.enclosed().balls
    assert all(b.contains(s) for b, s in zip(ball, sharp, strict=True))


def test_the_row_is_mpmaths_root():
    step = CrossEntropyStep(1, (0.5, -1.0, 2.0), (0.0, 1.0, 0.25), 0.5, 0.25, 2.0)
    with mpmath.workdps(40):

        def gradient(*v):
            total = sum(map(mpmath.exp, v))
            points = zip(v, step.u, step.v_old, strict=True)
            return [
                2 * (mpmath.exp(x) / total - (k == 1)) + (x - u) / 2 + (x - old) / 4
                for k, (x, u, old) in enumerate(points)
            ]

        root = [mpmath.nstr(x, 35) for x in mpmath.findroot(gradient, (0, 0, 0))]
    with ctx.workprec(160):
        (ball,) = step.enclosed().balls
        assert all(abs(b - arb(x)) < 1e-30 for b, x in zip(ball, root, strict=True))


@pytest.mark.parametrize("kind", SHAPES)
def test_near_ties_return_both_and_either_is_certified(cases, kind):
    ties = [c for c in cases[kind] if c.group == "near tie"]
    both = 0
    for case in ties[::7][:10]:  # the first of each draw: next to the tie
        with ctx.workprec(128):
            balls = case.step.enclosed().balls
        if len(balls) == 2:
            both += 1
            for ball in balls:
                verdict = enclosures.judge(case.step, [float(ball[0].mid())])
                assert (verdict.state, verdict.ties) == ("certified", 2)
                assert verdict.distance < 1e-12
    assert both >= 8


def test_derivatives_are_derivatives():
    steps = [ActivationStep(shape, 0.7, -0.3, 0.2, 2.0, 0.5, 0.25) for shape in SHAPES.values()]
    steps.append(LogisticStep(-1.0, 0.5, 0.2, 0.3, 0.1, 2.0))
    with ctx.workprec(200):
        h = arb(2) ** -40
        for step, x in itertools.product(steps, map(arb, (-1.3, 0.4, 2.1))):
            for f, df in itertools.pairwise((step.f, step.slope, step.bend, step.twist)):
                assert abs((f(x + h) - f(x - h)) / (2 * h) - df(x)) < 1e-20


@given(u_steps, finite, st.floats(0, 3))
def test_balls_hold_the_values_of_their_points(step, middle, radius):
    with ctx.workprec(96):
        ball = arb(middle, radius)
        for share in (-1, -0.3, 0, 0.8, 1):
            x = arb(middle) + arb(radius) * share
            for f in (step.f, step.slope, step.bend, step.twist, step.size, step.slope_size):
                assert f(ball).overlaps(f(x))
            assert step.value([ball]).overlaps(step.f(x))


def test_a_search_that_finds_no_minimum_is_undecided():
    step = ActivationStep(SHAPES["tanh"], 0.5, 0.0, 0.0, 1.0, 1.0, 0.0)
    with ctx.workprec(128):
        assert local_minima(step, arb(30, 1)) == ()
        object.__setattr__(step, "box", lambda: arb(30, 1))
        with pytest.raises(UndecidedError):
            step.enclosed()


def _good(member):
    step = {
        "tanh": [0.5, 0.0, 0.0, 1.0, 1.0, 0.0, 0.25],
        "logistic": [1.0, 0.5, 0.0, 1.0, 0.0, 1.0, 0.7],
        "cross_entropy": [0, [0.0, 1.0], [0.0, 1.0], 1.0, 0.0, 1.0, [0.0, 1.0]],
    }[member]
    return {"member": member, "dtype": "float64", "cases": [["any", *step]],
            "columns": ["group", *enclosures.COLUMNS[member], "output"]}  # fmt: skip


BROKEN = [
    ("tanh", lambda r: r.update(member="relu"), "its member is none of tanh"),
    ("tanh", lambda r: r.update(dtype="float32"), "dtype is not float64"),
    ("tanh", lambda r: r["columns"].pop(), "columns are not group, v"),
    ("tanh", lambda r: r.update(cases=[]), "no cases"),
    ("tanh", lambda r: r["cases"].append([]), "case 1: not a list of a group"),
    ("tanh", lambda r: r["cases"][0].pop(), "case 0: not a list of a group"),
    ("tanh", lambda r: r["cases"][0].__setitem__(1, math.nan), "case 0: v is nan"),
    ("tanh", lambda r: r["cases"][0].__setitem__(2, "0"), "pre is '0', not a finite float"),
    ("tanh", lambda r: r["cases"][0].__setitem__(3, True), "u_old is True"),
    ("tanh", lambda r: r["cases"][0].__setitem__(4, 0.0), "gamma is 0.0, too small"),
    ("tanh", lambda r: r["cases"][0].__setitem__(6, -1.0), "alpha is -1.0, too small"),
    ("tanh", lambda r: r["cases"][0].__setitem__(7, [0.0]), "output is"),
    ("logistic", lambda r: r["cases"][0].__setitem__(1, 0.5), "y is 0.5, not -1 or 1"),
    ("logistic", lambda r: r["cases"][0].__setitem__(6, 0.0), "weight is 0.0, too small"),
    ("cross_entropy", lambda r: r["cases"][0].__setitem__(1, 2), "label is 2, not one of 0 to 1"),
    ("cross_entropy", lambda r: r["cases"][0].__setitem__(1, True), "label is True"),
    ("cross_entropy", lambda r: r["cases"][0][2].pop(), "not three lists of one length"),
    ("cross_entropy", lambda r: r["cases"][0].__setitem__(7, 1.0), "not three lists"),
    ("cross_entropy", lambda r: r["cases"][0][7].__setitem__(0, None), "output is None"),
]


@pytest.mark.parametrize(("member", "spoil", "message"), BROKEN, ids=[b[2] for b in BROKEN])
def test_a_malformed_record_is_an_error_that_says_where(member, spoil, message):
    record = _good(member)
    assert len(enclosures.cases_from(copy.deepcopy(record))) == 1
    spoil(record)
    with pytest.raises(ValueError, match="^here.*" + message.replace("[", r"\[")):
        enclosures.cases_from(record, "here")


def test_a_record_that_is_no_object_is_an_error():
    with pytest.raises(ValueError, match=r"^record: its member"):
        enclosures.cases_from([1, 2])


def test_records_are_written_as_they_are_read(cases):
    for member, of_member in cases.items():
        text = enclosures.to_json(member, [recorder.row_of(case) for case in of_member])
        assert enclosures.cases_from(json.loads(text)) == of_member
        path = recorder.FOLDER / f"{member}.json"
        assert path.read_text(encoding="utf-8") == text


def test_claims_name_members_and_files():
    assert [c.id for c in enclosures.CLAIMS] == [
        "tanh-step", "sigmoid-step", "logistic-step", "cross-entropy-step"
    ]  # fmt: skip
    assert tuple(c.member for c in enclosures.CLAIMS) == MEMBERS
    assert all((recorder.ROOT / c.artefact).is_file() for c in enclosures.CLAIMS)
