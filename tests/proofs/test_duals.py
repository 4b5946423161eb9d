"""The dual bound of the multiclass hinges: below every value, and tight at the minimiser."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnbcd_checks.proofs import duals
from proofs.record_margins import inputs, output

NUMBERS = st.floats(-5, 5).map(lambda x: round(x, 3))


@st.composite
def cases(draw):
    a = draw(st.lists(NUMBERS, min_size=2, max_size=5))
    v = draw(st.lists(NUMBERS, min_size=len(a), max_size=len(a)))
    m = draw(st.sampled_from([0.01, 0.5, 1.0, 7.0, 1e3]))
    label = draw(st.integers(0, len(a) - 1))
    return duals.Case(draw(st.sampled_from(duals.MEMBERS)), label, tuple(a), m, tuple(v))


def value(case, v):
    margins = [1 + x - v[case.label] for k, x in enumerate(v) if k != case.label]
    hinges = [max(x, 0.0) for x in margins]
    loss = sum(hinges) if case.member == "weston_watkins" else max(hinges)
    return loss + case.m / 2 * sum((x - y) ** 2 for x, y in zip(v, case.a, strict=True))


@given(case=cases(), other=st.lists(NUMBERS, min_size=5, max_size=5))
def test_no_point_is_below_the_bound(case, other):
    gap = float(duals._gap(case))
    other = other[: len(case.a)]
    slack = 1e-9 * (1 + value(case, case.output) + value(case, other))
    assert value(case, other) >= value(case, case.output) - gap - slack


@given(case=cases())
def test_the_solver_is_certified_and_what_is_far_from_it_is_not(case):
    right = replace(case, output=tuple(output(case.member, case.label, list(case.a), case.m)))
    assert duals.judge(right).certified
    assert value(case, right.output) <= value(case, case.output) + 1e-9 * (1 + abs(case.m))
    away = max(abs(x - y) for x, y in zip(case.output, right.output, strict=True))
    if away > 1e-3:
        assert not duals.judge(case).certified
        assert duals.judge(case).radius >= away


@pytest.mark.parametrize("member", duals.MEMBERS)
def test_recorded_steps_are_the_solvers_and_certified(member):
    found = duals.recorded(member)
    assert [(c.label, list(c.a), c.m) for c in found] == list(inputs(member))
    assert all(duals.judge(case).certified for case in found)
    for case in found:
        again = replace(case, output=tuple(output(member, case.label, list(case.a), case.m)))
        assert duals.judge(again).certified


@pytest.mark.parametrize("member", duals.MEMBERS)
@pytest.mark.parametrize("fault", duals.WRONG)
def test_a_wrong_step_is_refused(member, fault):
    assert duals.refused(fault, duals.recorded(member))


def test_an_output_that_is_not_finite_is_refused():
    case = duals.Case("weston_watkins", 0, (0.0, 0.0), 1.0, (float("nan"), 0.0))
    assert not duals.judge(case).certified


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[]", "an object of member"),
        ('{"member": "weston_watkins", "cases": []}', "no cases"),
        ('{"member": "weston_watkins", "cases": [[0, [1.0], 1.0, [1.0]]]}', "length >= 2"),
        ('{"member": "weston_watkins", "cases": [[2, [1.0, 1.0], 1.0, [1.0, 1.0]]]}', "case 0"),
        ('{"member": "weston_watkins", "cases": [[0, [1.0, 1.0], 0.0, [1.0, 1.0]]]}', "m > 0"),
    ],
)
def test_a_malformed_record_is_an_error(text, match):
    with pytest.raises(ValueError, match=match):
        duals.cases_from(json.loads(text), "weston_watkins")
