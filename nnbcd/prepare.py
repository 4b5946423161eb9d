"""From a user's arrays and wishes to a problem, its data and a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from nnbcd.activations import Activation, Identity
from nnbcd.compressions import COMPRESSIONS, Compression, NoCompression
from nnbcd.errors import InputError
from nnbcd.losses import Loss, Squared
from nnbcd.losses.targets import REAL
from nnbcd.problem import DTYPES, Layer, Penalties, Problem

PerLayer = float | Sequence[float]


@dataclass(frozen=True)
class Wish:
    """What to compress the layers to: a kind, and keys of its ``sizes`` and ``options``.

    Exactly one size (``keep``, a fraction of a layer's entries, or the kind's own); each value
    holds for every compressed layer, or is a list with one a layer.
    """

    kind: str = "prune"
    given: Mapping[str, Any] = field(default_factory=dict)

    def completed(self, weights: Sequence[Tensor]) -> Wish:
        """The wish with the size that the compressed layers' weights say, where it gives none."""
        member = COMPRESSIONS.get(self.kind)
        if member is None or not member.sized_by_weights or set(self.given) & set(member.sizes):
            return self
        return Wish(self.kind, {**self.given, **member.size_of(weights)})

    def resolve(self, shapes: Sequence[tuple[int, int]], *, dtype: str) -> list[Compression]:
        """The compression of each of the layers with these shapes.

        Raises ``InputError`` where the keys are not the kind's, or a layer cannot be compressed so.
        """
        if self.kind not in COMPRESSIONS:
            raise InputError(
                f"compression kind: given {self.kind!r}; allowed: {', '.join(COMPRESSIONS)}"
            )
        member = COMPRESSIONS[self.kind]
        given = {key: value for key, value in self.given.items() if value is not None}
        sizes = [key for key in given if key not in member.options]
        if member.sizes and (len(sizes) != 1 or sizes[0] not in member.sizes):
            more = f", and {', '.join(member.options)}" if member.options else ""
            raise InputError(
                f"compression {self.kind}: given {', '.join(sizes) or 'no size'}; "
                f"allowed: exactly one of {', '.join(member.sizes)}{more}"
            )
        if not member.sizes and given:
            raise InputError(
                f"compression {self.kind}: given {', '.join(given)}; allowed: no further keys"
            )
        made = member.for_layers(shapes, dtype=dtype, given=given)
        for compression, shape in zip(made, shapes, strict=True):
            compression.validate(shape)
        return made


def compression_wish(given: Mapping[str, Any]) -> tuple[Wish, dict[str, Any]]:
    """The wish of a call, and those of its keywords that are no kind's keys.

    ``compression`` (default "prune") names a kind, or is a table with ``kind`` and its keys.
    Where nothing says a size, a tenth is kept.
    """
    compression = given.get("compression", "prune")
    table: dict[str, Any] = (
        {"kind": compression} if isinstance(compression, str) else dict(compression)
    )
    kind = table.pop("kind", "prune")
    keys = {key for member in COMPRESSIONS.values() for key in (*member.sizes, *member.options)}
    table.update((k, value) for k, value in given.items() if k in keys and value is not None)
    rest = {k: value for k, value in given.items() if k not in keys and k != "compression"}
    member = COMPRESSIONS.get(kind)
    sized = member is not None and "keep" in member.sizes and not member.sized_by_weights
    if member is not None and sized and not set(table) - set(member.options):
        table["keep"] = 0.1
    return Wish(kind, table), rest


def build_problem(
    sizes: Sequence[int],
    activations: Sequence[Activation],
    *,
    wish: Wish,
    samples: int,
    penalties: Sequence[Penalties],
    dtype: str,
    name: str,
    loss: Loss | None = None,
    weighted: bool = False,
    order: tuple[str, ...] = (),
) -> Problem:
    """A problem that compresses every layer but the last as wished; the loss is squared."""
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    compressions = [*wish.resolve(shapes[:-1], dtype=dtype), NoCompression()]
    layers = tuple(
        Layer(inputs=p, outputs=d, activation=s, compression=c, penalties=own)
        for (d, p), s, c, own in zip(shapes, activations, compressions, penalties, strict=True)
    )
    return Problem(
        layers=layers,
        samples=samples,
        dtype=dtype,
        name=name,
        loss=loss or Squared(),
        weighted=weighted,
        order=order,
    )


def hidden_activations(activation: Activation, depth: int) -> list[Activation]:
    """The same activation on all layers but the last, which has the identity."""
    return [*([activation] * (depth - 1)), Identity()]


def spread_penalties(given: dict[str, PerLayer], depth: int) -> list[Penalties]:
    """One ``Penalties`` a layer from numbers or per-layer lists; unknown names are refused."""
    known = Penalties.__dataclass_fields__
    for name, value in given.items():
        if name not in known:
            raise InputError(f"penalties: given {name!r}; allowed: {', '.join(known)}")
        if not isinstance(value, int | float) and len(value) != depth:
            raise InputError(
                f"penalties.{name}: given {len(value)} values; allowed: one, or {depth}, "
                "one for each layer"
            )
    return [
        Penalties(
            **{
                name: float(value if isinstance(value, int | float) else value[i])
                for name, value in given.items()
            }
        )
        for i in range(depth)
    ]


def inputs(x: ArrayLike | Tensor, *, dtype: str, device: str, name: str = "x") -> Tensor:
    """A finite (n, d) matrix as a tensor; raises ``InputError`` saying what is wrong and where."""
    if dtype not in DTYPES:
        raise InputError(f"dtype: given {dtype!r}; allowed: {', '.join(DTYPES)}")
    array = _numeric(x, name)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"{name}: given shape {array.shape}; allowed: (samples, features)")
    check_finite(array, name)
    _check_device(device)
    kind = torch.float32 if dtype == "float32" else torch.float64
    return torch.as_tensor(array, dtype=kind, device=device).contiguous()


def truth(y: ArrayLike | Tensor, *, samples: int, name: str = "y") -> NDArray[Any]:
    """Labels (n,) as whole numbers, or targets (n, c) as float64."""
    array = _numeric(y, name)
    if array.ndim not in {1, 2} or len(array) != samples:
        raise InputError(
            f"{name}: given shape {array.shape} for {samples} samples; allowed: labels "
            f"({samples},) or targets ({samples}, c)"
        )
    check_finite(array, name)
    if array.ndim == 1:
        if not np.array_equal(array, array.round()) or array.min() < 0:
            raise InputError(
                f"{name}: one-dimensional y must hold class labels 0, 1, 2, ...; "
                f"for regression give targets of shape ({samples}, 1)"
            )
        return array.astype(np.int64)
    return array.astype(np.float64)


def targets(
    y: NDArray[Any], outputs: int, like: Tensor, loss: Loss | None = None, name: str = "y"
) -> Tensor:
    """Targets (n, outputs) that ``loss`` (squared) takes: built from labels, or as given."""
    kind = REAL if loss is None else loss.targets
    if y.ndim == 1:
        goals = kind.encode(torch.as_tensor(y), outputs, like)
    elif y.shape[1] != outputs:
        raise InputError(
            f"{name}: given {y.shape[1]} columns; allowed: {outputs}, one for each output"
        )
    else:
        goals = torch.as_tensor(y).to(like)
    kind.check(goals, name)
    return goals


def check_finite(array: NDArray[Any], name: str) -> None:
    """Raise ``InputError`` naming the first NaN or inf."""
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InputError(f"{name}: {int(bad.sum())} NaN or inf entries, the first at {where}")


def _numeric(x: ArrayLike | Tensor, name: str) -> NDArray[Any]:
    array = x.detach().cpu().numpy() if isinstance(x, Tensor) else np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: given dtype {array.dtype}; allowed: real numbers")
    return array


def _check_device(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise InputError(f"device: given {device!r}; allowed: cpu, cuda, cuda:0, ...") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device: given {device!r}, but this torch sees no CUDA device")
