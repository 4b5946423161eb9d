"""The certificate: every claim with its verdict, place, margin, assumptions and basis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnbcd_checks.claims import CLAIMS, Place, assumptions
from nnbcd_checks.verdicts import Verdicts

FEWEST_FOR_SLOPE = 10


@dataclass(frozen=True)
class Claim:
    """One claim and its verdict: ``certified``, ``refuted`` or ``not_checkable``.

    ``ledger``: the claim of the ledger of proofs that says what the verdict rests on.
    ``where``: the first violation, else the tightest check.  ``margin``: what was left there of
    what is allowed, negative if refuted.  ``basis``: what the figures came from.
    """

    claim: str
    verdict: str
    where: Place | None
    margin: float | None
    tolerance: float | None
    why: str
    assumptions: tuple[str, ...]
    basis: str
    sweeps: tuple[tuple[int, int], ...]

    @property
    def ledger(self) -> str:
        """Its entry there."""
        return f"certificate/{self.claim}"

    def to_json(self) -> dict[str, Any]:
        """The claim as a JSON object."""
        where = None
        if self.where is not None:
            place = self.where
            where = {"sweep": place.sweep, "block": place.block, "layer": place.layer}
        found = asdict(self)
        for key in ("margin", "tolerance"):
            if found[key] is not None and not math.isfinite(found[key]):
                found[key] = None
        return found | {
            "ledger": self.ledger,
            "where": where,
            "assumptions": list(self.assumptions),
            "sweeps": [list(pair) for pair in self.sweeps],
        }


@dataclass(frozen=True)
class Diagnostics:
    """Figures that no theorem speaks about: they refute nothing and certify nothing.

    ``distance_slope``: of log dist^2 against log k on the second half of the sweeps.
    The rest: the feasibility gaps after the last sweep, absolute and relative, per layer.
    """

    distance_slope: float | None
    activation: tuple[float, ...] | None
    linear: tuple[float, ...] | None
    compression: tuple[float | None, ...] | None
    relative_activation: tuple[float, ...] | None
    relative_linear: tuple[float, ...] | None
    relative_compression: tuple[float | None, ...] | None


@dataclass(frozen=True)
class Certificate:
    """The verdicts on one run."""

    name: str
    sweeps: tuple[tuple[int, int], ...]
    claims: tuple[Claim, ...]
    diagnostics: Diagnostics

    @property
    def certified(self) -> bool:
        """Whether at least one sweep was judged and every claim is certified."""
        return bool(self.sweeps) and all(c.verdict == "certified" for c in self.claims)

    @property
    def refuted(self) -> tuple[Claim, ...]:
        """The claims that are refuted."""
        return tuple(c for c in self.claims if c.verdict == "refuted")

    @property
    def exit_code(self) -> int:
        """0: the decrease was judged and nothing refuted; 1: a claim refuted; 3: nothing judged."""
        if self.refuted:
            return 1
        return 0 if self.sweeps else 3

    def claim(self, name: str) -> Claim:
        """The claim of that name."""
        return next(claim for claim in self.claims if claim.claim == name)

    def to_json(self) -> dict[str, Any]:
        """The certificate as a JSON object."""
        diagnostics: dict[str, Any] = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self.diagnostics).items()
        }
        return {
            "schema": "nnbcd-certificate",
            "version": 1,
            "name": self.name,
            "certified": self.certified,
            "exit_code": self.exit_code,
            "sweeps": [list(pair) for pair in self.sweeps],
            "claims": [claim.to_json() for claim in self.claims],
            "diagnostics": diagnostics,
        }


def certify(verdicts: Verdicts, basis: str, extra: Iterable[Claim] = ()) -> Certificate:
    """The certificate of everything ``verdicts`` has seen."""
    sweeps = ranges(verdicts.sweeps)
    claims = [_claim(verdicts, name, basis, sweeps) for name in CLAIMS]
    return Certificate(verdicts.problem.name, sweeps, (*claims, *extra), _diagnostics(verdicts))


def _claim(verdicts: Verdicts, name: str, basis: str, sweeps: tuple[tuple[int, int], ...]) -> Claim:
    verdict, why = verdicts.verdict(name)
    tally = verdicts.tallies[name]
    return Claim(
        claim=name,
        verdict=verdict,
        where=tally.place,
        margin=tally.margin,
        tolerance=tally.tolerance,
        why=why,
        assumptions=assumptions(verdicts.problem, name),
        basis=basis,
        sweeps=sweeps,
    )


def ranges(sweeps: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Ascending sweep numbers as closed intervals."""
    found: list[tuple[int, int]] = []
    for k in sweeps:
        if found and k == found[-1][1] + 1:
            found[-1] = (found[-1][0], k)
        else:
            found.append((k, k))
    return tuple(found)


def _diagnostics(verdicts: Verdicts) -> Diagnostics:
    slope = _distance_slope(verdicts.distances)
    if verdicts.last is None:
        return Diagnostics(slope, *(None,) * 6)
    gaps = verdicts.last.feasibility
    return Diagnostics(
        slope,
        gaps.activation,
        gaps.linear,
        gaps.compression,
        gaps.relative_activation,
        gaps.relative_linear,
        gaps.relative_compression,
    )


def _distance_slope(distances: Sequence[tuple[int, float]]) -> float | None:
    late = [(k, d) for k, d in distances if d > 0 and 2 * k >= distances[-1][0]]
    if len(late) < FEWEST_FOR_SLOPE:
        return None
    sweeps, values = np.array(late).T
    return float(np.polyfit(np.log(sweeps), 2 * np.log(values), 1)[0])
