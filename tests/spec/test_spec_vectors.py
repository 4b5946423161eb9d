"""The committed vectors are what the generator makes; the whole set: ``nox -s vectors``."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import mpmath
import pytest

from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.compressions import COMPRESSIONS
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.vectors import plans, text
from nnbcd_spec.vectors.answer import answer
from nnbcd_spec.vectors.case import Case
from nnbcd_spec.vectors.encode import number
from nnbcd_spec.vectors.files import NO_BLOCK, _first_line, require_refused
from nnbcd_spec.vectors.notes import FLAGS

FOLDER = Path(__file__).parents[2] / "proofs_checks" / "nnbcd_checks" / "vectors"
SAMPLE = ("update_u_out", "update_v", "update_u-relu", "update_z-prune")


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_as_generated(name):
    plan = next(p for p in plans() if p.name == name)
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text(plan)


def test_every_member_has_a_plan():
    names = {p.name for p in plans()}
    assert {f"update_u-{kind}" for kind in ACTIVATIONS} <= names
    assert {f"update_v_out-{kind}" for kind in LOSSES} <= names
    assert {f"update_z-{kind}" for kind in COMPRESSIONS if kind not in NO_BLOCK} <= names
    assert {r.flag for p in plans() for r in p.recipes} <= set(FLAGS)


def test_a_difference_is_named_with_its_line():
    assert _first_line("a\nb1", "a\nb2").startswith("line 2")
    assert "(end)" in _first_line("a", "a\nb")


def test_a_legal_case_is_no_rejection():
    case = Case("update_u_out", {}, {"v": [[1]], "pre": [[2]]}, {"gamma": 1, "rho": 1}, ())
    with pytest.raises(AssertionError, match="accepts"):
        require_refused(case)


def test_numbers_are_written_exactly():
    assert [number(x) for x in (0.375, -2, Fraction(1, 3), float("nan"))] == [
        "3/8", "-2", "1/3", "nan",
    ]  # fmt: skip
    with mpmath.workdps(60):
        assert number(mpmath.sqrt(2)) == "1.414213562373095048801688724209698078570e+0"
        assert number(-mpmath.mpf(1) / 300).startswith("-3.333333333")
        assert number(mpmath.mpf("9." + "9" * 45)) == "1." + "0" * 39 + "e+1"


def test_a_tie_of_the_rectifier_lists_both_points():
    one = [[Fraction(1)]]
    case = Case(
        "update_u", {"kind": "relu"},
        {k: _object(x) for k, x in (("v", one), ("pre", [[-1]]), ("u_old", [[-1]]))},
        {"gamma": 6, "rho": 1, "alpha": 1}, (),
    )  # fmt: skip
    found = answer(case)
    assert found.outputs["u"].tolist() == [[-1]]
    assert [other["u"].tolist() for other in found.others] == [[[Fraction(1, 2)]]]
    assert found.required


def _object(x):
    import numpy as np

    return np.array(x, dtype=object)
