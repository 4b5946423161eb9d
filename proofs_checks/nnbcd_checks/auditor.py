"""The live auditor: fed one state after another while a run is under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from nnbcd_checks.certificate import Certificate, certify
from nnbcd_checks.measure import Meter
from nnbcd_checks.problem import Problem
from nnbcd_checks.row import Row
from nnbcd_checks.verdicts import Verdicts


class Auditor:
    """Judges a run from its states; keeps the last state only.

    ``x`` (n, d_0), ``y`` (n, d_N), the sample weights ``weights`` (n,) of a weighted loss and the
    states' tensors are of the problem's dtype and are copied, so that a caller may change them
    afterwards.  ``threads`` caps the BLAS threads of
    NumPy inside the auditor, so that they do not fight those of the trainer.
    """

    def __init__(
        self,
        problem: Problem,
        x: NDArray[Any],
        y: NDArray[Any],
        start: Mapping[str, NDArray[Any]],
        weights: NDArray[Any] | None = None,
        *,
        threads: int = 1,
    ) -> None:
        self.problem, self._threads = problem, threads
        self._pools = ThreadpoolController()
        with self._pools.limit(limits=threads, user_api="blas"):
            self._meter = Meter(problem, x, y, start, weights=weights)
        self._verdicts = Verdicts(problem, self._meter.targets)
        self._verdicts.see_state(0, self._meter.outside())

    def step(self, state: Mapping[str, NDArray[Any]]) -> Row:
        """Judge the sweep that led to ``state``; `TraceError` if it cannot be read."""
        with self._pools.limit(limits=self._threads, user_api="blas"):
            row = self._meter.step(state)
        self._verdicts.see(row)
        return row

    def certificate(self) -> Certificate:
        """The verdicts on the sweeps seen so far."""
        return certify(self._verdicts, "live")
