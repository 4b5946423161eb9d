"""Members to make vectors with: data of ``problem.json``, and data that must be refused.

One entry a kind of the registries; :func:`nnbcd_spec.vectors.plans.plans` refuses a kind that
has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Obj = Mapping[str, Any]
HALF = Fraction(1, 2)
NAN = float("nan")


@dataclass(frozen=True)
class Samples:
    """``valid`` members, and ``invalid`` ones with the reason why."""

    valid: tuple[Obj, ...]
    invalid: tuple[tuple[Obj, str], ...] = ()


def _leaky(slope: Any) -> Obj:
    return {"kind": "leaky_relu", "slope": slope}


def _alone(kind: str) -> Samples:
    return Samples(({"kind": kind},), (({"kind": kind, "unknown": 1}, "a key of no member"),))


ACTIVATION_SAMPLES: Mapping[str, Samples] = {
    "identity": _alone("identity"),
    "relu": _alone("relu"),
    "leaky_relu": Samples(
        tuple(map(_leaky, (Fraction(1, 8), HALF, Fraction(3, 4)))),
        tuple(
            (_leaky(slope), "slope must lie strictly between 0 and 1")
            for slope in (0, 1, -HALF, 2, NAN)
        ),
    ),
}

LOSS_SAMPLES: Mapping[str, Samples] = {
    "squared": _alone("squared"),
}
