"""Losses: one file and one line of ``LOSSES`` each."""

from nnbcd_spec.losses.base import Loss, Weighted
from nnbcd_spec.losses.binary_hinge import BinaryHinge
from nnbcd_spec.losses.crammer_singer import CrammerSinger
from nnbcd_spec.losses.cross_entropy import CrossEntropy
from nnbcd_spec.losses.huber import Huber
from nnbcd_spec.losses.logistic import Logistic
from nnbcd_spec.losses.squared import Squared
from nnbcd_spec.losses.squared_hinge import SquaredHinge
from nnbcd_spec.losses.weston_watkins import WestonWatkins
from nnbcd_spec.registry import Registry

LOSSES: Registry[Loss] = Registry(
    {
        "squared": Squared,
        "huber": Huber,
        "binary_hinge": BinaryHinge,
        "logistic": Logistic,
        "weston_watkins": WestonWatkins,
        "crammer_singer": CrammerSinger,
        "squared_hinge": SquaredHinge,
        "cross_entropy": CrossEntropy,
    }
)

__all__ = [
    "LOSSES",
    "BinaryHinge",
    "CrammerSinger",
    "CrossEntropy",
    "Huber",
    "Logistic",
    "Loss",
    "Squared",
    "SquaredHinge",
    "Weighted",
    "WestonWatkins",
]
