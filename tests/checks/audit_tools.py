"""Helpers of the auditor's tests: run the naive trainer under audit, write run folders."""

from __future__ import annotations

import json

import naive_bcd
import numpy as np
from safetensors.numpy import save_file

from nnbcd_checks import Auditor, Problem

DATA = ("plain", "deficient", "constant", "reachable")


def trained(rng, sweeps, *, fault=None, at=None, data="plain", **kind):
    """(problem.json, x, y, states): a run of the naive trainer on a random problem."""
    problem = naive_bcd.random_problem(rng, **kind)
    x, y, start = naive_bcd.random_start(rng, problem, data)
    return problem, x, y, states_of(problem, x, y, start, sweeps, fault=fault, at=at)


def states_of(problem, x, y, start, sweeps, *, fault=None, at=None):
    net = naive_bcd.Net(problem, x, y, start, fault=fault, at=at)
    with np.errstate(all="ignore"):
        return [dict(net.state), *(net.sweep() for _ in range(sweeps))]


def audited(problem, x, y, states):
    """(certificate, rows) of a live audit."""
    auditor = Auditor(Problem.from_json(problem), x, y, states[0])
    rows = [auditor.step(state) for state in states[1:]]
    return auditor.certificate(), rows


def first_refuted(certificate):
    return certificate.refuted[0] if certificate.refuted else None


def explain(certificate):
    return [
        (c.claim, c.verdict, c.where, c.margin, c.tolerance, c.why)
        for c in certificate.claims
        if c.verdict != "certified"
    ]


def write_state(folder, k, state):
    metadata = {"format": "nnbcd-trace", "version": "1", "sweep": str(k)}
    copies = {name: np.ascontiguousarray(value) for name, value in state.items()}
    save_file(copies, folder / "states" / f"{k:06d}.safetensors", metadata=metadata)


def write_run(folder, problem, x, y, states, *, keep=None, rows=None):
    """A run folder with the states of ``keep`` (all by default) and, if given, ``rows``."""
    (folder / "states").mkdir(parents=True)
    (folder / "problem.json").write_text(json.dumps(problem))
    save_file(
        {"X": np.ascontiguousarray(x), "Y": np.ascontiguousarray(y)}, folder / "data.safetensors"
    )
    for k in range(len(states)) if keep is None else keep:
        write_state(folder, k, states[k])
    if rows is not None:
        lines = [json.dumps(row if isinstance(row, dict) else row.to_json()) for row in rows]
        (folder / "rows.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder
