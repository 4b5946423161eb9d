"""What a configuration may say, table by table.

Checks that need two keys raise ``ValueError`` with lines of the form
``table.key: given ...; allowed: ...``; ``nnbcd.config.load`` puts the file's name before each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from nnbcd.config.choices import ActivationChoice, ClassWeight, OrderChoice
from nnbcd.config.compression import CompressionConfig
from nnbcd.config.penalties import PenaltiesConfig
from nnbcd.config.table import Table, complain, show

if TYPE_CHECKING:
    from nnbcd.losses import Loss

Size = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class DataConfig(Table):
    """``[data]``: what to learn from."""

    source: Literal["digits", "npz", "csv", "mnist"]
    path: Path | None = None
    data_dir: Path | None = None
    target: str | int | None = None
    task: Literal["classification", "regression"] = "classification"
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Seed = 0
    class_weight: ClassWeight | None = None

    @model_validator(mode="after")
    def _check(self) -> DataConfig:
        reads_file = self.source in {"npz", "csv"}
        complain(
            [
                reads_file
                and self.path is None
                and f'data.path: missing; source = "{self.source}" reads a file',
                not reads_file
                and self.path is not None
                and f'data.path: given "{self.path}"; allowed: with source "npz" or "csv" only',
                self.source != "mnist"
                and self.data_dir is not None
                and f'data.data_dir: given "{self.data_dir}"; allowed: with source "mnist" only',
                self.source != "csv"
                and self.target is not None
                and f'data.target: given {self.target!r}; allowed: with source "csv" only',
                not reads_file
                and self.task == "regression"
                and f'data.task: given "regression"; allowed: "classification" for {self.source}',
                self.class_weight is not None
                and self.task == "regression"
                and f"data.class_weight: given {show(self.class_weight)}; allowed: with task "
                '"classification" only',
            ]
        )
        return self


class NetworkConfig(Table):
    """``[network]``: fully connected layers, each with a bias; the last has no activation.

    Inputs and outputs come from the data.
    """

    hidden: tuple[Size, ...] = (256, 128)
    activation: ActivationChoice = "relu"
    slope: Annotated[float, Field(gt=0, lt=1)] | None = None
    start: Literal["random", "backprop", "weights"] = "random"
    weights: Path | None = None

    @model_validator(mode="after")
    def _check(self) -> NetworkConfig:
        named = self.start == "weights"
        complain(
            [
                self.slope is not None
                and self.activation != "leaky_relu"
                and f'network.slope: given {self.slope}; allowed: with activation "leaky_relu" '
                "only",
                named
                and self.weights is None
                and 'network.weights: missing; start = "weights" reads a safetensors file',
                not named
                and self.weights is not None
                and f'network.weights: given "{self.weights}"; allowed: with start = "weights" '
                "only",
            ]
        )
        return self


class LossConfig(Table):
    """``[loss]``: a kind and the keys of that kind; a member of ``nnbcd.losses.LOSSES``."""

    model_config = ConfigDict(extra="allow")

    kind: str = "squared"

    @model_validator(mode="after")
    def _check(self) -> LossConfig:
        self.member()
        return self

    def member(self) -> Loss:
        """The loss of this kind with these keys."""
        from nnbcd.losses import loss_from

        return loss_from({"kind": self.kind} | (self.model_extra or {}), "loss")


class RunConfig(Table):
    """``[run]``: how long, in what arithmetic, and where to.

    ``sweeps`` as ``None`` leaves the default, which depends on the start.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)] = "run"
    sweeps: Size | None = None
    order: OrderChoice = "backward"
    seed: Seed = 0
    dtype: Literal["float32", "float64"] = "float64"
    device: Literal["cpu", "cuda"] = "cpu"
    audit: bool = True
    out: Path | None = None
    overwrite: bool = False


class Config(Table):
    """A whole configuration; ``data`` alone must be given."""

    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig()
    compression: CompressionConfig = CompressionConfig()
    penalties: PenaltiesConfig = PenaltiesConfig()
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _check(self) -> Config:
        complain(self._problems())
        return self

    def _problems(self) -> Iterator[str | bool]:
        hidden = len(self.network.hidden)
        yield (
            self.compression.kind != "none"
            and not hidden
            and f'compression.kind: given "{self.compression.kind}"; allowed: "none" where '
            "network.hidden is empty, since the last layer is never compressed"
        )
        yield from self.compression.spread_problems(hidden)
        for name, value in self.penalties.given().items():
            yield (
                isinstance(value, tuple)
                and len(value) != hidden + 1
                and f"penalties.{name}: given {show(value)}; allowed: one number, or a list of "
                f"{hidden + 1}, one for each layer"
            )
