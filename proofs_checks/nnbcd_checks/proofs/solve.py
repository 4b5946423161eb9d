"""Two SMT solvers, each in a process of its own that is ended when its time is up.

As a program, ``python -m nnbcd_checks.proofs.solve SOLVER`` answers obligations line by line: a
JSON text in, a JSON object with ``answer`` (sat, unsat, unknown) and z3's ``witness`` out.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Any

SOLVERS = ("z3", "cvc5")
SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What a solver said; ``timeout`` where its process had to be ended, ``error`` where it died.

    ``witness``: of sat, the rational values that z3 gives; ``None`` where one is irrational.
    """

    said: str
    witness: dict[str, Fraction] | None = None


@dataclass
class Solver:
    """A solver's process, started when first asked and again after a timeout."""

    name: str
    seconds: float = SECONDS
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Solver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._end()

    def ask(self, text: str) -> Answer:
        """The answer to one obligation."""
        if self._process is None:
            command = [sys.executable, "-m", "nnbcd_checks.proofs.solve", self.name]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        process = self._process
        assert process.stdin is not None  # pipes were asked for
        assert process.stdout is not None
        process.stdin.write(json.dumps(text) + "\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if not ready.select(self.seconds):
                self._end()
                return Answer("timeout")
        line = process.stdout.readline()
        if not line:
            self._end()
            return Answer("error")
        found = json.loads(line)
        given = found.get("witness")
        witness = None if given is None else {k: Fraction(v) for k, v in given.items()}
        return Answer(found["answer"], witness)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def by_z3(text: str) -> dict[str, Any]:
    """z3's answer, in this process."""
    import z3

    solver = z3.Solver()
    solver.from_string(text)
    said = str(solver.check())
    if said != "sat":
        return {"answer": said}
    model = solver.model()
    values = {
        d.name(): model.eval(d(), model_completion=True) for d in model.decls() if d.arity() == 0
    }
    rational = all(z3.is_rational_value(value) for value in values.values())
    witness = (
        {name: str(value.as_fraction()) for name, value in values.items()} if rational else None
    )
    return {"answer": said, "witness": witness}


def by_cvc5(text: str) -> dict[str, Any]:
    """cvc5's answer, in this process."""
    import cvc5

    solver = cvc5.Solver()
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols, found = parser.getSymbolManager(), "unknown"
    while not (command := parser.nextCommand()).isNull():
        found = command.invoke(solver, symbols).strip() or found
    return {"answer": found}


BY: dict[str, Callable[[str], dict[str, Any]]] = {"z3": by_z3, "cvc5": by_cvc5}


if __name__ == "__main__":
    for request in sys.stdin:
        print(json.dumps(BY[sys.argv[1]](json.loads(request))), flush=True)
