"""``[compression]``: to what, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from nnbcd.config.table import Table, complain, nearest, show

if TYPE_CHECKING:
    from nnbcd.compressions import Compression

Fraction = Annotated[float, Field(gt=0, le=1)]


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
        from nnbcd.compressions.base import flag_keys

        words = " or ".join(member.sizes) or "no size"
        right = [key for key in self.given() if key in member.sizes]
        wrong = [key for key in self.given() if key not in (*member.sizes, *member.options)]
        flags = flag_keys(member)
        for key in wrong:
            yield self._wrong(key, member, words)
        for key, value in (self.__pydantic_extra__ or {}).items():
            yield (
                key not in wrong
                and key not in flags
                and not _sizes_or_text(value)
                and f"compression.{key}: given {show(value)}; allowed: whole numbers >= 1, "
                "or lists of them"
            )
            yield (
                key not in wrong
                and key in flags
                and not _truths(value)
                and f"compression.{key}: given {show(value)}; allowed: true or false, or lists "
                "of them"
            )
        yield (
            bool(member.sizes)
            and not wrong
            and (len(right) > 1 or not (right or member.sized_by_weights))
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

    def spread_problems(self, layers: int) -> Iterator[str | bool]:
        """Lists that have not one entry for each of so many compressed layers."""
        from nnbcd.compressions import COMPRESSIONS
        from nnbcd.compressions.base import list_keys

        nested = list_keys(COMPRESSIONS[self.kind])
        for key, value in self.given().items():
            spread = isinstance(value, list) and (
                key not in nested or any(isinstance(one, list) for one in value)
            )
            yield (
                spread
                and len(value) != layers
                and f"compression.{key}: given {len(value)} entries; allowed: {layers}, one for "
                "each compressed layer"
            )


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


def _truths(value: object) -> bool:
    """Whether a value is true or false, or a list of these."""
    return all(isinstance(one, bool) for one in (value if isinstance(value, list) else [value]))
