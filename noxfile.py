"""Named sessions; ``nox -l`` lists them.  Each installs only what it needs."""

from __future__ import annotations

import contextlib
import os
import shutil

import nox
from nox.command import CommandFailed

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False  # a missing Python is skipped, and said so
nox.options.sessions = ["lint", "types", "spec", "checks", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12"]
PINS = ("-c", "constraints.txt")
TOOLS = ["numpy", "pytest>=8", "hypothesis>=6.100"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The default tests, with everything installed."""
    session.install(*PINS, "-e", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """ruff, and the walls between the packages."""
    session.install("ruff>=0.6", "import-linter>=2.0")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env={"PYTHONPATH": os.pathsep.join([".", "spec", "proofs_checks"])})


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict on the three packages."""
    session.install(*PINS, "-e", ".[dev]")
    session.run("mypy")


@nox.session
def spec(session: nox.Session) -> None:
    """The specification's tests, with torch not installed."""
    session.install(*TOOLS, "sympy>=1.13", "mpmath>=1.3")
    absent(session, "torch")
    session.run("python", "-m", "pytest", "tests/spec", env={"PYTHONPATH": "spec"})


@nox.session
def checks(session: nox.Session) -> None:
    """The auditor's tests, with neither torch nor SymPy installed."""
    session.install(*TOOLS, "safetensors>=0.4", "jsonschema>=4.20", "threadpoolctl>=3.2")
    absent(session, "torch")
    absent(session, "sympy")
    session.run("python", "-m", "pytest", "tests/checks", env={"PYTHONPATH": "proofs_checks"})


@nox.session
def vectors(session: nox.Session) -> None:
    """The committed conformance vectors against the specification's, every byte."""
    session.install("numpy", "sympy>=1.13", "mpmath>=1.3")
    absent(session, "torch")
    session.run(
        "python", "-m", "nnbcd_spec.vectors", *(session.posargs or ["--check"]),
        "proofs_checks/nnbcd_checks/vectors", env={"PYTHONPATH": "spec"},
    )  # fmt: skip


@nox.session
def members(session: nox.Session) -> None:
    """docs/MEMBERS.md from the registries of the three packages and the vectors."""
    session.install(*PINS, "-e", ".[test]")
    session.run("python", "docs/members.py", *session.posargs)


@nox.session
def family(session: nox.Session) -> None:
    """Every activation with every loss and every compression, trained and certified."""
    session.install(*PINS, "-e", ".[test]")
    session.run(
        "python", "-m", "pytest", "tests/integration/test_family.py", "-m", "long or not long",
        *session.posargs,
    )  # fmt: skip


@nox.session
def ledger(session: nox.Session) -> None:
    """Every proof anew: the ledger, its obligations, docs/PROOFS.md and its picture."""
    session.install(*PINS, "-e", ".[test]")
    session.run("nnbcd", "prove", "--write", "proofs_checks/nnbcd_checks/proofs")
    session.run("python", "docs/proofs.py")


@nox.session(venv_backend="none")
def coq(session: nox.Session) -> None:
    """The Coq proofs; installs Coq on Debian as root, elsewhere says what to install."""
    if shutil.which("coqc") is None and shutil.which("apt-get") and os.geteuid() == 0:
        packages = ("coq", "libcoq-coquelicot")
        with contextlib.suppress(CommandFailed):  # the check says what is missing
            session.run("apt-get", "update", "-qq", external=True)
            session.run(
                "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages,
                external=True,
            )  # fmt: skip
    check = "proofs_checks/nnbcd_checks/proofs/coq/check.py"
    # 3: Coq is not installed, which the check has said.
    session.run("python3", check, *session.posargs, external=True, success_codes=[0, 3])


@nox.session
def demo(session: nox.Session) -> None:
    """The demonstration."""
    session.install(*PINS, ".[demo]")
    session.run("nnbcd", "demo", *(session.posargs or ["--out", "nnbcd-demo", "--overwrite"]))


@nox.session
def seeds(session: nox.Session) -> None:
    """The demonstration's accuracies over five stratified splits: docs/seeds.json."""
    session.install(*PINS, "-e", ".[demo]")
    session.run("python", "benchmarks/seeds.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Published formulas, our sweep and the matrix work alone in turn: benchmarks/results/."""
    session.install(*PINS, "-e", ".")
    session.run("python", "-m", "benchmarks.ratios", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Every property with 2,000 examples, and the tests marked long."""
    session.install(*PINS, "-e", ".[test]")
    session.run(
        "python", "-m", "pytest", "-m", "long or not long", *session.posargs,
        env={"HYPOTHESIS_PROFILE": "long"},
    )  # fmt: skip


def absent(session: nox.Session, module: str) -> None:
    """Fail unless ``module`` cannot be imported."""
    session.run("python", "-c", f"import importlib.util as u; assert not u.find_spec({module!r})")
