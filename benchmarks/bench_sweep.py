"""Times of one sweep, of its matrix products alone, and of one audit step, on the demo's network.

Run by ``nox -s bench``.  Compare the medians as ratios within one file: seconds belong to the
machine that the file names.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nnbcd.activations import Identity, Relu
from nnbcd.compressions import COMPRESSIONS, NoCompression
from nnbcd.loop import arrays
from nnbcd.problem import Layer, Penalties, Problem
from nnbcd.start import from_weights, random_weights
from nnbcd.state import State
from nnbcd.sweep import Data, sweep
from nnbcd_checks import Auditor
from nnbcd_checks import Problem as Claimed

SIZES, SAMPLES = (64, 256, 128, 10), 1437
KEEP = {"prune": 0.1, "tt": 0.34}
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def case(kind: str, dtype: str, device: str) -> tuple[Problem, Data, State]:
    """A problem of the demonstration's kind, its data and a start after a forward pass."""
    layers = []
    for i, (p, d) in enumerate(itertools.pairwise(SIZES)):
        last = i == len(SIZES) - 2
        compression = (
            NoCompression() if last else COMPRESSIONS[kind].from_budget((d, p), keep=KEEP[kind])
        )
        activation = Identity() if last else Relu()
        layers.append(
            Layer(
                inputs=p, outputs=d, activation=activation, compression=compression,
                penalties=Penalties(),
            )
        )  # fmt: skip
    problem = Problem(layers=tuple(layers), samples=SAMPLES, dtype=dtype)
    generator = torch.Generator().manual_seed(0)
    kind_ = torch.float32 if dtype == "float32" else torch.float64
    x = torch.rand(SAMPLES, SIZES[0], generator=generator, dtype=kind_).to(device)
    y = torch.eye(SIZES[-1], dtype=kind_)[torch.arange(SAMPLES) % SIZES[-1]].to(device)
    data = Data.of(x, y)
    return problem, data, from_weights(problem, data, random_weights(SIZES, seed=0))


def finished(work: Callable[[], object], device: str) -> Callable[[], object]:
    """``work``, and on a GPU the wait until it is done."""

    def timed() -> object:
        result = work()
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    return timed


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["prune", "tt"])
def test_sweep(benchmark, kind, dtype, device):
    """One sweep; the objective reached is stored beside the time."""
    problem, data, state = case(kind, dtype, device)
    state = sweep(problem, data, state)
    benchmark.extra_info["objective"] = float(objective(problem, data, state))
    benchmark.pedantic(
        finished(lambda: sweep(problem, data, state), device), warmup_rounds=3, rounds=15
    )


def objective(problem: Problem, data: Data, state: State) -> Tensor:
    """The objective in float64, a scalar tensor."""
    from nnbcd.objective import terms

    return terms(problem, data, state)["total"]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_alone(benchmark, dtype, device):
    """The floor: per layer V W^T, E^T V, half a Gram's work counted whole, and the V solve's."""
    _, data, state = case("prune", dtype, device)

    def products() -> None:
        v = data.X
        for own in state.layers:
            e = v @ own.W.mT
            e.mT @ v
            if v is not data.X:
                v.mT @ v
                right = e @ own.W
                torch.cholesky_solve(right.mT, torch.eye(right.shape[1]).to(right))
            v = own.V

    benchmark.pedantic(finished(products, device), warmup_rounds=3, rounds=15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["prune", "tt"])
def test_audit_step(benchmark, kind, dtype):
    """One step of the live audit, on fresh states."""
    problem, data, state = case(kind, dtype, "cpu")
    auditor = Auditor(
        Claimed.from_json(problem.to_json()), data.X.numpy(), data.Y.numpy(), arrays(problem, state)
    )

    def setup() -> tuple[tuple[object], dict[str, object]]:
        nonlocal state
        state = sweep(problem, data, state)
        return (arrays(problem, state),), {}

    benchmark.pedantic(auditor.step, setup=setup, warmup_rounds=2, rounds=15)
    assert auditor.certificate().certified
