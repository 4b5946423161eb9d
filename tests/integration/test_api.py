"""The Python API as a user meets it: a network in, a compressed one with a certificate out."""

from __future__ import annotations

import json
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import nnbcd
from nnbcd.errors import InputError
from nnbcd.loop import iterate
from nnbcd.problem import Layer, Penalties, Problem
from random_problems import random_case


def small_net(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3)
        )


def blobs(n=40, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return rng.normal(size=(n, 6)) + 2 * labels[:, None], labels


@pytest.mark.parametrize(
    "wish",
    [
        {"keep": 0.4},
        {"compression": "tt", "keep": 0.7},
        {"compression": "tt", "rank": 2, "modes": [[8, 6], [5, 8]]},
        {"nonzeros": [9, 7]},
        {"compression": "none"},
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compress_records_certifies_and_loads_back(wish, dtype, tmp_path):
    x, y = blobs()
    model = small_net()
    before = [p.clone() for p in model.parameters()]
    result = nnbcd.compress(
        model, x, y, sweeps=14, dtype=dtype, evaluation=(x, y), out=tmp_path / "run", **wish
    )
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert result.certificate.certified
    assert 0 < result.kept_fraction <= 1
    again = nnbcd.load_model(tmp_path / "run" / "model.safetensors")
    assert torch.equal(again.predict(x), result.model.predict(x))
    torch.testing.assert_close(
        result.model.to_dense()(torch.as_tensor(x).to(again.predict(x))), again.predict(x)
    )
    assert result.score == (again.predict(x).argmax(1).numpy() == y).mean()
    offline = nnbcd.audit(tmp_path / "run")
    assert offline.certified
    assert offline.exit_code == 0
    recorded = json.loads((tmp_path / "run" / "certificate.json").read_text())
    assert recorded["certified"] is True
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_own_outputs_are_fitted_without_targets():
    x, _ = blobs()
    result = nnbcd.compress(small_net(), x, keep=1.0, sweeps=3, audit=False)
    assert result.certificate is None
    expected = small_net().double()(torch.as_tensor(x)).detach()
    # Nothing to compress and nothing to learn: the start is already the minimum.
    torch.testing.assert_close(result.model.predict(x), expected, rtol=1e-4, atol=1e-4)


def test_train_from_random_weights_is_reproducible_and_learns():
    x, y = blobs(60)
    runs = [
        nnbcd.train(x, y, hidden=(32,), keep=0.5, sweeps=100, evaluation=(x, y), seed=4)
        for _ in range(2)
    ]
    assert runs[0].score == runs[1].score > 0.8
    assert torch.equal(runs[0].outcome.state.layers[0].W, runs[1].outcome.state.layers[0].W)


def test_regression_is_scored_by_r2():
    x, _ = blobs(50)
    y = x[:, :1] - 0.5 * x[:, 1:2]
    result = nnbcd.train(x, y, hidden=(32,), keep=0.9, sweeps=100, evaluation=(x, y))
    assert result.outcome.metric == "r2"
    assert result.score > 0.8


BAD = [
    ({"keep": 1.5}, "keep"),
    ({"keep": 0.1, "rank": 2}, "exactly one"),
    ({"rank": 2}, "allowed: exactly one of keep, nonzeros"),
    ({"nonzeros": [9]}, "2, one for each compressed layer"),
    ({"nonzeros": [49, 1]}, "given 49 for a 8x6 layer"),
    ({"compression": "tt", "rank": 2, "modes": [[7, 7], [5, 8]]}, "product 48"),
    ({"compression": "zip", "keep": 0.5}, "given 'zip'"),
    ({"penalties": {"gamma": 0.0}}, "penalties.gamma: given 0.0"),
    ({"penalties": {"alpha": -1.0}}, "penalties.alpha: given -1.0"),
    ({"penalties": {"beta": 1.0}}, "given 'beta'"),
    ({"penalties": {"tau": [1.0, 2.0]}}, "one, or 3"),
    ({"sweeps": 0}, "sweeps: given 0"),
    ({"dtype": "float16"}, "float16"),
    ({"device": "abacus"}, "abacus"),
]


@pytest.mark.parametrize(("wish", "message"), BAD)
def test_bad_wishes_are_refused_before_anything_is_written(wish, message, tmp_path):
    x, y = blobs()
    with pytest.raises(InputError, match=re.escape(message)):
        nnbcd.compress(small_net(), x, y, out=tmp_path / "run", **wish)
    assert not (tmp_path / "run").exists()


def broken(x, where, value):
    x = x.copy()
    x[where] = value
    return x


def test_bad_arrays_say_what_and_where():
    x, y = blobs()
    cases = [
        (broken(x, (3, 2), np.nan), y, r"x: 1 NaN or inf entries, the first at (3, 2)"),
        (broken(x, (0, 0), np.inf), y, "x: 1 NaN or inf"),
        (x, broken(y, 5, 7), "label 7 at sample 5 is out of range; allowed: 0 to 2"),
        (x, y[:-1], "y: given shape (39,) for 40 samples"),
        (x, y - 0.5, "regression"),
        (x[:, :4], y, "x: given 4 features; the network takes 6"),
        (x[0], y, "x: given shape (6,)"),
        (np.array([["a"]]), [0], "real numbers"),
        (x, np.zeros((40, 2)), "y: given 2 columns; allowed: 3"),
    ]
    for bad_x, bad_y, message in cases:
        with pytest.raises(InputError, match=re.escape(message)):
            nnbcd.compress(small_net(), bad_x, bad_y)


def test_models_that_do_not_fit_are_named():
    x, y = blobs()
    for model, message in (
        (nn.Sequential(nn.Conv1d(1, 1, 1)), "module 0 is Conv1d"),
        (nn.Sequential(nn.ReLU(), nn.Linear(6, 3)), "module 0 is ReLU"),
        (nn.Sequential(nn.Linear(6, 3), nn.ReLU()), "last Linear layer"),
        (nn.Sequential(nn.Linear(6, 3), nn.Sigmoid()), "Sigmoid"),
        (nn.Sequential(), "no Linear layer"),
    ):
        with pytest.raises(InputError, match=message):
            nnbcd.compress(model, x, y)


def test_problems_that_do_not_fit_together_are_refused():
    case = random_case(1, depth=2)
    first, last = case.problem.layers
    with pytest.raises(InputError, match="outputs, layer"):
        Problem(layers=(first, Layer(**vars(last) | {"inputs": first.outputs + 1})), samples=1)
    with pytest.raises(InputError, match="order"):
        Problem(layers=case.problem.layers, samples=1, order=("V1",))
    with pytest.raises(InputError, match=r"penalties\.mu"):
        Penalties(mu=float("nan"))


def test_an_interrupted_run_is_valid_and_auditable(tmp_path):
    x, y = blobs()

    def interrupt(progress):
        if progress.sweep == 13:
            signal.raise_signal(signal.SIGINT)

    result = nnbcd.compress(
        small_net(), x, y, keep=0.5, sweeps=10_000, out=tmp_path / "run", on_progress=interrupt
    )
    assert result.interrupted
    assert 13 <= result.outcome.sweeps <= 16
    assert result.certificate.certified
    assert nnbcd.audit(tmp_path / "run").certified
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_run_outside_the_main_thread_works():
    case, found = random_case(2), []
    work = lambda: found.append(iterate(case.problem, case.data, case.start, sweeps=2))  # noqa: E731
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0].sweeps == 2


def test_an_earlier_run_is_never_lost_without_asking(tmp_path):
    x, y = blobs()
    arguments = {"keep": 0.5, "sweeps": 2, "out": tmp_path / "run", "audit": False}
    nnbcd.compress(small_net(), x, y, **arguments)
    marker = (tmp_path / "run" / "problem.json").read_bytes()
    with pytest.raises(InputError, match="earlier result"):
        nnbcd.compress(small_net(), x, y, **arguments)
    assert (tmp_path / "run" / "problem.json").read_bytes() == marker
    nnbcd.compress(small_net(), x, y, overwrite=True, **arguments)


def test_broken_model_files_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(InputError, match="not a readable"):
        nnbcd.load_model(path)
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    with pytest.raises(InputError, match="given format"):
        nnbcd.load_model(path)


def test_the_readme_python_runs():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    exec(compile(code.replace("sweeps=50", "sweeps=2"), "README.md", "exec"), {})
