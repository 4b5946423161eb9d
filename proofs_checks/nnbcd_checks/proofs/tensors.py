"""The few tensor operations that the shipped block updates use, on words instead of numbers.

A matrix is a sum of words.  A vector is one with a single column; beside a matrix it stands for
each of its rows, as in the solver.  ``[A | a]`` and square block matrices are kept by their parts.
In-place operations change the tensor they are called on, as the solver's do.
"""

from __future__ import annotations

from typing import Any

from nnbcd_checks.proofs.words import Words, identity, letter

ONE = "1"


def ones(rows: str) -> Words:
    """The column of ones."""
    return letter(f"one_{rows}", rows, ONE)


class Matrix:
    """A matrix of words; ``shape`` are the names of its sizes.

    ``end``: the size whose identity stands before the first core of a train and after the last.
    In a train it is 1; an open end instead makes the cores beside a core any matrices at all.
    """

    def __init__(self, words: Words, end: str = ONE) -> None:
        self.words, self.end = words, end

    @property
    def mT(self) -> Matrix:
        """The transpose."""
        return Matrix(self.words.mT)

    @property
    def shape(self) -> tuple[Size, Size]:
        """Rows and columns."""
        return Size(self.words.rows), Size(self.words.cols)

    def sum(self, dim: int) -> Vector:
        """The sums of the columns (dim 0)."""
        if dim != 0:
            raise NotImplementedError(f"sum over dim {dim}")
        return Vector(self.words.mT @ ones(self.words.rows))

    def diagonal(self) -> Diagonal:
        """What adds to the diagonal in place."""
        return Diagonal([self])

    def add_identity(self, scalar: Any) -> None:
        """Add ``scalar I`` in place."""
        self.words = self.words + scalar * identity(self.words.rows)

    def new_empty(self, *sizes: Any) -> Bordered:
        """A square matrix of one row and column more than a size, parts to be filled in."""
        if len(sizes) != 2 or sizes[0] != sizes[1] or not isinstance(sizes[0], Bordering):
            raise NotImplementedError(f"new_empty{sizes}")
        return Bordered({})

    def new_ones(self, *sizes: int) -> Matrix:
        """What stands before the first core of a train and after the last."""
        if sizes != (1, 1):
            raise NotImplementedError(f"new_ones{sizes}")
        return Matrix(identity(self.end))

    def reshape(self, *_: Any) -> Matrix:
        """Itself: with one slice a core every unfolding is the same matrix."""
        return self

    def __matmul__(self, other: Matrix) -> Matrix:
        return Matrix(self.words @ other.words)

    def __add__(self, other: Matrix | Vector) -> Matrix:
        return Matrix(self.words + _spread(other, self.words.rows))

    __iadd__ = __add__

    def __sub__(self, other: Matrix | Vector) -> Matrix:
        return Matrix(self.words - _spread(other, self.words.rows))

    def __mul__(self, scalar: Any) -> Matrix:
        return Matrix(scalar * self.words)

    __rmul__ = __mul__

    def __truediv__(self, scalar: Any) -> Matrix:
        return Matrix(self.words / scalar)


class Vector:
    """A vector: a column of words."""

    def __init__(self, column: Words) -> None:
        self.column = column

    def __getitem__(self, key: Any) -> Matrix:
        if key != (slice(None), None):
            raise NotImplementedError(f"a vector at {key}")
        return Matrix(self.column)

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.column + other.column)

    def __sub__(self, other: Vector) -> Vector:
        return Vector(self.column - other.column)

    def __rmul__(self, scalar: Any) -> Vector:
        return Vector(scalar * self.column)


class Joined:
    """``[A | a]``: a matrix and one more column."""

    def __init__(self, matrix: Words, column: Words) -> None:
        self.matrix, self.column = matrix, column

    def __getitem__(self, key: Any) -> Matrix | Vector:
        if key == (slice(None), slice(None, -1)):
            return Matrix(self.matrix)
        if key == (slice(None), -1):
            return Vector(self.column)
        raise NotImplementedError(f"[A | a] at {key}")

    def __setitem__(self, key: Any, value: Matrix | Vector) -> None:
        if isinstance(value, Matrix) and key == (slice(None), slice(None, -1)):
            self.matrix = value.words
        elif isinstance(value, Vector) and key == (slice(None), -1):
            self.column = value.column
        else:
            raise NotImplementedError(f"[A | a] at {key}")

    def __sub__(self, other: Joined) -> Joined:
        return Joined(self.matrix - other.matrix, self.column - other.column)

    def __rmul__(self, scalar: Any) -> Joined:
        return Joined(scalar * self.matrix, scalar * self.column)

    def times(self, h: Bordered) -> Joined:
        """``[A | a] h``."""
        return Joined(
            self.matrix @ h.parts[0, 0] + self.column @ h.parts[1, 0],
            self.matrix @ h.parts[0, 1] + self.column @ h.parts[1, 1],
        )


class Bordered:
    """A square matrix of one row and column more than a size, by its four parts."""

    def __init__(self, parts: dict[tuple[int, int], Words]) -> None:
        self.parts = parts

    def __setitem__(self, key: tuple[Any, Any], value: Matrix | Vector | Size) -> None:
        place = (_part(key[0]), _part(key[1]))
        if isinstance(value, Matrix):
            words = value.words
        elif isinstance(value, Vector):
            words = value.column if place == (0, 1) else value.column.mT
        else:  # a size counts ones
            words = ones(value.name).mT @ ones(value.name)
        self.parts[place] = words

    def __rmul__(self, scalar: Any) -> Bordered:
        return Bordered({place: scalar * words for place, words in self.parts.items()})

    def diagonal(self) -> Diagonal:
        """What adds to the diagonal in place."""
        return Diagonal([_Corner(self, 0), _Corner(self, 1)])


class _Corner:
    def __init__(self, whole: Bordered, place: int) -> None:
        self.whole, self.place = whole, (place, place)

    def add_identity(self, scalar: Any) -> None:
        part = self.whole.parts[self.place]
        self.whole.parts[self.place] = part + scalar * identity(part.rows)


class Diagonal:
    """A diagonal that can be added to; ``[:-1]`` leaves the last part out."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def __getitem__(self, key: Any) -> Diagonal:
        if key != slice(None, -1):
            raise NotImplementedError(f"a diagonal at {key}")
        return Diagonal(self.parts[:-1])

    def add_(self, scalar: Any) -> None:
        """Add in place."""
        for part in self.parts:
            part.add_identity(scalar)


class Size:
    """A size by name; one more than it is the side of a bordered matrix."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __add__(self, more: int) -> Bordering:
        if more != 1:
            raise NotImplementedError(f"{self.name} + {more}")
        return Bordering(self.name)


class Bordering(str):
    """A size and one more."""

    __slots__ = ()


class Torch:
    """The functions of the tensor library that the updates call."""

    def addmm(
        self, base: Matrix | Vector, left: Matrix, right: Matrix, *, alpha: Any = 1
    ) -> Matrix:
        """``base + alpha left right``."""
        product: Matrix = alpha * (left @ right)
        return product + base

    def cat(self, parts: list[Matrix], dim: int) -> Joined:
        """``[A | a]``."""
        if dim != 1 or len(parts) != 2:
            raise NotImplementedError(f"cat of {len(parts)} along {dim}")
        return Joined(parts[0].words, parts[1].words)


def _spread(other: Matrix | Vector, rows: str) -> Words:
    if isinstance(other, Matrix):
        return other.words
    return ones(rows) @ other.column.mT


def _part(key: Any) -> int:
    return 0 if isinstance(key, slice) else 1
