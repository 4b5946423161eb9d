"""Losses: one file and one line of ``LOSSES`` each."""

from nnbcd.losses.base import Loss
from nnbcd.losses.binary_hinge import BinaryHinge
from nnbcd.losses.crammer_singer import CrammerSinger
from nnbcd.losses.cross_entropy import CrossEntropy
from nnbcd.losses.huber import Huber
from nnbcd.losses.logistic import Logistic
from nnbcd.losses.squared import Squared
from nnbcd.losses.squared_hinge import SquaredHinge
from nnbcd.losses.weston_watkins import WestonWatkins
from nnbcd.members import member_from_json

LOSSES: dict[str, type[Loss]] = {
    "squared": Squared,
    "huber": Huber,
    "binary_hinge": BinaryHinge,
    "logistic": Logistic,
    "weston_watkins": WestonWatkins,
    "crammer_singer": CrammerSinger,
    "squared_hinge": SquaredHinge,
    "cross_entropy": CrossEntropy,
}


def loss_from(given: object, where: str = "loss") -> Loss:
    """The loss itself, or the one that a kind or its JSON names.

    Raises ``InputError``, beginning with ``where``, for anything else.
    """
    return given if isinstance(given, Loss) else member_from_json(LOSSES, given, where)


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
    "WestonWatkins",
    "loss_from",
]
