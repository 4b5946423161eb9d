"""The keywords of a run, the same for every way to start one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor

from nnbcd.errors import InputError
from nnbcd.losses import Loss, loss_from
from nnbcd.prepare import Wish, compression_wish
from nnbcd.problem import ORDERS
from nnbcd.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to run, whatever is run: see :func:`nnbcd.api.compress` for the meaning of each."""

    loss: str | Mapping[str, Any] | Loss = "squared"
    sample_weight: ArrayLike | Tensor | None = None
    class_weight: str | Mapping[int, float] | None = None
    order: str | Sequence[str] = "backward"
    sweeps: int = 200
    dtype: str = "float64"
    device: str = "cpu"
    seed: int = 0
    audit: bool = True
    evaluation: tuple[ArrayLike, ArrayLike] | None = None
    out: str | Path | None = None
    overwrite: bool = False
    name: str = "run"
    on_progress: Callable[[Progress], None] | None = None

    @property
    def weighted(self) -> bool:
        """Whether samples or classes have weights."""
        return self.sample_weight is not None or self.class_weight is not None

    def member(self) -> Loss:
        """The loss; ``weighted`` in its JSON must be borne out by weights, else ``InputError``."""
        if not isinstance(self.loss, Mapping):
            return loss_from(self.loss)
        own = {key: value for key, value in self.loss.items() if key != "weighted"}
        if self.loss.get("weighted", self.weighted) != self.weighted:
            raise InputError(
                f"loss: given weighted = {self.loss['weighted']}; allowed: true with "
                "sample_weight or class_weight, false without"
            )
        return loss_from(own)

    def blocks(self) -> tuple[str, ...]:
        """The order as a problem takes it; ``InputError`` for a name of no direction."""
        if isinstance(self.order, str) and self.order not in ORDERS:
            raise InputError(
                f'order: given "{self.order}"; allowed: {", ".join(ORDERS)}, or a list of '
                "all block names"
            )
        return (self.order,) if isinstance(self.order, str) else tuple(self.order)


def read_keywords(keywords: Mapping[str, Any], **defaults: Any) -> tuple[Wish, Options]:
    """The wish for a compression, and the other options.

    Without a size a tenth is kept.  Raises ``TypeError`` for a keyword of neither.
    """
    wish, others = compression_wish(keywords)
    return wish, Options(**(defaults | others))
