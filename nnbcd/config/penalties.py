"""``[penalties]``: the weights of the objective."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import PlainValidator

from nnbcd.config.table import Table


def _per_layer(positive: bool) -> PlainValidator:
    allowed = f"a finite number {'>' if positive else '>='} 0, or a list of one per layer"

    def good(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return math.isfinite(value) and (value > 0 if positive else value >= 0)

    def check(value: object) -> float | tuple[float, ...]:
        if good(value):
            return float(value)  # type: ignore[arg-type]  # good() saw to it
        if isinstance(value, list | tuple) and value and all(good(v) for v in value):
            return tuple(float(v) for v in value)
        raise ValueError(f"Input should be {allowed}")

    return PlainValidator(check)


Positive = Annotated[float | tuple[float, ...], _per_layer(True)]
NotNegative = Annotated[float | tuple[float, ...], _per_layer(False)]


class PenaltiesConfig(Table):
    """``[penalties]``: each a number, or a list of one per layer; ``None`` leaves the default.

    The default depends on the start (``FROM_NETWORK`` and ``FROM_RANDOM`` of ``nnbcd.api``).
    ``tau`` and ``alpha_z`` of an uncompressed layer are not used.
    """

    gamma: Positive | None = None
    rho: Positive | None = None
    tau: Positive | None = None
    alpha: NotNegative | None = None
    alpha_z: NotNegative | None = None
    mu: NotNegative | None = None

    def given(self) -> dict[str, float | tuple[float, ...]]:
        """The penalties the file names."""
        return {name: value for name, value in self if value is not None}
