"""The kinds of sparsity: which entries make a group, and which groups compete."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from nnbcd_checks.compression import Compression, Refused
from nnbcd_checks.group_set import GroupSet


@dataclass(frozen=True)
class Prune(GroupSet):
    """At most ``nonzeros`` nonzero entries."""

    kind: ClassVar[str] = "prune"
    counts_entries: ClassVar[bool] = True
    nonzeros: int

    @property
    def most(self) -> int:
        """``nonzeros``."""
        return self.nonzeros

    def check(self) -> None:
        """``nonzeros`` is at most the size of W."""
        size = self.matrix[0] * self.matrix[1]
        if self.nonzeros > size:
            raise Refused("nonzeros", self.nonzeros, f"1 to {size}, the size of W")

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """One contest of single entries."""
        return entries.reshape(1, -1)


@dataclass(frozen=True)
class SharedPrune(GroupSet):
    """At most ``nonzeros`` nonzero entries in all layers of ``group`` together, one block."""

    kind: ClassVar[str] = "shared_prune"
    counts_entries: ClassVar[bool] = True
    group: str
    nonzeros: int

    @property
    def shares(self) -> str | None:
        """The name of the group."""
        return self.group

    @property
    def most(self) -> int:
        """``nonzeros``."""
        return self.nonzeros

    def check_group(self, members: Sequence[Compression]) -> None:
        """All layers of the group state the same number, at most the sum of their sizes."""
        size = sum(other.matrix[0] * other.matrix[1] for other in members)
        if self.nonzeros > size:
            raise Refused("nonzeros", self.nonzeros, f"1 to {size}, the size of the group")
        first = members[0]
        if isinstance(first, SharedPrune) and self.nonzeros != first.nonzeros:
            given = f"{first.nonzeros}, as the first layer of group {self.group!r} states"
            raise Refused("nonzeros", self.nonzeros, given)

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """One contest of single entries."""
        return entries.reshape(1, -1)


@dataclass(frozen=True)
class OfEveryM(GroupSet):
    """At most ``n`` nonzeros in each run of ``m`` consecutive entries of a row."""

    kind: ClassVar[str] = "nm"
    counts_entries: ClassVar[bool] = True
    n: int
    m: int

    @property
    def most(self) -> int:
        """``n``."""
        return self.n

    def check(self) -> None:
        """``n`` is at most ``m``, and ``m`` divides the inputs."""
        if self.n > self.m:
            raise Refused("n", self.n, f"1 to {self.m}, which is m")
        if self.matrix[1] % self.m:
            raise Refused("m", self.m, f"a divisor of {self.matrix[1]}, the inputs")

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """A contest for each run; single entries."""
        return entries.reshape(-1, self.m)


@dataclass(frozen=True)
class _Counted(GroupSet):
    """One contest of groups of entries, of which ``count`` may be nonzero."""

    count: int

    @property
    def most(self) -> int:
        """``count``."""
        return self.count

    @property
    def members(self) -> int:
        """The size of W over the number of groups."""
        return self.matrix[0] * self.matrix[1] // self.groups

    @property
    @abstractmethod
    def groups(self) -> int:
        """The number of groups."""

    def check(self) -> None:
        """``count`` is at most the number of groups."""
        if self.count > self.groups:
            raise Refused("count", self.count, f"1 to {self.groups}, the number of groups")


@dataclass(frozen=True)
class Rows(_Counted):
    """At most ``count`` nonzero rows."""

    kind: ClassVar[str] = "rows"

    @property
    def groups(self) -> int:
        """The outputs."""
        return self.matrix[0]

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """One contest of rows."""
        found: NDArray[Any] = entries.sum(axis=1)[None]
        return found


@dataclass(frozen=True)
class Columns(_Counted):
    """At most ``count`` nonzero columns."""

    kind: ClassVar[str] = "columns"

    @property
    def groups(self) -> int:
        """The inputs."""
        return self.matrix[1]

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """One contest of columns."""
        found: NDArray[Any] = entries.sum(axis=0)[None]
        return found


@dataclass(frozen=True)
class Blocks(_Counted):
    """At most ``count`` nonzero blocks of ``shape`` (h, w) in the grid of blocks."""

    kind: ClassVar[str] = "blocks"
    shape: tuple[int, int]

    @property
    def groups(self) -> int:
        """The number of blocks in the grid."""
        return (self.matrix[0] // self.shape[0]) * (self.matrix[1] // self.shape[1])

    def check(self) -> None:
        """``shape`` divides the shape of W, and there are ``count`` blocks."""
        if self.matrix[0] % self.shape[0] or self.matrix[1] % self.shape[1]:
            allowed = f"divisors of {list(self.matrix)}, the shape of W"
            raise Refused("shape", list(self.shape), allowed)
        super().check()

    def fold(self, entries: NDArray[Any]) -> NDArray[Any]:
        """One contest of blocks."""
        (d, p), (h, w) = self.matrix, self.shape
        tiles = entries.reshape(d // h, h, p // w, w)
        found: NDArray[Any] = tiles.sum(axis=(1, 3)).reshape(1, -1)
        return found
