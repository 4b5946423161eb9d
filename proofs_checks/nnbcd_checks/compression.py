"""What a compression of W is to the auditor: one object, asked for everything about its Z.

A member is a frozen dataclass whose fields are the keys of ``problem.json`` (docs/FAMILY.md) after
the shape of W.  Its Z is one *set-valued variable* (``factors`` empty: C is judged as a point of
a set), or several *factors* in each of which C is linear.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from nnbcd_checks.arrays import Array

if TYPE_CHECKING:  # the judges' side of the package imports the problem, which holds these
    from nnbcd_checks.judged import Bench, Constants, Judged
    from nnbcd_checks.mixed import Mixed

State: TypeAlias = Mapping[str, Array]


class Refused(ValueError):  # noqa: N818 - an answer, turned into a `TraceError` by the reader
    """A key of the compression out of its domain: ``key``, what was ``given``, what ``allowed``."""

    def __init__(self, key: str, given: object, allowed: str) -> None:
        super().__init__(f"{key}: given {given!r}; allowed: {allowed}")
        self.key, self.given, self.allowed = key, given, allowed


@dataclass(frozen=True)
class Held:
    """What a state holds of one layer: the tensors of Z, W, and Z at the start of the run."""

    tensors: Sequence[Array]
    weight: Array
    first: Sequence[Array]


@dataclass(frozen=True)
class Compression(ABC):
    """The compression of a layer; ``matrix`` is the shape (d, p) of its W."""

    kind: ClassVar[str]
    no_theorem: ClassVar[str | None] = None  # what its block is, where no theorem covers that
    may_lack_element: ClassVar[bool] = False  # whether dL may have no known element at some Z
    stored: ClassVar[bool] = False  # whether C's entries are a tensor's, not computed from several
    counts_entries: ClassVar[bool] = False  # whether `outside` counts nonzero entries
    keeper: ClassVar[str] = "Z"  # the letter of the block whose update keeps `outside` at 0
    matrix: tuple[int, int]

    # -- reading and writing -------------------------------------------------------------------

    @classmethod
    def read(cls, obj: Mapping[str, Any], matrix: tuple[int, int]) -> Self:
        """The member of a JSON object that fits the schema; `Refused` if it does not fit W."""
        keys = [f.name for f in fields(cls) if f.name != "matrix"]
        found = cls(matrix, **{key: _plain(obj[key]) for key in keys if key in obj})
        found.check()
        return found

    def to_json(self) -> dict[str, Any]:
        """The compression as ``problem.json`` holds it."""
        named = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        values = {
            key: value for key, (value, unsaid) in named.items() if key != "matrix"
            and value != unsaid
        }  # fmt: skip
        return {"kind": self.kind} | {
            key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
        }

    def check(self) -> None:  # noqa: B027 - the schema says all there is to most members
        """Raise `Refused` where a key does not fit the shape of W."""

    def check_group(self, members: Sequence[Compression]) -> None:  # noqa: B027 - few share
        """Raise `Refused` where the layers that share this one's block do not fit together."""

    # -- what its Z is -------------------------------------------------------------------------

    @property
    def compressed(self) -> bool:
        """Whether the layer has a block Z."""
        return True

    @property
    def makes_w(self) -> bool:
        """Whether W is C(Z), and no variable of its own."""
        return False

    @property
    def binds_w(self) -> bool:
        """Whether W itself must satisfy something exactly, so that every row speaks of it."""
        return self.makes_w

    @property
    def penalised(self) -> bool:
        """Whether L holds ``tau/2 ||W - C(Z)||^2``."""
        return self.compressed and not self.makes_w

    @property
    def shares(self) -> str | None:
        """The name of the group of layers whose Z are one block; ``None``: a block of its own."""
        return None

    @property
    @abstractmethod
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Shapes of a state's tensors, by what follows ``Z{i}`` in their names."""

    @property
    def factors(self) -> tuple[str, ...]:
        """The tensors (by ending) in each of which C is linear; empty where Z is a set's point."""
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        """What L is differentiated in: the factors, or C itself under the ending ``""``."""
        return self.factors or ("",)

    @property
    def rows(self) -> tuple[str, ...]:
        """Endings of the names under which rows list the block's updates, in their order."""
        return self.variables

    @property
    def length(self) -> int:
        """The length of the sums that make an entry of C, for rounding."""
        return 0

    @abstractmethod
    def value(self, tensors: Sequence[Array]) -> Array:
        """C(Z) of shape (d, p), from the tensors in the order of `tensors`."""

    def change(self, new: Sequence[Array], old: Sequence[Array]) -> Array:
        """``C(new) - C(old)`` (d, p)."""
        return self.value(new) - self.value(old)

    def pull_back(self, tensors: Sequence[Array], suffix: str, matrix: Array) -> Array:
        """The adjoint of C's derivative in one variable, of a (d, p) matrix."""
        return matrix

    def confine(self, tensors: Sequence[Array], matrix: Array) -> Array:
        """The part of a (d, p) matrix along which W may move."""
        return matrix

    def weight_size(self, tensors: Sequence[Array], weight: Array) -> Array:
        """Entrywise the magnitude that roundings of W (d, p) are relative to, W or more."""
        return weight

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """By how much Z is out of its set beyond rounding; 0 if feasible, ``None`` without a set.

        ``layers``: what the state holds of every layer of the block; ``unit``: of their dtype.
        """
        return None

    # -- how its block is judged ---------------------------------------------------------------

    def constant(self, alpha_z: float) -> float | None:
        """Decrease over squared step that theory promises each row of the block."""
        return alpha_z / 2  # the value at the old point bounds the minimum, convex or not

    @abstractmethod
    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """The figures of the block's rows; ``layers``: all that share the block."""

    @abstractmethod
    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """``dist(0, d_Z L)`` over all variables of the block."""

    # -- bounds --------------------------------------------------------------------------------

    def reach(self, size: Callable[[str], float], *without: str) -> float:
        """Lipschitz constant of C in the variable left out, in a box where ``size`` bounds norms.

        C is a sum of products of the factors, so by Cauchy and Schwarz at most the product of
        the others' norms; without two of them, the bound of the mixed second derivative.
        """
        return math.prod(size(factor) for factor in self.factors if factor not in without)


def _plain(value: Any) -> Any:
    """Lists as tuples, and numbers that are whole as int (JSON knows 2.0 as a whole number)."""
    if isinstance(value, list):
        return tuple(int(item) for item in value)
    return value if isinstance(value, (str, bool)) else int(value)
