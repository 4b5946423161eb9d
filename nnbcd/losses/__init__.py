"""Losses: one file and one line of ``LOSSES`` each."""

from nnbcd.losses.base import Loss
from nnbcd.losses.squared import Squared

LOSSES: dict[str, type[Loss]] = {"squared": Squared}

__all__ = ["LOSSES", "Loss", "Squared"]
