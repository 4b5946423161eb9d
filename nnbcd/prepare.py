"""From a user's arrays and wishes to a problem, its data and a start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    """How much to keep of each compressed layer: exactly one of the three, or per-layer objects.

    ``keep``: a fraction of its entries; ``rank``: one cap for all tensor-train ranks;
    ``nonzeros``: entries kept by pruning, one number a compressed layer.  ``modes`` overrides the
    default tensor modes, one list a compressed layer.
    """

    kind: str = "prune"
    keep: float | None = None
    rank: int | None = None
    nonzeros: Sequence[int] | None = None
    modes: Sequence[Sequence[int]] | None = None

    def resolve(self, shapes: Sequence[tuple[int, int]]) -> list[Compression]:
        """The compression of each of the layers with these shapes."""
        if self.kind not in COMPRESSIONS:
            raise InputError(
                f"compression kind: given {self.kind!r}; allowed: {', '.join(COMPRESSIONS)}"
            )
        if self.kind == "none":
            return [NoCompression() for _ in shapes]
        given = [n for n in ("keep", "rank", "nonzeros") if getattr(self, n) is not None]
        allowed = ("keep", "nonzeros") if self.kind == "prune" else ("keep", "rank")
        if len(given) != 1 or given[0] not in allowed:
            raise InputError(
                f"compression {self.kind}: given {', '.join(given) or 'no size'}; "
                f"allowed: exactly one of {', '.join(allowed)}"
            )
        for name in ("nonzeros", "modes"):
            values = getattr(self, name)
            if values is not None and len(values) != len(shapes):
                raise InputError(
                    f"compression {name}: given {len(values)} entries; allowed: {len(shapes)}, "
                    "one for each compressed layer"
                )
        return [self._one(i, shape) for i, shape in enumerate(shapes)]

    def _one(self, i: int, shape: tuple[int, int]) -> Compression:
        member: Any = COMPRESSIONS[self.kind]
        modes = {} if self.modes is None else {"modes": tuple(self.modes[i])}
        if self.nonzeros is not None:
            made = member(nonzeros=self.nonzeros[i])
        elif self.rank is not None:
            made = member.from_rank(shape, rank=self.rank, **modes)
        else:
            made = member.from_budget(shape, keep=self.keep, **modes)
        made.validate(shape)
        compression: Compression = made
        return compression


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
    compressions = [*wish.resolve(shapes[:-1]), NoCompression()]
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
