"""Write the recorded steps that the enclosures judge: ``python tests/proofs/record.py``.

Inputs are drawn by a fixed seed; outputs are the solver's, in float64.
"""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import torch
from flint import ctx

from nnbcd.activations import ACTIVATIONS
from nnbcd.losses import LOSSES
from nnbcd_checks.proofs.enclosures.activations import SHAPES, ActivationStep
from nnbcd_checks.proofs.enclosures.losses import LogisticStep
from nnbcd_checks.proofs.enclosures.records import COLUMNS, Case, to_json
from nnbcd_checks.proofs.enclosures.softmax import CrossEntropyStep

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "proofs_checks" / "nnbcd_checks" / "proofs" / "recorded"
SEED = 20260101


def output_of(step):
    """What the solver answers, one float a coordinate."""
    if isinstance(step, ActivationStep):
        kind = next(kind for kind, shape in SHAPES.items() if shape == step.shape)
        tensors = [_matrix([x]) for x in (step.v, step.pre, step.u_old)]
        constants = {"gamma": step.gamma, "rho": step.rho, "alpha": step.alpha}
        return ACTIVATIONS[kind]().prox(*tensors, **constants).flatten().tolist()
    if isinstance(step, LogisticStep):
        tensors = [_matrix([x]) for x in (step.u, step.v_old, step.y)]
        return _loss("logistic", tensors, step)
    one_hot = [float(k == step.label) for k in range(len(step.u))]
    return _loss("cross_entropy", [_matrix(x) for x in (step.u, step.v_old, one_hot)], step)


def _loss(kind, tensors, step):
    weights = torch.tensor([step.weight], dtype=torch.float64)
    found = LOSSES[kind]().prox(*tensors, gamma=step.gamma, alpha=step.alpha, weights=weights)
    return found.flatten().tolist()


def _matrix(row):
    return torch.tensor([list(row)], dtype=torch.float64)


def steps_of(member):
    """Pairs of a group's name and a step, always the same."""
    random = Random(f"{SEED} {member}")
    if member in SHAPES:
        return list(_activation_steps(random, SHAPES[member]))
    return list((_logistic_steps if member == "logistic" else _row_steps)(random))


SIZES = {"spread": (3.0, 3.0, 160), "tiny": (1e-8, 1e-8, 60), "large": (40.0, 40.0, 80),
         "pulled": (1.5, 40.0, 60), "small": (1e-3, 1.0, 60)}  # fmt: skip
"""Of each group: the size of v or u, of the other points, and how many cases."""


def _activation_steps(random, shape):
    for group, (of_v, of_u, count) in SIZES.items():
        for _ in range(count):
            points = [random.uniform(-x, x) for x in (of_v, of_u, of_u)]
            yield group, ActivationStep(shape, *points, *_constants(random))
    for _ in range(40):  # the step that follows one that hardly moved
        points = [random.uniform(-2, 2) for _ in range(3)]
        constants = _constants(random, least=1e-2)
        u = output_of(ActivationStep(shape, *points, *constants))[0]
        u = random.choice((u, math.nextafter(u, 9), u * (1 + random.uniform(-1, 1) * 1e-9)))
        yield "settled", ActivationStep(shape, points[0], u, u, *constants)
    for _ in range(40):
        yield "flat", _flat(random, shape)
    for _ in range(20):
        while not (near := _near_ties(random, shape)):
            pass
        yield from (("near tie", step) for step in near)


def _flat(random, shape):
    """The first two derivatives vanish, up to rounding or less, at one point; or the third too.

    In t = tanh u and of rho = 1 they are ``u - m - gamma (v - t)(1 - t^2)`` and ``1 - gamma p(t)``
    with p below; the third vanishes where p is largest.  The sigmoid is tanh at scale 2.
    """
    v = random.uniform(-0.2, 2)

    def p(t):
        return (1 - t * t) * (3 * t * t - 2 * v * t - 1)

    grid = [-i / 2000 for i in range(1, 2000)]
    t = max(grid, key=p)
    if random.random() < 0.5:
        t = random.choice([x for x in grid if p(x) > 0.05 * p(t)])
    gamma = 1 / p(t) * (1 + random.choice((0, 1)) * random.uniform(-1, 1) * 1e-9)
    pre = math.atanh(t) - gamma * (v - t) * (1 - t * t)
    if shape.rate == 1:
        return ActivationStep(shape, v, pre, pre, gamma, 1.0, 0.0)
    return ActivationStep(shape, (1 + v) / 2, 2 * pre, 2 * pre, 16 * gamma, 1.0, 0.0)


def _constants(random, least=0.0):
    """gamma, rho, alpha with ``gamma/(rho + alpha)`` from 1e-4 to 1e6."""
    rho = _log_uniform(random, 1e-2, 1e2)
    alpha = random.choice((least * rho, rho * _log_uniform(random, 1e-4, 10)))
    return _log_uniform(random, 1e-4, 1e6) * (rho + alpha), rho, alpha


def _log_uniform(random, low, high):
    return math.exp(random.uniform(math.log(low), math.log(high)))


def _near_ties(random, shape):
    """Steps about the v at which the global minimiser jumps from near ``pre`` to far from it.

    The minimiser rises with v, so the jump is where bisection over v keeps the larger rise.
    """
    scale = 1 / shape.rate
    pre = -scale * random.uniform(1, 8)
    rho, alpha = _log_uniform(random, 0.1, 10), random.choice((0.0, _log_uniform(random, 1e-2, 1)))
    gamma = (rho + alpha) * scale**2 * _log_uniform(random, 3, 3e4)

    def step(v):
        return ActivationStep(shape, v, pre, pre, gamma, rho, alpha)

    low, high = -2.0, 5.0
    at_low, at_high = _minimiser(step(low)), _minimiser(step(high))
    while low < (middle := (low + high) / 2) < high:
        at = _minimiser(step(middle))
        if at - at_low < at_high - at:
            low, at_low = middle, at
        else:
            high, at_high = middle, at
    if at_high - at_low < 1e-3:  # there is no jump
        return []
    return [step(low + ulps * math.ulp(low)) for ulps in (0, 1, -2, 30, -1e4, 1e8, -1e12)]


def _minimiser(step):
    with ctx.workprec(128):
        return float(step.enclosed().best[0].mid())


def _logistic_steps(random):
    for group, (of_u, of_old, count) in SIZES.items():
        for _ in range(count):
            u, old = random.uniform(-of_u, of_u), random.uniform(-of_old, of_old)
            yield group, LogisticStep(random.choice((-1.0, 1.0)), u, old, *_weights(random))
    for _ in range(100):
        y = random.choice((-1.0, 1.0))
        u = random.choice((1, 1, -1)) * y * random.uniform(5, 40)
        yield "saturated", LogisticStep(y, u, u, *_weights(random))


def _weights(random):
    gamma = _log_uniform(random, 1e-4, 1e6)
    alpha = random.choice((0.0, gamma * _log_uniform(random, 1e-4, 10)))
    return gamma, alpha, random.choice((1.0, _log_uniform(random, 0.1, 10)))


def _row_steps(random):
    for group, (of_u, of_old, count) in SIZES.items():
        for _ in range(count // 2):
            d = random.randint(2, 10)
            u = tuple(random.uniform(-of_u, of_u) for _ in range(d))
            old = tuple(random.uniform(-of_old, of_old) for _ in range(d))
            yield group, CrossEntropyStep(random.randrange(d), u, old, *_weights(random))
    for _ in range(30):
        d = random.randint(2, 10)
        label = random.randrange(d)
        far = random.choice((1, -1)) * random.uniform(5, 40)
        u = tuple(random.uniform(-1, 1) + far * (k == label) for k in range(d))
        yield "saturated", CrossEntropyStep(label, u, u, *_weights(random))


def case_of(member, group, step):
    """The case that the solver makes of a step."""
    return Case(member, group, step, tuple(output_of(step)))


def row_of(case):
    """The case as it stands in a record."""
    inputs = [getattr(case.step, name) for name in COLUMNS[case.member]]
    output = case.output if case.member == "cross_entropy" else case.output[0]
    return [case.group, *inputs, output]


def main():
    FOLDER.mkdir(exist_ok=True)
    for member in COLUMNS:
        rows = [row_of(case_of(member, group, step)) for group, step in steps_of(member)]
        (FOLDER / f"{member}.json").write_text(to_json(member, rows), encoding="utf-8")
        print(f"{member}: {len(rows)} cases")


if __name__ == "__main__":
    main()
