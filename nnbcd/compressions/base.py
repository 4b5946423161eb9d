"""What the solver asks of a compression."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, cast

from torch import Tensor

from nnbcd.compressions.budget import Shape, itemsize
from nnbcd.compressions.coupling import Coupling
from nnbcd.errors import InputError

Factors = tuple[Tensor, ...]
"""The variables of one layer's Z: none, one matrix, or the factors of one."""


class Compression(Protocol):
    """A set of matrices ``C(Z)`` with a proximal step towards a weight matrix.

    Everything that the rest of the solver does with a compression it asks of the member; what
    most members share is given here.
    """

    kind: ClassVar[str]
    kept_meaning: ClassVar[str]
    """What the kept fraction counts, in one line."""
    certifiable: ClassVar[bool] = True
    """Whether a descent theorem covers ``update``."""
    compresses: ClassVar[bool] = True
    """Whether a layer has a Z at all."""
    masks: ClassVar[bool] = False
    """Whether what is saved are zeros, which a mask can hold."""
    sizes: ClassVar[tuple[str, ...]] = ("keep",)
    """The keys that say how large a member is to be; a wish gives exactly one."""
    options: ClassVar[tuple[str, ...]] = ()
    """Further keys of a wish, all with defaults."""
    sized_by_weights: ClassVar[bool] = False
    """Whether :meth:`size_of` the given weights stands where a wish gives no size."""

    @property
    def coupling(self) -> Coupling:
        """What stands between W and Z in the objective."""
        return Coupling.PENALISED

    @classmethod
    def size_of(cls, weights: Sequence[Tensor]) -> Mapping[str, Any]:
        """The size that the weights of the compressed layers say, where they say one."""
        return {}

    def weights(self, z: Factors, w: Tensor) -> Tensor:
        """The W of a layer with this Z that is given weights ``w``."""
        return w

    def check(self, z: Factors, shape: Shape, where: str) -> None:
        """Raise ``InputError``, beginning with ``where``, unless Z has the right shapes."""
        expected = [tuple(one.shape) for one in self.start(z[0].new_zeros(shape))]
        if [tuple(one.shape) for one in z] != expected:
            given = [tuple(one.shape) for one in z]
            raise InputError(f"{where}: given Z of shapes {given}; allowed: {expected}")

    @property
    def shared(self) -> str | None:
        """The name under which layers own one Z block together; ``None``: each its own."""
        return None

    def validate(self, shape: Shape) -> None:
        """Raise ``InputError`` where a (outputs, inputs) matrix cannot be compressed so."""

    def validate_together(self, shapes: Sequence[Shape]) -> None:
        """Raise ``InputError`` where the layers of one block do not fit together."""
        return

    def names(self, layer: int) -> tuple[str, ...]:
        """The names of a layer's factors in the trace format."""
        return (f"Z{layer}",)

    def stored(self, shape: Shape, dtype: str = "float64") -> float:
        """Numbers kept for a matrix of this shape, by a whole block where layers share one.

        Indices are not counted.  ``dtype`` says how large a number is, for members whose
        entries take less than one.
        """

    def share(self, z: Factors, shape: Shape, dtype: str) -> float:
        """Numbers that one layer with these factors keeps of its block's."""
        return self.stored(shape, dtype)

    def bytes(self, shape: Shape, dtype: str) -> int:
        """What ``stored`` takes, with all that is needed to place it."""
        return int(self.stored(shape, dtype)) * itemsize(dtype)

    def start(self, w: Tensor) -> Factors:
        """A feasible ``Z`` close to ``w``; deterministic."""

    def start_together(self, w: Sequence[Tensor]) -> tuple[Factors, ...]:
        """Feasible ``Z`` of all layers of one block."""
        return tuple(self.start(one) for one in w)

    def expand(self, z: Factors, shape: Shape) -> Tensor:
        """``C(z)``, a matrix of this shape."""

    def update(self, z_old: Factors, w: Tensor, *, tau: float, alpha_z: float) -> Factors:
        """Decrease ``tau/2 ||w - C(z)||^2 + alpha_z/2 ||z - z_old||^2`` over feasible ``z``."""

    def update_together(
        self,
        z_old: Sequence[Factors],
        w: Sequence[Tensor],
        *,
        tau: Sequence[float],
        alpha_z: Sequence[float],
    ) -> tuple[Factors, ...]:
        """:meth:`update` of a block and all layers that own it; entries are one a layer."""
        if len(w) != 1:
            raise InputError(
                f"compression {self.kind}: given {len(w)} layers; allowed: one a block"
            )
        return (self.update(z_old[0], w[0], tau=tau[0], alpha_z=alpha_z[0]),)

    def pack(self, z: Factors, shape: Shape) -> dict[str, Tensor]:
        """What the compressed network stores of ``C(z)``, by name; tensors of their own."""

    def pack_layer(self, z: Factors, w: Tensor) -> dict[str, Tensor]:
        """What the compressed network stores of a layer with this Z and W."""
        return self.pack(z, (w.shape[0], w.shape[1]))

    @classmethod
    def unpack(cls, stored: Mapping[str, Tensor], shape: Shape) -> Tensor:
        """``C(z)`` from what :meth:`pack` stored; differentiable in its floating tensors."""

    def to_json(self) -> dict[str, Any]:
        """The compression as it stands in ``problem.json``: the kind and the fields."""
        named = dataclasses.asdict(cast(Any, self))
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in named.items()}
        return {"kind": self.kind, **plain}

    @classmethod
    def from_budget(cls, shape: Shape, /, *, keep: float, dtype: str = "float64") -> Compression:
        """The largest member that stores at most the fraction ``keep`` of the entries."""

    @classmethod
    def from_size(cls, shape: Shape, /, **own: Any) -> Compression:
        """The member of a size and options given by their keys."""
        return cast(Any, cls)(**own)  # type: ignore[no-any-return]  # a member of this class

    @classmethod
    def for_layers(
        cls, shapes: Sequence[Shape], *, dtype: str, given: Mapping[str, Any]
    ) -> list[Compression]:
        """One member a layer, from keys of ``sizes`` and ``options``.

        Each value holds for every layer, or is a list with one a layer.
        """
        lists = list_keys(cls)
        chosen = []
        for i, shape in enumerate(shapes):
            own = {
                key: _of_layer(cls.kind, key, value, i, len(shapes), nested=key in lists)
                for key, value in given.items()
            }
            make = cast(Any, cls.from_budget if "keep" in own else cls.from_size)
            chosen.append(make(shape, **own, **({"dtype": dtype} if "keep" in own else {})))
        return chosen


def list_keys(member: type[Compression]) -> frozenset[str]:
    """The keys whose value for one layer is itself a list."""
    own = dataclasses.fields(cast(Any, member))
    return frozenset(field.name for field in own if str(field.type).startswith("tuple"))


def flag_keys(member: type[Compression]) -> frozenset[str]:
    """The keys whose value is true or false."""
    own = dataclasses.fields(cast(Any, member))
    return frozenset(field.name for field in own if str(field.type) == "bool")


def _of_layer(kind: str, key: str, value: Any, i: int, layers: int, *, nested: bool) -> Any:
    """Layer ``i``'s part of a wish: a list as a tuple, anything but ``keep`` in whole numbers."""
    spread = isinstance(value, list | tuple)
    if spread and nested:
        spread = any(isinstance(one, list | tuple) for one in value)
    if spread and len(value) != layers:
        raise InputError(
            f"compression {key}: given {len(value)} entries; allowed: {layers}, "
            "one for each compressed layer"
        )
    own = value[i] if spread else value
    if key == "keep":
        return own
    numbers = own if nested and isinstance(own, list | tuple) else [own]
    if nested != isinstance(own, list | tuple) or not all(type(one) is int for one in numbers):
        what = "a list of whole numbers" if nested else "a whole number"
        raise InputError(f"compression {kind} {key}: given {own!r}; allowed: {what}")
    return tuple(numbers) if nested else own
