"""The IDX files of MNIST, plain or gzipped."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from nnbcd.data.dataset import Dataset, classification
from nnbcd.errors import InputError

Part = Literal["train", "t10k"]
PARTS: tuple[Part, ...] = ("train", "t10k")
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
MOST_BYTES = 2**31
"""An IDX header that claims more than this is taken to be wrong."""


def load_mnist(folder: Path, part: Part | None = None) -> Dataset:
    """MNIST from its IDX files in ``folder`` or ``folder/mnist``; pixels scaled to 0..1.

    ``part`` is ``"train"`` or ``"t10k"``; by default the first of them that is there.

    Raises:
        InputError: a file is missing, damaged, or does not fit its partner.
    """
    found = mnist_parts(folder)
    chosen = part or (found[0] if found else None)
    if chosen is None or chosen not in found:
        wanted = f"{part or 't10k'}-{IMAGES}[.gz] and {part or 't10k'}-{LABELS}[.gz]"
        raise InputError(f"{folder}: no MNIST files here or in its subfolder mnist: {wanted}")
    image_file, label_file = (cast(Path, _find(folder, chosen, kind)) for kind in (IMAGES, LABELS))
    images, labels = read_idx(image_file), read_idx(label_file)
    for file, array, axes in ((image_file, images, 3), (label_file, labels, 1)):
        if array.ndim != axes:
            raise InputError(f"{file}: given {array.ndim} axes; allowed: {axes} ({2048 + axes})")
    if len(images) != len(labels):
        raise InputError(
            f"{image_file} holds {len(images)} images but {label_file} {len(labels)} labels"
        )
    return classification(images / 255.0, labels, source=f"mnist-{chosen}", classes=10)


def mnist_parts(folder: Path) -> tuple[Part, ...]:
    """Which of the two official parts are there with both their files."""
    return tuple(p for p in PARTS if all(_find(folder, p, kind) for kind in (IMAGES, LABELS)))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An array of bytes in the IDX format: magic ``00 00 08 axes``, extents, entries.

    Raises:
        InputError: not IDX, or truncated, or longer than it says.
    """
    try:
        with _open(path) as file:
            return _read(file, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: the gzip file is truncated or damaged: {error}") from error


def _read(file: IO[bytes], path: Path) -> NDArray[np.uint8]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
        raise InputError(
            f"{path}: not an IDX file of bytes: it starts with {magic.hex(' ') or 'nothing'}; "
            "allowed: 00 00 08 and the number of axes (2051 for images, 2049 for labels)"
        )
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise InputError(f"{path}: the IDX header is cut short")
    shape = struct.unpack(f">{magic[3]}I", header)
    size = 1
    for extent in shape:
        size *= extent
    if not 0 < size <= MOST_BYTES:
        raise InputError(f"{path}: the IDX header claims the shape {shape}, {size} bytes")
    data = file.read(size + 1)
    if len(data) != size:
        have = "more" if len(data) > size else f"{len(data)}"
        raise InputError(
            f"{path}: the IDX header claims the shape {shape}, {size} bytes, but there are {have}"
        )
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _find(folder: Path, part: Part, kind: str) -> Path | None:
    names = [f"{part}-{kind}", f"{part}-{kind.replace('-idx', '.idx')}"]
    places = [
        place / f"{name}{ending}"
        for place in (folder, folder / "mnist")
        for name in names
        for ending in ("", ".gz")
    ]
    return next((place for place in places if place.is_file()), None)
