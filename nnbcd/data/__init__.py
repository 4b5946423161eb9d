"""Data sets: read, checked and split; NumPy only."""

from nnbcd.data.csv_file import load_csv
from nnbcd.data.dataset import Dataset, Task, classification, regression
from nnbcd.data.idx import load_mnist, read_idx
from nnbcd.data.sources import load_digits, load_npz, train_and_test
from nnbcd.data.splits import split

__all__ = [
    "Dataset",
    "Task",
    "classification",
    "load_csv",
    "load_digits",
    "load_mnist",
    "load_npz",
    "read_idx",
    "regression",
    "split",
    "train_and_test",
]
