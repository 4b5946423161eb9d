"""Loaders say what is wrong and where; splits are stratified and repeatable."""

from __future__ import annotations

import gzip
import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbcd.config import DataConfig
from nnbcd.data import (
    classification,
    load_csv,
    load_digits,
    load_mnist,
    load_npz,
    read_idx,
    regression,
    split,
    train_and_test,
)
from nnbcd.errors import InputError

X = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 1, 0, 1, 0, 1])


def idx_bytes(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path, part: str = "t10k", n: int = 20, *, zipped: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    images = np.arange(n * 6).reshape(n, 2, 3) % 256
    for kind, array in (("images-idx3", images), ("labels-idx1", np.arange(n) % 10)):
        data = idx_bytes(array)
        name = f"{part}-{kind}-ubyte" + (".gz" if zipped else "")
        (folder / name).write_bytes(gzip.compress(data) if zipped else data)


# --- what every data set passes ---------------------------------------------------------------


def test_classes_are_the_sorted_labels() -> None:
    data = classification(X, ["b", "a", "b", "c", "a", "c"], source="s")
    assert data.classes == ("a", "b", "c")
    assert data.labels.tolist() == [1, 0, 1, 2, 0, 2]
    assert data.y.sum(axis=1).tolist() == [1] * 6
    assert data.x.dtype == data.y.dtype == np.float64


def test_images_are_flattened_and_targets_get_a_column() -> None:
    assert classification(np.zeros((6, 2, 3)), LABELS, source="s").x.shape == (6, 6)
    assert regression(X, np.arange(6), source="s").y.shape == (6, 1)
    assert regression(X, np.zeros((6, 2)), source="s").classes == ()
    with pytest.raises(InputError, match="targets, not labels"):
        _ = regression(X, np.arange(6), source="s").labels


def test_one_hot_rows_are_labels() -> None:
    assert classification(X, np.eye(2)[LABELS], source="s").labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (X[:5], LABELS, "5 rows of features but 6 labels"),
        (np.zeros((0, 2)), [], "is empty"),
        (np.array([["a"]]), [0], "allowed: real numbers"),
        (X * np.array([1, math.nan]), LABELS, "6 of 12 entries.*row 0, column 1"),
        (np.where(X == 7, math.inf, X), LABELS, "1 of 12 entries.*row 3, column 1.*inf"),
        (X, LABELS + 0.5, "given 0.5 in row 0.*whole numbers"),
        (X, np.where(LABELS, math.nan, 0.0), "given nan in row 1"),
        (X, np.zeros(6), "one class only"),
        (X, np.ones((6, 3)), "row 0 .* is not one-hot"),
        (X, np.zeros((6, 2, 2)), "allowed: "),
        (X, LABELS.astype(complex), "allowed: integers or text"),
    ],
)
def test_bad_arrays(x: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        classification(x, labels, source="the file")
    assert str(caught.value).startswith("the file")


def test_labels_out_of_a_known_range() -> None:
    with pytest.raises(InputError, match=r"2 out of range, the first in row 1 .*: 12; .* 0 to 9"):
        classification(X, [0, 12, 0, 1, -1, 1], source="s", classes=10)


def test_bad_targets() -> None:
    with pytest.raises(InputError, match="1 of 6 entries"):
        regression(X, [1, 2, 3, 4, 5, math.nan], source="s")
    with pytest.raises(InputError, match="rows of features but 4 targets"):
        regression(X, [1, 2, 3, 4], source="s")


# --- splits -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(2, 30), min_size=2, max_size=5),
    held_out=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
def test_a_split_is_a_stratified_partition(counts: list[int], held_out: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    data = classification(np.arange(len(labels))[:, None], labels, source="s")
    fit, test = split(data, held_out, seed=seed)
    assert sorted([*fit.x[:, 0], *test.x[:, 0]]) == list(range(len(labels)))
    assert fit.classes == test.classes == data.classes
    for k, count in enumerate(counts):
        own = int((test.labels == k).sum())
        assert 1 <= own <= count - 1
        assert abs(own - count * held_out) <= 1
    again = split(data, held_out, seed=seed)[1]
    assert np.array_equal(test.x, again.x)


def test_another_seed_is_another_split_and_digits_hold_out_360() -> None:
    digits = load_digits()
    assert digits.x.min() == 0
    assert digits.x.max() == 1
    a, b = (split(digits, 0.2, seed=s)[1] for s in (0, 1))
    assert len(a) == len(b) == 360
    assert not np.array_equal(a.x, b.x)


def test_a_regression_split_keeps_the_order() -> None:
    fit, test = split(regression(X, np.arange(6), source="s"), 0.3, seed=0)
    assert (len(fit), len(test)) == (4, 2)
    assert (np.diff(fit.y[:, 0]) > 0).all()


@pytest.mark.parametrize("held_out", [0.0, 1.0, -1.0, math.nan])
def test_bad_held_out(held_out: float) -> None:
    with pytest.raises(InputError, match=r"allowed: a fraction in \(0, 1\)"):
        split(classification(X, LABELS, source="s"), held_out)


def test_a_class_of_one_cannot_be_split() -> None:
    with pytest.raises(InputError, match="class 2 has one sample"):
        split(classification(X, [0, 1, 0, 1, 0, 2], source="s"))


# --- npz --------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("data", "target")])
def test_npz(tmp_path: Path, names: tuple[str, str]) -> None:
    np.savez(tmp_path / "a.npz", **dict(zip(names, (X, LABELS), strict=True)))
    assert load_npz(tmp_path / "a.npz").labels.tolist() == LABELS.tolist()
    assert load_npz(tmp_path / "a.npz", task="regression").y.shape == (6, 1)


def test_bad_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(InputError, match="no such file"):
        load_npz(path)
    for content in (b"", b"PK\x03\x04 cut short", b"text"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"not a readable .npz"):
            load_npz(path)
    np.savez(path, x=X, other=LABELS)
    with pytest.raises(InputError, match=r"no array named y or Y .* given: x, other"):
        load_npz(path)
    np.savez(path, x=np.array([{}], dtype=object), y=LABELS)
    with pytest.raises(InputError, match=r"not a readable .npz"):
        load_npz(path)
    np.save(tmp_path / "b.npy", X)
    with pytest.raises(InputError, match="a single array"):
        load_npz(tmp_path / "b.npy")


# --- csv --------------------------------------------------------------------------------------


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    ("text", "target", "classes", "x0"),
    [
        ("1,2,a\n3,4,b\n", None, ("a", "b"), [1, 2]),
        ("p,q,kind\n1,2,a\n3,4,b\n", None, ("a", "b"), [1, 2]),
        ("p,q,kind\n1,2,a\n3,4,b\n", "kind", ("a", "b"), [1, 2]),
        ("kind;p;q\n1;2;5\n0;4;5\n", "kind", ("0", "1"), [2, 5]),
        ("kind\tp\n1\t2\n0\t4\n", 0, ("0", "1"), [2]),
        ("0,1,target\n5,6,0\n7,8,1\n", None, ("0", "1"), [5, 6]),
        ("1,2,0\r\n3,4,1\r\n\r\n", -1, ("0", "1"), [1, 2]),
        ("\ufeff1, 2 ,10\n3,4,9\n", 2, ("9", "10"), [1, 2]),
        ('"a,b",c\n1,0\n2,1\n', "c", ("0", "1"), [1]),
    ],
)
def test_csv(
    tmp_path: Path, text: str, target: str | int | None, classes: tuple[str, ...], x0: list[float]
) -> None:
    data = load_csv(csv(tmp_path, text), target=target)
    assert data.classes == classes
    assert data.x[0].tolist() == x0
    assert len(data) == 2


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("", None, "the file is empty"),
        ("p,q\n", None, "a header only"),
        ("1\n0\n", None, "given one column"),
        ("p,q\n1,2\n3\n", None, r"line 3: 1 cells, where line 1 has 2"),
        ("p,q,y\n1,2,a\n3,oops,b\n", None, r'line 3, column 2 \(q\): given "oops"; .* a number'),
        ("p,q,y\n1,2,a\n3,,b\n", None, r"line 3, column 2 \(q\): given an empty cell"),
        ("p,q,y\n1,2,a\n3,nan,b\n", None, r'line 3, column 2 \(q\): given "nan"; .* finite'),
        ("1,2,a\n3,4,\n", None, r"line 2, column 3 \(2\): given an empty cell; .* a label"),
        ("p,y\n1,a\n2,b\n", "z", 'target column "z" stands nowhere in the header: p, y'),
        ("y,y\n1,a\n2,b\n", "y", 'target column "y" stands twice'),
        ("p,y\n1,a\n2,b\n", 2, "target column: given 2; allowed: 0 to 1"),
        ("p,y\n1,a\n2,b\n", -3, "target column: given -3"),
        ('1,"a\n', None, "not a CSV line"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, target: str | int | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_csv(csv(tmp_path, text), target=target)
    assert str(tmp_path / "a.csv") in str(caught.value)


def test_csv_regression_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    data = load_csv(csv(tmp_path, "p,y\n1,0.5\n2,1.5\n"), task="regression")
    assert data.y.tolist() == [[0.5], [1.5]]
    with pytest.raises(InputError, match=r"line 2, column 2 \(y\)"):
        load_csv(csv(tmp_path, "p,y\n1,a\n2,1.5\n"), target="y", task="regression")
    (tmp_path / "a.csv").write_bytes(b"1,\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        load_csv(tmp_path / "a.csv")
    with pytest.raises(InputError, match="no such file"):
        load_csv(tmp_path / "none.csv")


# --- MNIST ------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_mnist_files(tmp_path: Path, zipped: bool, subfolder: str) -> None:
    write_mnist(tmp_path / subfolder, zipped=zipped)
    data = load_mnist(tmp_path)
    assert data.x.shape == (20, 6)
    assert data.y.shape == (20, 10)
    assert data.x[0, 1] == 1 / 255
    assert data.source == "mnist-t10k"


def test_mnist_both_parts_are_the_official_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(tmp_path, "t10k", 20)
    config = DataConfig(source="mnist", data_dir=tmp_path, held_out=0.5)
    assert [len(d) for d in train_and_test(config)] == [10, 10]
    write_mnist(tmp_path, "train", 40)
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path))
    fit, test = train_and_test(DataConfig(source="mnist"))
    assert (fit.source, len(fit), test.source, len(test)) == ("mnist-train", 40, "mnist-t10k", 20)


def test_mnist_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNBCD_DATA", raising=False)
    with pytest.raises(InputError, match="environment variable NNBCD_DATA"):
        train_and_test(DataConfig(source="mnist"))
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path / "none"))
    with pytest.raises(InputError, match="no such folder"):
        train_and_test(DataConfig(source="mnist"))
    with pytest.raises(InputError, match="no MNIST files here"):
        load_mnist(tmp_path)
    write_mnist(tmp_path)
    with pytest.raises(InputError, match="train-images"):
        load_mnist(tmp_path, "train")


GOOD = idx_bytes(np.zeros((3, 2, 2)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing"),
        (b"\x00\x00\x0b\x03" + GOOD[4:], "not an IDX file of bytes: it starts with 00 00 0b 03"),
        (GOOD[:9], "header is cut short"),
        (GOOD[:-1], "12 bytes, but there are 11"),
        (GOOD + b"x", "but there are more"),
        (idx_bytes(np.zeros((0, 2, 2))), "claims the shape"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "claims the shape"),
    ],
)
def test_bad_idx(tmp_path: Path, content: bytes, message: str) -> None:
    for name, data in (("a", content), ("a.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=message):
            read_idx(tmp_path / name)


def test_bad_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(idx_bytes(np.arange(3000).reshape(30, 10, 10) % 251))
    for content in (whole[:-30], whole[:12], b"plain"):
        (tmp_path / "a.gz").write_bytes(content)
        with pytest.raises(InputError, match="truncated or damaged"):
            read_idx(tmp_path / "a.gz")


def test_mnist_files_that_do_not_fit(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx_bytes(np.zeros(19))))
    with pytest.raises(InputError, match=r"20 images but .* 19 labels"):
        load_mnist(tmp_path)
    labels.write_bytes(gzip.compress(idx_bytes(np.full(20, 10))))
    with pytest.raises(InputError, match="20 out of range"):
        load_mnist(tmp_path)
    labels.write_bytes(gzip.compress(idx_bytes(np.zeros((20, 1)))))
    with pytest.raises(InputError, match="given 2 axes; allowed: 1"):
        load_mnist(tmp_path)


def test_the_real_t10k_files() -> None:
    folder = os.environ.get("NNBCD_DATA")
    if not folder:
        pytest.skip("NNBCD_DATA names no folder with the MNIST files")
    data = load_mnist(Path(folder), "t10k")
    assert data.x.shape == (10_000, 784)
    assert np.bincount(data.labels).tolist()[:3] == [980, 1135, 1032]


def test_train_and_test_reads_what_the_table_names(tmp_path: Path) -> None:
    assert [len(d) for d in train_and_test(DataConfig(source="digits"))] == [1437, 360]
    np.savez(tmp_path / "a.npz", x=X, y=LABELS)
    config = DataConfig(source="npz", path=tmp_path / "a.npz", held_out=0.4)
    assert [len(d) for d in train_and_test(config)] == [3, 3]
    path = csv(tmp_path, "k,v\n1,5\n2,6\n3,7\n4,8\n")
    config = DataConfig(source="csv", path=path, target="k", task="regression", held_out=0.25)
    assert train_and_test(config)[0].x.max() > 4
