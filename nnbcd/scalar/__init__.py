"""Scalar closed forms, free of torch, written against a small operations namespace.

Run with torch operations they are the solver; run with symbols they are the statement to be proved.
"""

from nnbcd.scalar.code import nearest_code, nearest_scale
from nnbcd.scalar.margins import (
    hinge_prox,
    huber_prox,
    logistic_prox,
    squared_hinge_prox,
    squared_prox,
)
from nnbcd.scalar.mean import weighted_mean
from nnbcd.scalar.ops import Ops, RealOps
from nnbcd.scalar.piecewise import Piece, piecewise_prox
from nnbcd.scalar.tanh import sigmoid_prox, tanh_certificate, tanh_prox

__all__ = [
    "Ops",
    "Piece",
    "RealOps",
    "hinge_prox",
    "huber_prox",
    "logistic_prox",
    "nearest_code",
    "nearest_scale",
    "piecewise_prox",
    "sigmoid_prox",
    "squared_hinge_prox",
    "squared_prox",
    "tanh_certificate",
    "tanh_prox",
    "weighted_mean",
]
