"""Losses: a weighted sum over samples of something convex in V_N.  One registry line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nnbcd_checks.losses.binary_hinge import BinaryHinge
from nnbcd_checks.losses.crammer_singer import CrammerSinger
from nnbcd_checks.losses.cross_entropy import CrossEntropy
from nnbcd_checks.losses.huber import Huber
from nnbcd_checks.losses.logistic import Logistic
from nnbcd_checks.losses.protocol import Loss
from nnbcd_checks.losses.squared import Squared
from nnbcd_checks.losses.squared_hinge import SquaredHinge
from nnbcd_checks.losses.weston_watkins import WestonWatkins

__all__ = ["LOSSES", "Loss", "read_loss"]

LOSSES: Mapping[str, Callable[[Mapping[str, Any]], Loss]] = {
    "squared": Squared,
    "huber": Huber,
    "binary_hinge": BinaryHinge,
    "logistic": Logistic,
    "weston_watkins": WestonWatkins,
    "crammer_singer": CrammerSinger,
    "cross_entropy": CrossEntropy,
    "squared_hinge": SquaredHinge,
}


def read_loss(obj: Mapping[str, Any]) -> Loss:
    """The loss of an object that fits the schema; `ValueError` says what else is wrong."""
    return LOSSES[obj["kind"]](obj)
