"""What the enclosures claim, in words for a ledger."""

from __future__ import annotations

from dataclasses import dataclass

METHOD = "ball arithmetic on recorded steps: {how}"
HYPOTHESES = ("Arb's enclosures are right", "the recorded outputs are the solver's, as a test says")


@dataclass(frozen=True)
class Claim:
    """One claim about one member; ``artefact`` is the file of recorded steps."""

    id: str
    member: str
    statement: str
    method: str
    hypotheses: tuple[str, ...] = HYPOTHESES

    @property
    def artefact(self) -> str:
        """The file of recorded steps, from the repository's root."""
        return f"proofs_checks/nnbcd_checks/proofs/recorded/{self.member}.json"


_SEARCH = METHOD.format(how="every local minimum in a box that holds all global ones, by bisection "
                        "and interval Newton")  # fmt: skip
_U = (
    "On every recorded step of {} the value exceeds the global minimum by no more than rounding "
    "may cause, and the derivative is 0 up to rounding; of near ties any is right."
)
_V = "On every recorded step of {} the value and the gradient are the minimiser's up to rounding."
CLAIMS = (
    Claim("tanh-step", "tanh", _U.format("tanh"), _SEARCH),
    Claim("sigmoid-step", "sigmoid", _U.format("the sigmoid"), _SEARCH),
    Claim("logistic-step", "logistic", _V.format("the logistic loss"), _SEARCH),
    Claim("cross-entropy-step", "cross_entropy", _V.format("the cross-entropy"),
          METHOD.format(how="strong convexity, ||v - v*|| <= ||gradient|| / m about a point found "
                        "by Newton's method")),
)  # fmt: skip
