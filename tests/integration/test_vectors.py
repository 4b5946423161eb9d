"""The torch solver answers every conformance vector, in float64 and in float32."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch

import vector_solver as solver
from nnbcd import blocks
from nnbcd.errors import InputError
from nnbcd_checks.vectors import fits, load, number
from nnbcd_spec import ACTIVATIONS, COMPRESSIONS
from nnbcd_spec.values import u_candidates, z_value
from vector_bounds import (
    FEW,
    SIZES,
    grid,
    low_rank,
    near,
    operands,
    spec_member,
    train,
    truncated,
    u_entry,
)

FILES = load()
VECTORS = [vector for file in FILES for vector in file.vectors]
BY_ID = {vector["id"]: vector for vector in VECTORS}
DTYPES = {"float64": torch.float64, "float32": torch.float32}
BITS = {"float64": 53, "float32": 24}


@cache
def bound(identity):
    """The size that a vector's allowed error is a multiple of; ``None`` for U, entry by entry."""
    vector = BY_ID[identity]
    right = solver.expected(vector["outputs"])
    if vector["block"] == "update_u":
        return None
    if vector["block"] != "update_z":
        return SIZES[vector["block"]](vector, right)
    if "c" in right:
        return truncated(vector, right)
    own = {"grid": grid, "low_rank": low_rank}.get(vector["member"]["kind"])
    return (own or (train if len(right["z"]) > 1 else entrywise))(vector, right)


def entrywise(vector, right):
    o = operands(vector)
    return max(float(np.abs(x).max()) for x in (*o["z_old"], o["w"], *right["z"]))


def answers(vector, dtype, update=None):
    """Whether the solver's answer is right for its precision; an empty text, or what is wrong."""
    got = solver.outputs(vector, DTYPES[dtype], update)
    eps = float(torch.finfo(DTYPES[dtype]).eps)
    if vector["block"] == "update_u":
        return u_wrong(vector, got["u"], eps)
    if vector["member"].get("kind") == "low_rank" and vector["result"] == "tie":
        return "" if any_truncation(vector, got["z"], eps) else f"got {got}: worse than the least"
    size = bound(vector["id"])
    allowed = [FEW * eps * s for s in size] if isinstance(size, list) else FEW * eps * size
    every = [vector["outputs"]]
    if not vector.get("preferred_required", True) and vector["minimisers"] != "continuum":
        every = vector["minimisers"]
    if any(near(got, solver.expected(right), allowed) for right in every):
        return ""
    is_sparse = "z" in got and len(got["z"]) == 1 and vector["member"]["kind"] != "low_rank"
    if is_sparse and not vector.get("preferred_required") and z_as_good(vector, got["z"], eps):
        return ""
    return f"got {got}, right is {solver.expected(vector['outputs'])}, allowed {allowed}"


def u_wrong(vector, got, eps):
    """Entry by entry: the preferred point, or another candidate of the same value in rounding."""
    right = solver.array(vector["outputs"]["u"])
    for at in np.ndindex(right.shape):
        if abs(got[at] - right[at]) <= FEW * eps * u_entry(vector, at, right[at]):
            continue
        agree = tied_entry(vector, at, got[at], eps) and tied_entry(vector, at, right[at], eps)
        if vector.get("preferred_required") or not agree:
            return f"entry {at}: got {got[at]}, right is {right[at]}"
    return ""


def tied_entry(vector, at, got, eps):
    """Whether ``got`` is a candidate whose exact value is the least within rounding."""
    o = operands(vector)
    entry = {k: float(o[k][at]) for k in ("v", "pre", "u_old")}
    weights = {k: o[k] for k in ("gamma", "rho", "alpha")}
    member = spec_member(vector, ACTIVATIONS)
    found = u_candidates(**entry, activation=member, **weights)
    least = min(c.value for c in found)
    image = float(member(np.array([[got]], dtype=object))[0, 0])
    scale = weights["gamma"] * (entry["v"] ** 2 + image**2)
    scale += weights["rho"] * (got**2 + entry["pre"] ** 2)
    scale += weights["alpha"] * (got**2 + entry["u_old"] ** 2)
    return any(
        abs(got - float(c.point)) <= FEW * eps * u_entry(vector, at, float(c.point))
        and float(c.value - least) <= FEW * eps * scale
        for c in found
    )


def any_truncation(vector, z, eps):
    """Whether Z has the rank, and the least value within rounding."""
    o, member = operands(vector), spec_member(vector, COMPRESSIONS)
    weights = {k: o[k] for k in ("tau", "alpha_z")}
    value = z_value(tuple(z), tuple(o["z_old"]), o["w"], compression=member, **weights)
    s = np.linalg.svd(z[0], compute_uv=False)
    dropped = s[vector["member"]["rank"] :]
    scale = sum(weights.values()) * ((o["w"] ** 2).sum() + (o["z_old"][0] ** 2).sum())
    excess = float(value - number(vector["value"]))
    return bool(np.all(dropped <= FEW * eps * s[0]) and abs(excess) <= FEW * eps * scale)


def z_as_good(vector, z, eps):
    """Whether a feasible Z has the least value within rounding, its entries being M's or 0."""
    o, member = operands(vector), spec_member(vector, COMPRESSIONS)
    weights = {k: o[k] for k in ("tau", "alpha_z")}
    right = solver.array(vector["outputs"]["z"][0])
    mean = (o["tau"] * o["w"] + o["alpha_z"] * o["z_old"][0]) / (o["tau"] + o["alpha_z"])
    size = FEW * eps * max(np.abs(o["w"]).max(), np.abs(o["z_old"][0]).max())
    entries = all(np.all((x == 0) | (np.abs(x - mean) <= size)) for x in (z[0], right))
    value = z_value(tuple(z), tuple(o["z_old"]), o["w"], compression=member, **weights)
    scale = o["tau"] * ((o["w"] ** 2).sum() + (z[0] ** 2).sum())
    scale += o["alpha_z"] * ((o["z_old"][0] ** 2).sum() + (z[0] ** 2).sum())
    kept = (z[0] != 0).sum() <= (right != 0).sum()
    return bool(entries and kept and float(value - number(vector["value"])) <= FEW * eps * scale)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_solver_answers_every_vector(file, dtype):
    questions = [v for v in file.vectors if v["result"] != "reject" and fits(v, BITS[dtype])]
    assert questions
    questions = list(filter(solver.known, questions))
    if not questions:
        pytest.skip(f"the solver's registry has no {file.member}")
    wrong = {v["id"]: why for v in questions if (why := answers(v, dtype))}
    assert not wrong, next(iter(wrong.items()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_solver_refuses_what_is_outside_the_domain(file):
    refused = [v for v in file.vectors if v["result"] == "reject" and solver.known(v)]
    if not refused:
        pytest.skip(f"the solver's registry has no {file.member}")
    for vector in refused:
        with pytest.raises(InputError):
            solver.refuse(vector)


def with_(real, **changed):
    """An update whose penalties are changed by functions of all of them."""
    return lambda *a, **k: real(*a, **(k | {n: f(k) for n, f in changed.items()}))


def largest_kept(z_old, w, *, compression, tau, alpha_z):
    """Pruning that keeps the last of equal magnitudes."""
    m = (tau * w + alpha_z * z_old[0]) / (tau + alpha_z)
    order = torch.argsort(m.abs().reshape(-1).flip(0), descending=True, stable=True)
    keep = torch.zeros(m.numel(), dtype=torch.bool)
    keep[m.numel() - 1 - order[: compression.nonzeros]] = True
    return (torch.where(keep.reshape(m.shape), m, torch.zeros_like(m)),)


def by_w(z_old, w, *, compression, tau, alpha_z):
    """Pruning that selects by W alone."""
    (kept,) = compression.update(z_old, w, tau=tau, alpha_z=0.0)
    m = (tau * w + alpha_z * z_old[0]) / (tau + alpha_z)
    return (torch.where(kept != 0, m, torch.zeros_like(m)),)


def local(v, pre, u_old, *, activation, gamma, rho, alpha):
    """Rectifier: the minimiser on the old value's side of 0."""
    m = (rho * pre + alpha * u_old) / (rho + alpha)
    right = ((gamma * v + rho * pre + alpha * u_old) / (gamma + rho + alpha)).clamp(min=0)
    return torch.where(u_old < 0, m.clamp(max=0), right)


def unclipped(v, pre, u_old, *, activation, gamma, rho, alpha):
    """Rectifier: the stationary point of the side of the old value, not clipped."""
    m = (rho * pre + alpha * u_old) / (rho + alpha)
    right = (gamma * v + rho * pre + alpha * u_old) / (gamma + rho + alpha)
    real = blocks.update_u(v, pre, u_old, activation=activation, gamma=gamma, rho=rho, alpha=alpha)
    return torch.where(real == 0, torch.minimum(m, right), real)


def higher(v, pre, u_old, **k):
    """U in a mirror: of two equally near the higher."""
    real = blocks.update_u(v, pre, u_old, **k)
    nudged = blocks.update_u(v, pre, u_old.abs() * 0 + real.abs().max() * 4 + u_old, **(k | {
        "alpha": 0.0}))  # fmt: skip
    return torch.where((k["alpha"] == 0) & (nudged != real), nudged, real)


def per_unit(w_old, b_old, u, v_prev, target, **k):
    """W with a mean over samples for a sum."""
    weights = k | {"rho": k["rho"] / len(u)}
    return blocks.update_w(w_old, b_old, u, v_prev, target, **weights)


def split_w(w_old, b_old, u, v_prev, target, **k):
    """W and b one after another instead of jointly."""
    new_w, _ = blocks.update_w(w_old, b_old, u, v_prev, target, **k)
    _, new_b = blocks.update_w(new_w, b_old, u, v_prev, target, **k)
    return new_w, new_b


MUTANTS = {
    "v_out: alpha lost": ("update_v_out", with_(blocks.update_v_out, alpha=lambda k: 0.0)),
    "v_out: alpha for gamma": (
        "update_v_out",
        with_(blocks.update_v_out, gamma=lambda k: k["gamma"] + k["alpha"]),
    ),
    "u_out: swapped": (
        "update_u_out",
        with_(blocks.update_u_out, gamma=lambda k: k["rho"], rho=lambda k: k["gamma"]),
    ),
    "v: swapped": (
        "update_v",
        with_(blocks.update_v, gamma=lambda k: k["rho"], rho=lambda k: k["gamma"]),
    ),
    "v: bias lost": ("update_v", lambda s_u, u_next, w_next, b_next, **k: blocks.update_v(
        s_u, u_next, w_next, 0 * b_next, **k)),
    "u: rho for rho + alpha": ("update_u", with_(blocks.update_u, alpha=lambda k: 0.0)),
    "u: local": ("update_u", local),
    "u: not clipped": ("update_u", unclipped),
    "u: tie to the higher": ("update_u", higher),
    "w: alpha lost": (
        "update_w", with_(blocks.update_w, alpha=lambda k: 0.0)),
    "w: mu lost": ("update_w", with_(blocks.update_w, mu=lambda k: 0.0)),
    "w: tau halved": ("update_w", with_(blocks.update_w, tau=lambda k: k["tau"] / 2)),
    "w: mean for sum": ("update_w", per_unit),
    "w: not jointly": ("update_w", split_w),
    "w: not the nearest": ("update_w", lambda w_old, b_old, u, v_prev, target, **k: (
        blocks.update_w(w_old + 1, b_old, u, v_prev, target, **k)
        if k["alpha"] == k["tau"] == k["mu"] == 0 else
        blocks.update_w(w_old, b_old, u, v_prev, target, **k))),
    "z: the last of equals": ("update_z", largest_kept),
    "z: selected by W": ("update_z", by_w),
    "z: prox lost": ("update_z", with_(blocks.update_z, alpha_z=lambda k: 0.0)),
}  # fmt: skip
KILLERS = {
    "u: local": "two_minima",
    "u: not clipped": "kink",
    "u: tie to the higher": "tie_middle",
    "w: mu lost": "decay",
    "w: not the nearest": "singular",
    "z: the last of equals": "equal_magnitudes",
    "z: selected by W": "old_decides",
}
"""The flag that is there for the fault; any flag may catch the others."""
MEMBERS = {"update_v_out": "squared", "update_u": "relu", "update_z": "prune"}


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_killed(name):
    block, mutant = MUTANTS[name]
    file = next(f for f in FILES if f.block == block and f.member == MEMBERS.get(block))
    killers = Counter()
    for vector in file.vectors:
        asked = vector["result"] != "reject" and solver.known(vector)
        if asked and answers(vector, "float64", mutant):
            killers.update(vector["flags"])
    assert killers[KILLERS[name]] if name in KILLERS else killers
    print(name, dict(killers))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_sees_a_lost_proximal_term(file):
    prox = {"update_z": "alpha_z"}.get(file.block, "alpha")
    asked = [v for v in file.vectors if v["result"] != "reject" and solver.known(v)]
    if prox not in file.vectors[0]["penalties"] or file.member == "tt_svd":
        pytest.skip("the update has no proximal term")
    if not asked:
        pytest.skip(f"the solver's registry has no {file.member}")
    mutant = with_(getattr(blocks, file.block), **{prox: lambda k: 0.0})
    assert any(answers(v, "float64", mutant) for v in asked)


def test_a_changed_digit_is_seen():
    changed = 0
    for file in FILES:
        vector = dict(next(v for v in file.vectors if v["result"] == "exact"))
        if not solver.known(vector):
            continue
        name, *_ = vector["outputs"]
        wrong = _bumped(vector["outputs"][name])
        vector |= {"outputs": vector["outputs"] | {name: wrong}}
        assert answers(vector, "float64"), vector["id"]
        changed += 1
    assert changed >= 10


def _bumped(nested):
    """The outputs with the first number off by one part in a million, or by 1e-6 at 0."""
    if isinstance(nested, list):
        return [_bumped(nested[0]), *nested[1:]]
    x = number(nested)
    return str(x + (abs(x) or 1) / 10**6)


def test_a_wrong_preference_is_seen():
    ties = [v for v in VECTORS if v.get("preferred_required") and solver.known(v)]
    assert len(ties) >= 100
    for vector in ties:
        other = next(m for m in vector["minimisers"] if m != vector["outputs"])
        assert answers(vector | {"outputs": other}, "float64"), vector["id"]
