"""What a configuration may say, table by table.

Checks that need two keys raise ``ValueError`` with lines of the form
``table.key: given ...; allowed: ...``; ``nnbcd.config.load`` puts the file's name before each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from nnbcd.config.penalties import PenaltiesConfig
from nnbcd.config.table import Table, complain, nearest, show

if TYPE_CHECKING:
    from nnbcd.compressions import Compression

Size = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Fraction = Annotated[float, Field(gt=0, le=1)]


class DataConfig(Table):
    """``[data]``: what to learn from."""

    source: Literal["digits", "npz", "csv", "mnist"]
    path: Path | None = None
    data_dir: Path | None = None
    target: str | int | None = None
    task: Literal["classification", "regression"] = "classification"
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Seed = 0

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
            ]
        )
        return self


class NetworkConfig(Table):
    """``[network]``: fully connected layers, each with a bias; the last has no activation.

    Inputs and outputs come from the data.
    """

    hidden: tuple[Size, ...] = (256, 128)
    activation: Literal["relu", "leaky_relu", "identity"] = "relu"
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


class CompressionConfig(Table):
    """``[compression]``: of every layer but the last.

    ``kind`` is one of ``nnbcd.compressions.COMPRESSIONS``; the other keys are that member's
    ``sizes``, of which exactly one is given, and ``options``.  Each holds for every compressed
    layer, or is a list with one entry a layer.
    """

    model_config = ConfigDict(extra="allow")

    kind: str = "none"
    keep: Fraction | None = None

    def given(self) -> dict[str, Any]:
        """The keys beside ``kind`` that the file names."""
        own = {} if self.keep is None else {"keep": self.keep}
        return own | (self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _check(self) -> CompressionConfig:
        from nnbcd.compressions import COMPRESSIONS

        if self.kind not in COMPRESSIONS:
            complain([f'compression.kind: given "{self.kind}"; allowed: {_quoted(COMPRESSIONS)}'])
        complain(self._problems(COMPRESSIONS[self.kind]))
        return self

    def _problems(self, member: type[Compression]) -> Iterator[str | bool]:
        words = " or ".join(member.sizes) or "no size"
        right = [key for key in self.given() if key in member.sizes]
        wrong = [key for key in self.given() if key not in (*member.sizes, *member.options)]
        for key in wrong:
            yield self._wrong(key, member, words)
        for key, value in (self.__pydantic_extra__ or {}).items():
            yield (
                key not in wrong
                and not _sizes_or_text(value)
                and f"compression.{key}: given {show(value)}; allowed: whole numbers >= 1, "
                "or lists of them"
            )
        yield (
            bool(member.sizes)
            and not wrong
            and len(right) != 1
            and f"compression: given {' and '.join(right) or 'no size'}; allowed: exactly one "
            f'of {words} for kind = "{self.kind}"'
        )

    def _wrong(self, key: str, member: type[Compression], words: str) -> str:
        """A key that is another kind's, or nobody's."""
        from nnbcd.compressions import COMPRESSIONS

        value = show(self.given()[key])
        for_kind = f'for kind = "{self.kind}"'
        homes = [kind for kind, one in COMPRESSIONS.items() if key in one.options]
        if homes:
            return f"compression.{key}: given {value}; allowed: with kind {_quoted(homes)} only"
        if any(key in one.sizes for one in COMPRESSIONS.values()):
            return f"compression.{key}: given {value}; allowed: {words} {for_kind}"
        known = ("kind", *member.sizes, *member.options)
        return f"compression.{key}: unknown key; {nearest(key, known, f'keys {for_kind}')}"


def _quoted(names: Iterable[str]) -> str:
    """``"a", "b" or "c"``."""
    *most, last = (f'"{name}"' for name in names)
    return f"{', '.join(most)} or {last}" if most else last


def _sizes_or_text(value: object) -> bool:
    """Whether a value is text, a whole number >= 1, or such numbers in lists."""
    if isinstance(value, list):
        return bool(value) and all(
            _sizes_or_text(one) and not isinstance(one, str) for one in value
        )
    return isinstance(value, str) or (type(value) is int and value >= 1)


class RunConfig(Table):
    """``[run]``: how long, in what arithmetic, and where to.

    ``sweeps`` as ``None`` leaves the default, which depends on the start.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)] = "run"
    sweeps: Size | None = None
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
        yield from self._compression_problems(hidden)
        for name, value in self.penalties.given().items():
            yield (
                isinstance(value, tuple)
                and len(value) != hidden + 1
                and f"penalties.{name}: given {show(value)}; allowed: one number, or a list of "
                f"{hidden + 1}, one for each layer"
            )

    def _compression_problems(self, hidden: int) -> Iterator[str | bool]:
        """Lists that do not fit the number of compressed layers."""
        from nnbcd.compressions import COMPRESSIONS
        from nnbcd.compressions.base import list_keys

        nested = list_keys(COMPRESSIONS[self.compression.kind])
        for key, value in self.compression.given().items():
            spread = isinstance(value, list) and (
                key not in nested or any(isinstance(one, list) for one in value)
            )
            yield (
                spread
                and len(value) != hidden
                and f"compression.{key}: given {len(value)} entries; allowed: {hidden}, one for "
                "each compressed layer"
            )
