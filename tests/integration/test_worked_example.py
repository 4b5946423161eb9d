"""The new member of CONTRIBUTING.md, executed: trained, certified, a wrong step refuted."""

from __future__ import annotations

import copy
import dataclasses
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

import nnbcd_spec
from nnbcd import activations, blocks
from nnbcd_checks import activations as audited_activations
from nnbcd_checks import schema
from nnbcd_spec import blocks as exact_blocks
from random_family import family_case
from run_tools import complaints, judge

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def module(monkeypatch, path):
    """The page's block for this file as a module."""
    code = re.search(rf"```python\n# {re.escape(path)}\n(.*?)```", PAGE, flags=re.DOTALL)
    assert code is not None, path
    made = types.ModuleType(path)
    monkeypatch.setitem(sys.modules, path, made)
    exec(code[1], made.__dict__)
    return made


@pytest.fixture
def hat(monkeypatch):
    """The three entries, put into the registries for one test."""
    spec = module(monkeypatch, "spec/nnbcd_spec/activations/hat.py").Hat
    ours = module(monkeypatch, "nnbcd/activations/hat.py").Hat
    entry = module(monkeypatch, "proofs_checks/nnbcd_checks/activations/__init__.py").ENTRY
    monkeypatch.setitem(nnbcd_spec.ACTIVATIONS, "hat", spec)
    monkeypatch.setitem(activations.ACTIVATIONS, "hat", ours)
    monkeypatch.setitem(audited_activations.ACTIVATIONS, "hat", entry)
    wider = copy.deepcopy(schema.load_schema("problem"))
    wider["$defs"]["activation"]["properties"]["kind"]["enum"].append("hat")
    monkeypatch.setattr(schema, "load_schema", lambda name: wider if name == "problem" else {})
    schema._validator.cache_clear()
    yield ours()
    schema._validator.cache_clear()


def cases(member):
    for seed in range(20):
        case = family_case(seed, depth=3, samples=5, low=0.1, high=10)
        *hidden, last = case.problem.layers
        layers = (*(dataclasses.replace(layer, activation=member) for layer in hidden), last)
        yield dataclasses.replace(case, problem=dataclasses.replace(case.problem, layers=layers))


def test_the_solver_agrees_with_the_specification(hat):
    rng = np.random.default_rng(0)
    v, pre, old = rng.integers(-16, 17, (3, 4, 50)) / 8
    weights = {"gamma": 2.0, "rho": 0.5, "alpha": 0.5}
    spec = nnbcd_spec.ACTIVATIONS.from_json(hat.to_json())
    exact = exact_blocks.update_u(v, pre, old, activation=spec, **weights).astype(float)
    ours = blocks.update_u(
        *(torch.as_tensor(a) for a in (v, pre, old)), activation=hat, **weights
    ).numpy()
    tied = np.abs(ours - exact) > 1e-12  # two minimisers: compared by value
    values = [(v - np.maximum(0, 1 - np.abs(u))) ** 2 * 2 + (u - (pre + old) / 2) ** 2
              for u in (ours, exact)]  # fmt: skip
    assert np.abs(values[0] - values[1])[tied].max(initial=0) <= 1e-12
    assert tied.mean() < 0.1


def test_runs_with_it_are_certified_and_a_wrong_step_is_refuted(hat, monkeypatch):
    for case in cases(hat):
        certificate = judge(case, 5)
        assert not certificate.refuted, complaints(certificate)
    real = blocks.update_u
    wrong = lambda *a, **k: real(*a, **(k | {"alpha": 0.5 * k["alpha"]}))  # noqa: E731
    monkeypatch.setattr(blocks, "update_u", wrong)
    verdicts = [judge(case, 3).claim("block_optimality") for case in cases(hat)]
    assert sum(v.verdict == "refuted" and v.where.block[0] == "U" for v in verdicts) >= 15
