"""Train or compress a network, with a certificate: where the solver and the auditor meet."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from nnbcd import prepare
from nnbcd.activations import Activation, activation_from
from nnbcd.configured import class_weights, configured_activation, start_weights
from nnbcd.errors import InputError
from nnbcd.files import claim_folder, write_json, write_text
from nnbcd.folder import finish_folder
from nnbcd.goals import Goals
from nnbcd.loop import Outcome, arrays, iterate, judge_threads
from nnbcd.model import CompressedNetwork
from nnbcd.options import Options, read_keywords
from nnbcd.prepare import PerLayer, Wish
from nnbcd.problem import Problem
from nnbcd.progress import Progress
from nnbcd.record import Recorder
from nnbcd.score import scorer
from nnbcd.size import kept_fractions
from nnbcd.start import Weights, from_weights, random_weights, read_network
from nnbcd.state import State
from nnbcd.sweep import Data

if TYPE_CHECKING:
    from nnbcd.config import Config
    from nnbcd_checks import Auditor, Certificate

FROM_NETWORK: dict[str, PerLayer] = {
    "gamma": 1.0, "rho": 1.0, "tau": 10.0, "alpha": 0.01, "alpha_z": 0.01,
}  # fmt: skip
"""Penalties for a start from a trained network."""
FROM_RANDOM: dict[str, PerLayer] = {
    "gamma": 0.1, "rho": 0.1, "tau": 10.0, "alpha": 0.1, "alpha_z": 0.1,
}  # fmt: skip
"""Penalties for a start from random weights."""


@dataclass(frozen=True)
class Result:
    """A finished run: what was minimised, how it ended, the verdict, and where it is recorded.

    ``certificate`` is ``None`` where ``audit=False``; ``run`` is ``None`` without ``out``.
    """

    problem: Problem
    outcome: Outcome
    certificate: Certificate | None
    run: Path | None

    @property
    def model(self) -> CompressedNetwork:
        """The compressed network, a ``torch.nn.Module``."""
        return self.outcome.model

    @property
    def score(self) -> float | None:
        """Of the compressed network on the ``evaluation`` data: accuracy, or R^2."""
        return self.outcome.score_compressed

    @property
    def kept_fraction(self) -> float:
        """Numbers stored for the compressed layers, over their numbers of weights."""
        return kept_fractions(self.problem)[0]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run early; it is valid and audited all the same."""
        return self.outcome.interrupted


def compress(
    model: nn.Module,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor | None = None,
    *,
    penalties: dict[str, PerLayer] | None = None,
    **keywords: Any,
) -> Result:
    """Compress every Linear layer but the last of a trained ``Sequential``, with a certificate.

    ``x`` (n, d_0) is training data.  ``y`` holds labels (n,) or targets (n, d_N); without it
    the network is fitted to its own outputs on ``x``, which suits networks trained with
    cross-entropy, whose outputs are no approximation of one-hot rows.  ``penalties`` updates
    ``FROM_NETWORK``, each a number or one per layer.

    Keywords: ``compression`` names a kind (default "prune"), whose size is given by one keyword:
    ``keep`` (fraction of the entries, any kind; 0.1 where nothing is said) or the kind's own:
    ``nonzeros``, ``rank``, ``n`` of ``m``, ``count``, ``bits``; ``modes`` and the like are options
    (see ``nnbcd.compressions``).  Each is one value, or a list with one a compressed layer.  Or
    ``compression`` is all of it in a table: ``{"kind": "nm", "n": 2, "m": 4}``.

    ``loss`` a kind (default "squared"), its JSON or a ``Loss``; ``sample_weight`` (n,);
    ``class_weight`` "balanced" or numbers by class; ``order`` "backward", "forward" or all block
    names.  ``sweeps``; ``dtype`` "float64" or "float32"; ``device``; ``audit``; ``evaluation``
    an (x, y) pair to score the compressed network on; ``out`` a folder for the run's record and
    report; ``overwrite``; ``name``; ``on_progress``, called with a ``Progress`` after each sweep.

    The model is not changed.  Raises ``InputError`` for input that cannot be used.
    """
    weights, activations = read_network(model)
    wish, how = read_keywords(keywords)
    features, loss = prepare.inputs(x, dtype=how.dtype, device=how.device), how.member()
    if y is None:
        goals = Goals.of_network(model, features, weights[0][0], loss)
    else:
        truth = prepare.truth(y, samples=len(features))
        goals = Goals.of(truth, weights[-1][0].shape[0], features, loss)
    chosen = FROM_NETWORK | (penalties or {})
    return _run(weights, activations, features, goals, wish, chosen, how)


def train(
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    hidden: Sequence[int] = (256, 128),
    activation: str | Mapping[str, Any] | Activation = "relu",
    penalties: dict[str, PerLayer] | None = None,
    weights: Sequence[Weights] | None = None,
    **keywords: Any,
) -> Result:
    """Train a compressed network from random weights (He-normal at ``seed``) or given ones.

    ``x`` (n, d_0), ``y`` labels (n,) or targets (n, d_N).  ``activation``, a kind, its JSON or an
    ``Activation``, follows every layer but the last.  ``penalties`` updates ``FROM_RANDOM``.
    Everything else is as in :func:`compress`.
    """
    wish, how = read_keywords(keywords, sweeps=400)
    features, loss = prepare.inputs(x, dtype=how.dtype, device=how.device), how.member()
    truth = prepare.truth(y, samples=len(features))
    outputs = int(truth.max()) + 1 if truth.ndim == 1 else truth.shape[1]
    if weights is None:
        weights = random_weights([features.shape[1], *hidden, outputs], seed=how.seed)
    activations = prepare.hidden_activations(activation_from(activation), len(weights))
    goals = Goals.of(truth, weights[-1][0].shape[0], features, loss)
    chosen = FROM_RANDOM | (penalties or {})
    return _run(weights, activations, features, goals, wish, chosen, how)


def run_config(
    config: Config,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    audit: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """The run that a configuration file describes; the keywords go before its ``[run]`` table.

    Penalties and sweeps it leaves open are those of :func:`train` where it starts from random
    weights, else those of :func:`compress`.  Scores are on the held-out part.
    """
    from nnbcd.data import train_and_test

    fit, held_out = train_and_test(config.data)
    folder = out or config.run.out or Path("runs") / config.run.name
    overwrite = overwrite or config.run.overwrite
    claim_folder(Path(folder), overwrite=overwrite)  # before any work that could be in vain
    labelled = fit.task == "classification"
    sizes = [fit.x.shape[1], *config.network.hidden, fit.y.shape[1]]
    run = config.run
    random = config.network.start == "random"
    weights = start_weights(config, sizes, fit)
    how = Options(
        loss=config.loss.member(),
        class_weight=class_weights(config, fit),
        order=run.order,
        sweeps=run.sweeps or (400 if random else 200),
        dtype=run.dtype,
        device=run.device,
        seed=run.seed,
        audit=audit and run.audit,
        evaluation=(held_out.x, held_out.labels if labelled else held_out.y),
        out=folder,
        overwrite=overwrite,
        name=run.name,
        on_progress=on_progress,
    )
    features = prepare.inputs(fit.x, dtype=how.dtype, device=how.device)
    wish = Wish(config.compression.kind, config.compression.given())
    penalties = (FROM_RANDOM if random else FROM_NETWORK) | config.penalties.given()
    activations = prepare.hidden_activations(configured_activation(config), len(weights))
    truth = fit.labels if labelled else fit.y
    goals = Goals.of(truth, fit.y.shape[1], features, how.member())
    return _run(weights, activations, features, goals, wish, penalties, how)


def audit(run: str | Path, *, progress: Callable[[int, int], None] | None = None) -> Certificate:
    """Judge a recorded run (docs/TRACE.md), ours or anyone's, from its files alone."""
    from nnbcd_checks import audit_run

    return audit_run(Path(run), progress=progress)


def prove(
    *,
    mutants: bool = True,
    kernel: bool = True,
    write: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The ledger of machine-checked claims, proved anew.

    ``mutants``: also refute the wrong variants.  ``kernel``: also check the theorems for Coq
    again, where Coq is installed; else they stand as in the ledger that came with this version,
    while their sources do.  ``write``: a folder to put ``ledger.json`` and,
    in ``obligations``, one SMT-LIB 2 script a claim into.  ``lost`` in what is returned names the
    claims whose standing is weaker than in that ledger.  Raises ``InputError`` where the checkers
    of the extra "proofs" are not installed.
    """
    checkers = {"z3": "z3", "cvc5": "cvc5", "flint": "python-flint", "sympy": "sympy"}
    missing = [name for module, name in checkers.items() if not importlib.util.find_spec(module)]
    if missing:
        raise InputError(f"prove: {', '.join(missing)} not installed; pip install 'nnbcd[proofs]'")
    from nnbcd_checks.proofs import by_solvers, ledger
    from nnbcd_checks.proofs.record import committed, weaker

    records = ledger.run(mutants=mutants, kernel=kernel, progress=progress)
    lost = weaker(records, committed())  # before anything is written over it
    found = {"schema": "nnbcd-ledger", "version": 2, "claims": [r.to_json() for r in records]}
    if write is not None:
        (write / "obligations").mkdir(parents=True, exist_ok=True)
        write_json(write / "ledger.json", found)
        for name, text in by_solvers.artefacts().items():
            write_text(write / "obligations" / name, text)
    return found | {"lost": list(lost)}


def claims() -> dict[str, Any]:
    """The ledger that came with this version; nothing is proved anew."""
    from nnbcd_checks.proofs.record import committed

    return {"claims": [record.to_json() for record in committed()]}


def _run(
    weights: Sequence[Weights],
    activations: Sequence[Activation],
    features: Tensor,
    goals: Goals,
    wish: Wish,
    penalties: dict[str, PerLayer],
    how: Options,
) -> Result:
    if how.sweeps < 1:
        raise InputError(f"sweeps: given {how.sweeps}; allowed: a whole number >= 1")
    sizes = [weights[0][0].shape[1], *(w.shape[0] for w, _ in weights)]
    if features.shape[1] != sizes[0]:
        raise InputError(f"x: given {features.shape[1]} features; the network takes {sizes[0]}")
    problem = prepare.build_problem(
        sizes,
        activations,
        wish=wish.completed([w for w, _ in weights[:-1]]),
        samples=len(features),
        penalties=prepare.spread_penalties(penalties, len(weights)),
        dtype=how.dtype,
        name=how.name,
        loss=how.member(),
        weighted=how.weighted,
        order=how.blocks(),
    )
    judged_on = scorer(how, features, goals.y.shape[1])
    data = Data.of(features, goals.y, goals.weights(how.sample_weight, how.class_weight))
    state = from_weights(problem, data, weights)
    folder = None if how.out is None else claim_folder(Path(how.out), overwrite=how.overwrite)
    judge = _auditor(problem, data, state) if how.audit else None
    outcome = iterate(
        problem,
        data,
        state,
        sweeps=how.sweeps,
        judge=judge,
        recorder=None if folder is None else Recorder(folder, problem, data),
        scorer=judged_on,
        on_progress=how.on_progress,
    )
    certificate = None if judge is None else judge.certificate()
    if folder is not None:
        verdicts = None if certificate is None else certificate.to_json()
        finish_folder(folder, problem, outcome, verdicts, seed=how.seed, device=how.device)
    return Result(problem, outcome, certificate, folder)


def _auditor(problem: Problem, data: Data, state: State) -> Auditor:
    from nnbcd_checks import Auditor
    from nnbcd_checks import Problem as Claimed

    return Auditor(
        Claimed.from_json(problem.to_json()),
        data.X.cpu().numpy(),
        data.Y.cpu().numpy(),
        arrays(problem, state),
        threads=judge_threads(torch.get_num_threads()),
        **({} if data.S is None else {"weights": data.S.cpu().numpy()}),
    )
