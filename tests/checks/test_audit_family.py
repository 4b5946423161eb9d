"""Every activation and loss: right runs certified, planted faults refuted by the block's name."""

from __future__ import annotations

import itertools

import family_bcd as family
import numpy as np
import pytest
from audit_tools import explain, first_refuted, write_run
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from nnbcd_checks import Auditor, Problem, TraceError, audit_run
from nnbcd_checks.activations import read_activation
from nnbcd_checks.bent import search
from nnbcd_checks.kinked import undercut
from nnbcd_checks.losses import read_loss
from nnbcd_checks.scalars import Entries, Scalars

ACTIVATIONS = {a["kind"]: a for a in family.ACTIVATIONS}
LOSSES = {loss["kind"]: loss for loss in family.LOSSES}
SMOOTH = ("tanh", "sigmoid")


def certificate_of(case, states):
    problem, x, y, weights, _ = case
    auditor = Auditor(Problem.from_json(problem), x, y, states[0], weights)
    for state in states[1:]:
        auditor.step(state)
    return auditor.certificate()


@given(
    seed=st.integers(0, 2**32),
    kinds=st.tuples(st.sampled_from(family.ACTIVATIONS), st.sampled_from(family.LOSSES)),
    dtype=st.sampled_from(["float64", "float32"]),
    weighted=st.booleans(),
    depth=st.integers(1, 3),
    decades=st.sampled_from([1.0, 2.0, 3.0]),
)
def test_right_runs_are_certified(seed, kinds, dtype, weighted, depth, decades):
    rng = np.random.default_rng(seed)
    case = family.random_case(
        rng, *kinds, dtype=dtype, weighted=weighted, depth=depth, decades=decades
    )
    certificate = certificate_of(case, family.states_of(case, 4))
    assert certificate.certified, explain(certificate)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32),
    kinds=st.tuples(st.sampled_from(family.ACTIVATIONS), st.sampled_from(family.LOSSES)),
)
def test_any_order_is_judged(seed, kinds):
    """Certified where s is smooth, or V_i precedes U_i; else open, and nothing is refuted."""
    rng = np.random.default_rng(seed)
    case = family.random_case(rng, *kinds, weighted=True)
    order = [str(block) for block in rng.permutation(case[0]["order"])]
    case[0]["order"] = order
    certificate = certificate_of(case, family.states_of(case, 4))
    assert certificate.exit_code == 0, explain(certificate)
    open_ = kinds[0]["kind"] not in SMOOTH and order.index("V1") > order.index("U1")
    assert certificate.certified == (not open_), explain(certificate)


def faulty(fault, kinds, seed, wanted, at, block, weighted=False):
    """Faulty runs in which the block named differs from the right one in the first sweep."""
    found = 0
    for k in itertools.count():
        assert k < 60 * wanted, f"only {found} runs in which {fault} shows"
        case = family.random_case(np.random.default_rng([seed, k]), *kinds, weighted=weighted)
        right = family.states_of(case, 1)[1]
        wrong = family.states_of(case, 1, fault=fault, at=at)
        if np.abs(wrong[1][block] - right[block]).max() > 1e-5:
            found += 1
            yield case, wrong
        if found == wanted:
            return


def must_name(block, certificate):
    claim = first_refuted(certificate)
    assert claim is not None, explain(certificate)
    assert (claim.claim, claim.where.block) == ("block_optimality", block), explain(certificate)
    assert claim.margin < 0


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *((kind, "weak_prox_u") for kind in ACTIVATIONS),
        *((kind, "other_piece") for kind in ACTIVATIONS if kind not in SMOOTH),
    ],
)
def test_a_wrong_minimiser_of_u_is_named(kind, fault):
    kinds = (ACTIVATIONS[kind], LOSSES["squared"])
    for case, states in faulty(fault, kinds, 61, 6, 1, "U1"):
        must_name("U1", certificate_of(case, states))


@pytest.mark.parametrize(("kind", "wide"), [("tanh", 1.0), ("sigmoid", 2.0)])
def test_the_wrong_well_of_a_smooth_activation_is_named(kind, wide):
    """One candidate, found by descent from the old value: stationary, but not the least."""
    for seed in range(5):
        rng = np.random.default_rng([62, seed])
        case = family.random_case(rng, ACTIVATIONS[kind], LOSSES["squared"])
        problem, start = case[0], case[4]
        problem["order"].sort(key=lambda block: block != "U1")
        weights = {"gamma": 20.0 * wide**2, "rho": wide**-2, "alpha": 0.01}
        problem["layers"][0]["penalties"] |= weights
        start["W1"] *= 0
        start["b1"][:] = -4 * wide
        start["U1"][:] = -4 * wide
        start["V1"][:] = rng.uniform(0.8, 1.1, start["V1"].shape)
        right = certificate_of(case, family.states_of(case, 1))
        assert right.certified, explain(right)
        must_name(
            "U1", certificate_of(case, family.states_of(case, 1, fault="one_candidate", at=1))
        )


# -- what an entry of U leaves, against a fine grid --


def entries_of(rng, activation, count):
    """Entries of random scalar problems, and ``F(u) - min F`` by a grid refined around its best."""
    gamma, rho, alpha = 10 ** rng.uniform(-1, 1.5, 3)
    v, w, u0 = rng.normal(size=(3, count)) * np.array([[1.5], [2.0], [2.0]])
    u = rng.normal(size=count) * 2

    def value(x):
        fit = gamma / 2 * (v - activation.value(x)) ** 2
        return fit + rho / 2 * (x - w) ** 2 + alpha / 2 * (x - u0) ** 2

    center, width = np.zeros(count), 12.0
    for _ in range(6):
        grid = center + width * np.linspace(-1, 1, 4001)[:, None]
        center = np.take_along_axis(grid, value(grid).argmin(axis=0)[None], 0)[0]
        width /= 200
    shaped = activation.value(u)
    smooth = rho * (u - w) + alpha * (u - u0)
    entries = Entries(Scalars(gamma, rho, alpha), u, shaped, v - shaped, smooth, u0, w)
    return entries, value(u) - value(center)


@pytest.mark.parametrize("kind", [k for k in ACTIVATIONS if k not in SMOOTH])
def test_undercut_by_other_pieces_against_a_grid(kind):
    activation = read_activation(ACTIVATIONS[kind])
    for seed in range(10):
        entries, want = entries_of(np.random.default_rng([70, seed]), activation, 40)
        got, _ = undercut(entries, activation, np.full(40, -1))
        assert got == pytest.approx(want, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("kind", SMOOTH)
def test_branch_and_bound_against_a_grid(kind):
    """Never below the truth, and above it by no more than what was asked for."""
    activation = read_activation(ACTIVATIONS[kind])
    for seed in range(10):
        entries, want = entries_of(np.random.default_rng([71, seed]), activation, 40)
        close = np.full(40, 1e-9)
        floor = 0.25 * entries.scalars.beta
        own, under, _ = search(entries, activation, floor, close)
        assert np.all(np.maximum(own, under) >= want - 1e-8)
        assert np.all(under <= want + 1e-8)


@pytest.mark.parametrize("kind", SMOOTH)
def test_the_lower_bound_of_the_curvature_is_one(kind):
    activation, rng = read_activation(ACTIVATIONS[kind]), np.random.default_rng(72)
    low, v = rng.normal(size=(2, 300)) * 2
    high = low + 10 ** rng.uniform(-2, 0.5, 300)
    x = low + (high - low) * np.linspace(0, 1, 201)[:, None]
    h = 1e-4
    half = [0.5 * (v - activation.value(x + k)) ** 2 for k in (-h, 0.0, h)]
    second = (half[0] - 2 * half[1] + half[2]) / h**2
    assert np.all(activation.bend(low, high, v) <= second.min(axis=0) + 1e-6)
    tight = np.abs(activation.bend(low, low, v) - second[0])
    assert np.all(tight <= 1e-6)


# -- losses --


@pytest.mark.parametrize("kind", LOSSES)
def test_subgradients_gaps_and_falls_from_the_definition(kind):
    """Every p chosen satisfies ``l(x) >= l(v) + <p, x - v> - gap`` and `bregman` is its excess."""
    rng = np.random.default_rng(73)
    loss = read_loss(LOSSES[kind])
    for k in range(20):
        case = family.random_case(rng, ACTIVATIONS["tanh"], LOSSES[kind])
        y = case[2]
        v = y * rng.integers(0, 2, y.shape) + 0.7 * rng.integers(-1, 2, y.shape)
        band = np.full(len(y), 1e-9 if k % 2 else 0.3)
        p = loss.nearest(rng.normal(size=y.shape), v, y, band)
        gap = loss.gap(v, y, p)
        assert np.all(gap >= -1e-12)
        assert np.all(gap <= band * y.shape[1] + 1e-12)
        for scale in (1e-3, 1.0, 30.0):
            x = v + scale * rng.normal(size=v.shape)
            excess = loss.values(x, y) - loss.values(v, y) - ((x - v) * p).sum(axis=1)
            assert np.all(excess >= -gap - 1e-9 * (1 + scale))
            got, off = loss.bregman(x, v, y, p)
            assert got == pytest.approx(excess, abs=1e-12 * (1 + scale))
            assert np.all(off >= 0)


@pytest.mark.parametrize("kind", ["weston_watkins", "crammer_singer", "binary_hinge"])
def test_the_nearest_subgradient_is_the_nearest(kind):
    """Against many subgradients of the band, made as mixtures of gradients around v."""
    rng, loss = np.random.default_rng(74), read_loss(LOSSES[kind])
    for _ in range(10):
        case = family.random_case(rng, ACTIVATIONS["tanh"], LOSSES[kind])
        y, band = case[2], np.full(len(case[2]), 1e-9)
        v = y * 1.0
        pull = rng.normal(size=y.shape)
        best = np.square(pull - loss.nearest(pull, v, y, band)).sum(axis=1)
        for _ in range(25):
            shares = rng.dirichlet(np.ones(6))
            others = [
                loss.nearest(0 * v, v + 1e-3 * rng.normal(size=v.shape), y, 0 * band)
                for _ in range(6)
            ]
            mixed = sum(share * p for share, p in zip(shares, others, strict=True))
            assert np.all(best <= np.square(pull - mixed).sum(axis=1) + 1e-9)


@pytest.mark.parametrize("kind", LOSSES)
def test_v_out_without_its_prox_is_named(kind):
    kinds = (ACTIVATIONS["abs"], LOSSES[kind])
    for case, states in faulty("no_alpha_v", kinds, 63, 6, 2, "V2"):
        must_name("V2", certificate_of(case, states))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("margin", "binary_hinge"),
        ("margin", "weston_watkins"),
        ("margin", "crammer_singer"),
        ("rescaled", "crammer_singer"),
        ("delta", "huber"),
        ("mirrored", "squared_hinge"),
        ("two_sided", "squared_hinge"),
        *(("unweighted", kind) for kind in LOSSES),
        *(("permuted", kind) for kind in LOSSES),
    ],
)
def test_a_wrong_loss_is_named(fault, kind):
    kinds = (ACTIVATIONS["hard_tanh"], LOSSES[kind])
    for case, states in faulty(fault, kinds, 64, 5, 2, "V2", weighted=fault == "unweighted"):
        must_name("V2", certificate_of(case, states))


@pytest.mark.parametrize("name", ["U1", "V2"])
@pytest.mark.parametrize("kinds", list(zip(itertools.cycle(ACTIVATIONS), LOSSES, strict=False)))
def test_a_relative_change_of_1e_6_is_named(kinds, name):
    for seed in range(8):
        rng = np.random.default_rng([65, seed])
        case = family.random_case(rng, ACTIVATIONS[kinds[0]], LOSSES[kinds[1]], weighted=True)
        states = family.states_of(case, 2)
        states[2] = states[2] | {name: states[2][name] * (1 + 1e-6)}
        if np.abs(states[2][name]).max() > 1e-3:
            must_name(name, certificate_of(case, states))


@pytest.mark.parametrize("kind", LOSSES)
def test_a_run_folder_with_sample_weights(tmp_path, kind):
    """Live and offline agree; other weights in the folder are found out."""
    rng = np.random.default_rng([75, len(kind)])
    case = family.random_case(rng, ACTIVATIONS["sigmoid"], LOSSES[kind], weighted=True)
    problem, x, y, weights, _ = case
    states = family.states_of(case, 3)
    auditor = Auditor(Problem.from_json(problem), x, y, states[0], weights)
    rows = [auditor.step(state) for state in states[1:]]
    folder = write_run(tmp_path / "run", problem, x, y, states, rows=rows)
    save_file({"X": x, "Y": y, "S": weights}, folder / "data.safetensors")
    certificate = audit_run(folder)
    assert certificate.certified, explain(certificate)
    save_file({"X": x, "Y": y, "S": weights * 2}, folder / "data.safetensors")
    assert audit_run(folder).exit_code == 1
    save_file({"X": x, "Y": y}, folder / "data.safetensors")
    with pytest.raises(TraceError, match="S is missing"):
        audit_run(folder)


def refused(case, *words, y=None, weights=None):
    problem, x, right, _, start = case
    with pytest.raises(TraceError) as caught:
        Auditor(Problem.from_json(problem), x, right if y is None else y, start, weights)
    assert all(word in str(caught.value) for word in words), caught.value


def test_targets_that_do_not_fit_the_loss_are_named_by_row():
    for kind, loss in LOSSES.items():
        case = family.random_case(np.random.default_rng(66), ACTIVATIONS["tanh"], loss)
        y = case[2].copy()
        y[-1, 0] = 0.5
        if kind not in ("squared", "huber"):
            refused(case, "Y", f"row {len(y) - 1}", "0.5", y=y)
    weighted = family.random_case(
        np.random.default_rng(67), ACTIVATIONS["tanh"], LOSSES["huber"], weighted=True
    )
    refused(weighted, "S", "none", "one weight a sample")
    weights = weighted[3].copy()
    weights[0] = 0
    refused(weighted, "S", "row 0", "> 0", weights=weights)
    refused(case, "S", "as the loss is declared", weights=weights)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("loss", {"kind": "huber"}, ("loss", "delta")),
        ("loss", {"kind": "huber", "delta": 10**400}, ("delta", "finite")),
        ("loss", {"kind": "squared", "delta": 1}, ("loss", "delta")),
        ("loss", {"kind": "hinge"}, ("loss", "binary_hinge")),
        ("loss", {"kind": "squared", "weighted": 1}, ("weighted", "boolean")),
        ("activation", {"kind": "piecewise", "breaks": [0], "slopes": [1, 2]}, ("value",)),
        (
            "activation",
            {"kind": "piecewise", "breaks": [1, 1], "slopes": [1, 2, 3], "value": 0},
            ("layers[0].activation", "ascending"),
        ),
        (
            "activation",
            {"kind": "piecewise", "breaks": [0, 1], "slopes": [1, 2], "value": 0},
            ("layers[0].activation", "slopes", "3, one a piece"),
        ),
        (
            "activation",
            {"kind": "piecewise", "breaks": [0], "slopes": [1, 10**400], "value": 0},
            ("layers[0].activation", "finite"),
        ),
        ("activation", {"kind": "tanh", "slope": 1}, ("activation", "slope")),
    ],
)
def test_a_claim_out_of_its_domain_is_an_error(place, value, words):
    problem = family.random_case(np.random.default_rng(68), ACTIVATIONS["tanh"], LOSSES["squared"])[
        0
    ]
    (problem if place == "loss" else problem["layers"][0])[place] = value
    with pytest.raises(TraceError) as caught:
        Problem.from_json(problem)
    assert all(word in str(caught.value) for word in words), caught.value


def test_claims_survive_the_round_trip():
    for activation, loss in itertools.product(family.ACTIVATIONS, family.LOSSES):
        problem = family.random_case(np.random.default_rng(69), activation, loss, weighted=True)[0]
        assert Problem.from_json(problem).to_json() == problem
