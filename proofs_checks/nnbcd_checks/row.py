"""One audit row a sweep: the figures every verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from nnbcd_checks.errors import TraceError
from nnbcd_checks.schema import validate

LARGEST = 1e150
"""The largest figure whose square is a float64."""
TERMS = ("loss", "gamma", "rho", "tau", "mu", "total")


@dataclass(frozen=True)
class BlockRow:
    """One block update; a figure that does not exist is ``None``."""

    block: str
    step: float | None
    decrease: float
    constant: float | None
    decrease_tolerance: float
    excess: float | None
    excess_tolerance: float | None
    residual: float | None
    residual_tolerance: float | None


@dataclass(frozen=True)
class SweepRow:
    """The sweep as a whole: the sum of its blocks' decreases, and the check on the objective.

    ``gap`` is that sum minus (L before - L after), each evaluated on its own.
    """

    decrease: float
    tolerance: float
    step: float | None
    gap: float
    gap_tolerance: float


@dataclass(frozen=True)
class SubgradientRow:
    """``distance`` dist(0, dL), ``element`` ||g||, ``bound`` ||M delta||, ``b`` ||M||_2.

    ``membership``: dist(g, dL).  ``lambda_``: the least block constant.
    """

    distance: float
    tolerance: float
    element: float | None
    bound: float | None
    b: float | None
    lambda_: float | None
    membership: float | None
    membership_tolerance: float | None


@dataclass(frozen=True)
class FeasibilityRow:
    """Per layer: ||V - s(U)||, ||U - P||, ||W - C(Z)||, and by how much Z is out of its set.

    ``excess_nonzeros``: entries beyond the number declared; ``outside``: the same for every kind
    of set, a count or a norm, 0 if feasible.  Rows written before it existed speak of entries only.
    """

    activation: tuple[float, ...]
    linear: tuple[float, ...]
    compression: tuple[float | None, ...]
    relative_activation: tuple[float, ...]
    relative_linear: tuple[float, ...]
    relative_compression: tuple[float | None, ...]
    excess_nonzeros: tuple[int | None, ...]
    outside: tuple[float | None, ...]

    @property
    def beyond(self) -> tuple[float | None, ...]:
        """Per layer the larger of both figures; ``None`` where there is neither."""
        pairs = zip(self.outside, self.excess_nonzeros, strict=True)
        return tuple(max((x for x in pair if x is not None), default=None) for pair in pairs)


@dataclass(frozen=True)
class Row:
    """The figures of one sweep, as a line of ``rows.jsonl`` holds them."""

    sweep: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    total: SweepRow
    blocks: tuple[BlockRow, ...]
    subgradient: SubgradientRow
    feasibility: FeasibilityRow

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object; `TraceError` if a figure overflowed."""
        subgradient = asdict(self.subgradient)
        subgradient["lambda"] = subgradient.pop("lambda_")
        feasibility = {key: list(value) for key, value in asdict(self.feasibility).items()}
        relative = {k: feasibility.pop(f"relative_{k}") for k in _RELATIVE}
        found = {
            "sweep": self.sweep,
            "before": dict(self.before),
            "after": dict(self.after),
            "total": asdict(self.total),
            "blocks": [asdict(block) for block in self.blocks],
            "subgradient": subgradient,
            "feasibility": {**feasibility, "relative": relative},
        }
        _require_finite(found, f"row of sweep {self.sweep}")
        return found

    @classmethod
    def from_json(cls, obj: Mapping[str, Any], where: str = "row") -> Row:
        """The row of a parsed line of ``rows.jsonl``; `TraceError` says what is wrong."""
        validate(obj, "row", where)
        _require_finite(obj, where)
        subgradient = dict(obj["subgradient"])
        subgradient["lambda_"] = subgradient.pop("lambda")
        feasibility = dict(obj["feasibility"])
        feasibility.setdefault("outside", feasibility["excess_nonzeros"])
        for key, value in feasibility.pop("relative").items():
            feasibility[f"relative_{key}"] = value
        outside, counted = feasibility.get("outside"), feasibility["excess_nonzeros"]
        if outside is not None and len(outside) != len(counted):
            raise TraceError(
                f"{where}: feasibility: given {len(counted)} of excess_nonzeros and "
                f"{len(outside)} of outside; allowed: one of each a layer"
            )
        return cls(
            sweep=int(obj["sweep"]),
            before=dict(obj["before"]),
            after=dict(obj["after"]),
            total=SweepRow(**obj["total"]),
            blocks=tuple(BlockRow(**block) for block in obj["blocks"]),
            subgradient=SubgradientRow(**subgradient),
            feasibility=FeasibilityRow(**{k: tuple(v) for k, v in feasibility.items()}),
        )


_RELATIVE = ("activation", "linear", "compression")


def _require_finite(obj: Any, where: str) -> None:
    if isinstance(obj, Mapping):
        for key, value in obj.items():
            _require_finite(value, f"{where}: {key}")
    elif isinstance(obj, (list, tuple)):
        for k, value in enumerate(obj):
            _require_finite(value, f"{where}[{k}]")
    elif isinstance(obj, (int, float)) and not _finite(obj):
        raise TraceError(f"{where}: {obj!r} is too large to be judged")


def _finite(value: int | float) -> bool:
    try:
        return abs(float(value)) <= LARGEST
    except OverflowError:
        return False


def figure_names() -> dict[str, tuple[str, ...]]:
    """The keys of each part of a row."""
    parts = {"total": SweepRow, "blocks": BlockRow, "subgradient": SubgradientRow}
    return {key: tuple(f.name for f in fields(part)) for key, part in parts.items()}
