"""Gradient-free training of compressed neural networks by block coordinate descent.

Names are loaded on first use, so that ``import nnbcd`` and ``nnbcd.scalar`` need no torch.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnbcd.api import Result, audit, compress, train
    from nnbcd.model import CompressedNetwork, load_model
    from nnbcd.problem import Layer, Penalties, Problem

try:
    __version__ = version("nnbcd")
except PackageNotFoundError:  # run from a checkout on the path
    __version__ = "0+unknown"

_HOME = {
    "CompressedNetwork": "nnbcd.model",
    "InputError": "nnbcd.errors",
    "Layer": "nnbcd.problem",
    "Penalties": "nnbcd.problem",
    "Problem": "nnbcd.problem",
    "Result": "nnbcd.api",
    "audit": "nnbcd.api",
    "compress": "nnbcd.api",
    "load_model": "nnbcd.model",
    "train": "nnbcd.api",
}

__all__ = [
    "CompressedNetwork",
    "Layer",
    "Penalties",
    "Problem",
    "Result",
    "__version__",
    "audit",
    "compress",
    "load_model",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'nnbcd' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
