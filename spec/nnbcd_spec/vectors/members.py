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
    return Samples(({"kind": kind},))


def _pieces(breaks: Any, slopes: Any, value: Any) -> Obj:
    return {"kind": "piecewise", "breaks": breaks, "slopes": slopes, "value": value}


PIECEWISE = Samples(
    (
        _pieces([0], [-HALF, 2], 0),
        _pieces([-1, HALF], [0, 1, -HALF], -1),
        _pieces([-2, 1], [1, 0, 1], 1),
        _pieces([-1, 0, 1], [0, 1, -1, 0], 0),
        _pieces([Fraction(1, 4)], [1, 1], HALF),
    ),
    (
        (_pieces([1, 0], [0, 1, 0], 0), "breaks must ascend"),
        (_pieces([0, 0], [0, 1, 0], 0), "breaks must ascend strictly"),
        (_pieces([0], [1], 0), "one slope more than breaks"),
        (_pieces([0], [0, 1, 2], 0), "one slope more than breaks"),
        (_pieces([], [1], 0), "at least one break"),
        (_pieces([NAN], [0, 1], 0), "breaks must be finite"),
        (_pieces([0], [0, float("inf")], 0), "slopes must be finite"),
        (_pieces([0], [0, 1], NAN), "the value must be finite"),
    ),
)

ACTIVATION_SAMPLES: Mapping[str, Samples] = {
    **{kind: _alone(kind) for kind in (
        "identity", "relu", "abs", "hard_tanh", "relu6", "hard_sigmoid", "tanh", "sigmoid",
    )},
    "leaky_relu": Samples(
        tuple(map(_leaky, (Fraction(1, 8), HALF, Fraction(3, 4)))),
        tuple(
            (_leaky(slope), "slope must lie strictly between 0 and 1")
            for slope in (0, 1, -HALF, 2, NAN)
        ),
    ),
    "piecewise": PIECEWISE,
}  # fmt: skip


def _loss(kind: str, **data: Any) -> tuple[Obj, ...]:
    return {"kind": kind, **data}, {"kind": kind, **data, "weighted": True}


LOSS_SAMPLES: Mapping[str, Samples] = {
    **{kind: Samples(_loss(kind)) for kind in (
        "squared", "binary_hinge", "logistic", "weston_watkins", "crammer_singer", "cross_entropy",
        "squared_hinge",
    )},
    "huber": Samples(
        (*_loss("huber", delta=1), *_loss("huber", delta=Fraction(1, 4))),
        tuple(
            ({"kind": "huber", "delta": delta}, "delta must be finite and > 0")
            for delta in (0, -1, NAN, float("inf"))
        ),
    ),
}  # fmt: skip
