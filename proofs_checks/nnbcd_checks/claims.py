"""The claims a certificate makes, what each needs, and the tally of one claim over a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nnbcd_checks.constants import block_constants, least_constant
from nnbcd_checks.problem import Problem, block_kind
from nnbcd_checks.subgradient import why_no_element

CLAIMS = (
    "feasibility",
    "block_optimality",
    "descent",
    "monotone_decrease",
    "sufficient_decrease",
    "objective_consistency",
    "membership",
    "relative_error",
    "rate",
)
PREFIX_CLAIMS = ("rate",)
ELEMENT_CLAIMS = ("membership", "relative_error", "rate")
UNKNOWN_ELEMENT = "a Z is where no normal of its set is known, so no element of dL is at hand"


@dataclass(frozen=True)
class Place:
    """Where a claim was tightest, or first broken; sweep 0 is the start."""

    sweep: int
    block: str | None = None

    @property
    def layer(self) -> int | None:
        """The layer of the block."""
        return None if self.block is None else block_kind(self.block)[1]


@dataclass(frozen=True)
class Tolerance:
    """How far rounding may put a figure off.

    ``whole``: of the iterates and of the auditor; ``own``: of the auditor alone; ``harm``: what a
    wrong update moves such a figure by.
    """

    whole: float
    own: float = 0.0
    harm: float = math.inf


@dataclass
class Tally:
    """One claim over a run: the first violation, else the tightest check seen."""

    refuted: bool = False
    seen: int = 0
    place: Place | None = None
    margin: float | None = None
    tolerance: float | None = None
    missing: Place | None = None
    hidden: Place | None = None
    _ratio: float = -math.inf

    def lack(self, place: Place) -> None:
        """Note that a figure this claim needs was not given."""
        self.missing = self.missing or place

    def check(self, found: float, allowed: float, tolerance: Tolerance, place: Place) -> None:
        """One check ``found <= allowed + tolerance``; anything not comparable breaks it.

        Within the tolerance, but beyond what a wrong update moves such a figure by, it is neither
        met nor broken.
        """
        self.seen += 1
        if self.refuted:
            return
        whole = tolerance.whole
        if max(found - allowed, tolerance.own) > tolerance.harm:
            self.hidden = self.hidden or place
        broken = not found <= allowed + whole
        scale = abs(found) + abs(allowed) + whole
        ratio = (found - allowed - whole) / scale if scale > 0 else -1.0
        if broken or ratio > self._ratio:
            self.refuted, self._ratio, self.place = broken, ratio, place
            self.margin, self.tolerance = allowed + whole - found, whole


def why_not_checkable(problem: Problem) -> dict[str, str]:
    """Claims that no theorem covers for this problem, with the reason."""
    found: dict[str, str] = {}
    why = {
        block: problem.layer(i).compression.no_theorem
        for block, (i, *_) in problem.z_blocks.items()
    }
    bare = [f"{block}: {reason}" for block, reason in why.items() if reason is not None]
    if bare:
        reason = (
            f"{', '.join(bare)} is quasi-optimal only, no theorem bounds its "
            "excess or its decrease; all other blocks were judged"
        )
        found |= dict.fromkeys(("block_optimality", "descent", "sufficient_decrease"), reason)
    least = least_constant(problem)
    if least is not None and not least > 0:
        zero = [block for block, constant in block_constants(problem).items() if not constant]
        reason = (
            f"no decrease is guaranteed for {', '.join(zero)}: its proximal weight (alpha, or "
            "alpha_z) is 0 and its block problem need not be strongly convex"
        )
        found |= dict.fromkeys(("sufficient_decrease", "rate"), reason)
    no_element = why_no_element(problem)
    if no_element is not None:
        found |= dict.fromkeys(ELEMENT_CLAIMS, no_element)
    return found


def assumptions(problem: Problem, claim: str) -> tuple[str, ...]:
    """What ``claim`` rests on beyond the figures."""
    found = [
        "rounding within the bounds of the tolerances (unit roundoff times magnitudes): tested",
        "the auditor's own code: tested with planted faults, not proved",
    ]
    if claim in ("sufficient_decrease", "descent", "monotone_decrease"):
        found.append("nothing else: every decrease was measured")
    if claim in ELEMENT_CLAIMS:
        found.append("exact block solves: measured, see block_optimality")
        found.append("the calculus of subdifferentials (Rockafellar and Wets 1998): not checked")
    if claim == "rate":
        found.append("a finite prefix only: neither a limit nor a uniform constant is certified")
        found.append(_boundedness(problem))
    return tuple(found)


def _boundedness(problem: Problem) -> str:
    free = [i for i, layer in enumerate(problem.layers, 1) if not layer.penalties.mu > 0]
    factored = [i for i, layer in enumerate(problem.layers, 1) if layer.compression.factors]
    if not free and not factored:
        return "bounded iterates: implied by mu > 0 on every layer"
    why = [f"mu = 0 in layers {free}"] if free else []
    why += [f"the factors of Z in layers {factored} are not bounded by mu"] if factored else []
    return f"bounded iterates beyond this prefix: assumed, not implied ({'; '.join(why)})"
