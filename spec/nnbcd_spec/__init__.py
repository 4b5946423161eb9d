"""What is true: the objective of NN-BCD, and every block update derived from it.

The objective is written once, in :mod:`nnbcd_spec.objective`; no update formula is typed in
anywhere.  :mod:`nnbcd_spec.blocks` evaluates the updates exactly on numbers,
:mod:`nnbcd_spec.derive` and :mod:`nnbcd_spec.switching` give their closed forms as SymPy
expressions, :mod:`nnbcd_spec.sweeps` runs whole sweeps of tiny problems.  Samples are rows.

Sources: Li, Chung, Du, Wang, Zhou, Shen, arXiv 2303.06815; Zeng, Lau, Lin, Yao, ICML 2019.
"""

from nnbcd_spec.activations import ACTIVATIONS
from nnbcd_spec.compressions import COMPRESSIONS
from nnbcd_spec.losses import LOSSES
from nnbcd_spec.objective import STANDARD, Objective, Term
from nnbcd_spec.problem import Problem
from nnbcd_spec.sweeps import objective_value, sweep, update_block

__all__ = [
    "ACTIVATIONS",
    "COMPRESSIONS",
    "LOSSES",
    "STANDARD",
    "Objective",
    "Problem",
    "Term",
    "objective_value",
    "sweep",
    "update_block",
]
