"""Every planted fault must be refuted, with the right block named; right runs never."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from audit_tools import audited, explain, states_of, trained
from naive_bcd import random_problem, random_start

WANTED = 20
MILD = {"decades": 1.0}


def layers_for(fault, problem):
    """The layers a fault can be planted in."""
    n, layers = len(problem["layers"]), problem["layers"]
    kinds = {i: layers[i - 1]["compression"]["kind"] for i in range(1, n + 1)}
    hidden = range(1, n)
    if fault in ("no_prox_u", "weak_prox_u", "stale_w", "kept_bias"):
        return list(hidden)
    if fault in ("alias", "no_prox_z", "half_tau"):
        return [i for i, kind in kinds.items() if kind in ("prune", "tt")]
    if fault == "tt_svd":
        return [i for i, kind in kinds.items() if kind == "tt"]
    if fault == "one_more":
        return [
            i
            for i, kind in kinds.items()
            if kind == "prune"
            and layers[i - 1]["compression"]["nonzeros"]
            < layers[i - 1]["inputs"] * layers[i - 1]["outputs"]
        ]
    return [n] if fault == "wrong_loss" else list(range(1, n + 1))


BLOCK = {
    "alias": "W",
    "tt_svd": "Z",
    "no_prox_u": "U",
    "no_prox_z": "Z",
    "no_prox_w": "W",
    "jacobi_bias": "W",
    "stale_w": "V",
    "kept_bias": "V",
    "weak_prox_u": "U",
    "one_more": "Z",
    "half_tau": "Z",
    "wrong_loss": "V",
}


def effective(problem, x, y, start, fault, at):
    """The faulty run, or None where the fault changes nothing to speak of."""
    right = states_of(problem, x, y, start, 2)
    wrong = states_of(problem, x, y, start, 2, fault=fault, at=at)
    letter = BLOCK[fault]
    for k in (1, 2):
        for name in right[k]:
            if name.startswith(f"{letter}{at}") or (letter == "W" and name == f"b{at}"):
                scale = np.abs(right[k][name]).max() + 1e-3
                if np.abs(right[k][name] - wrong[k][name]).max() > 1e-5 * scale:
                    return wrong
        if any(not np.array_equal(right[k][n], wrong[k][n]) for n in right[k]):
            return None
    return None


def faulty_runs(fault, seed, wanted, depths=(1, 2, 3)):
    found = 0
    for k in itertools.count():
        assert k < 40 * wanted, f"only {found} runs in which {fault} shows"
        rng = np.random.default_rng([seed, k])
        depth = int(rng.choice(depths))
        widths = [int(w) for w in rng.integers(2, 6, depth + 1)]
        problem = random_problem(
            rng, depth=depth, widths=widths, n=int(rng.integers(3, 15)), **MILD
        )
        places = layers_for(fault, problem)
        if not places:
            continue
        at = int(rng.choice(places))
        x, y, start = random_start(rng, problem)
        run = effective(problem, x, y, start, fault, at)
        if run is None:
            continue
        found += 1
        yield problem, x, y, run, at
        if found == wanted:
            return


def must_name(fault, at, certificate, seen):
    assert certificate.exit_code == 1, (fault, at, seen, "not refuted")
    claim = certificate.refuted[0]
    assert claim.where.layer == at, (fault, at, explain(certificate))
    assert claim.where.block.startswith(f"{BLOCK[fault]}{at}"), (fault, explain(certificate))
    if fault == "one_more":
        assert claim.claim == "feasibility"
    else:
        assert claim.claim == "block_optimality"
    assert claim.margin < 0


@pytest.mark.parametrize("fault", BLOCK)
def test_planted_fault_is_refuted_and_named(fault):
    for count, (problem, x, y, run, at) in enumerate(faulty_runs(fault, 11, WANTED)):
        must_name(fault, at, audited(problem, x, y, run)[0], count)


@pytest.mark.long
@pytest.mark.parametrize("fault", BLOCK)
@pytest.mark.parametrize("depth", [2, 4])
def test_planted_fault_in_deeper_nets(fault, depth):
    for count, (problem, x, y, run, at) in enumerate(faulty_runs(fault, 12, 40, (depth,))):
        must_name(fault, at, audited(problem, x, y, run)[0], count)


@pytest.mark.parametrize("letter", ["V", "U", "W", "b", "Z"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_relative_change_of_1e_6_in_one_block_is_refuted(letter, depth):
    found = 0
    for k in itertools.count():
        rng = np.random.default_rng([13, depth, k])
        widths = [int(w) for w in rng.integers(2, 6, depth + 1)]
        problem, x, y, states = trained(
            rng, 3, depth=depth, widths=widths, n=int(rng.integers(3, 15)), **MILD
        )
        names = [n for n in states[2] if n.startswith(letter) and np.abs(states[2][n]).max() > 1e-3]
        if not names:
            continue
        name = str(rng.choice(names))
        states[2] = states[2] | {name: states[2][name] * (1 + 1e-6)}
        certificate = audited(problem, x, y, states)[0]
        assert certificate.exit_code == 1, (k, name)
        claim = certificate.refuted[0]
        assert (claim.claim, claim.where.sweep) == ("block_optimality", 2), (k, name)
        assert claim.where.block == name.replace("b", "W"), (k, name, explain(certificate))
        found += 1
        if found == WANTED:
            return


@pytest.mark.parametrize("letter", ["V", "U", "W", "b", "Z"])
def test_smallest_net(letter):
    """One sample, one unit, one layer."""
    problem = random_problem(
        np.random.default_rng(5), depth=1, widths=[1, 1], n=1, compressions=("prune",), **MILD
    )
    x, y, start = random_start(np.random.default_rng(6), problem)
    states = states_of(problem, x, y, start, 3)
    assert audited(problem, x, y, states)[0].certified
    name = f"{letter}1"
    states[2] = states[2] | {name: states[2][name] * (1 + 1e-6)}
    claim = audited(problem, x, y, states)[0].refuted[0]
    assert claim.where.block == name.replace("b", "W")


def test_a_stale_state_is_refuted():
    """A trainer that writes the same state twice claims a sweep that did nothing."""
    problem, x, y, states = trained(np.random.default_rng(7), 2, depth=2, n=6, **MILD)
    assert audited(problem, x, y, states)[0].certified
    assert audited(problem, x, y, [states[0], states[0]])[0].exit_code == 1
