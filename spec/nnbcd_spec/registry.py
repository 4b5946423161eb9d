"""Registries: the specification objects that a problem may name, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Registry(dict[str, type[T]]):
    """Kinds and their frozen specification classes."""

    def from_json(self, obj: Mapping[str, Any]) -> T:
        """The object of ``problem.json``, such as ``{"kind": "prune", "nonzeros": 3}``.

        Raises ValueError where the kind is unknown or its parameters are not the kind's own.
        """
        parameters = dict(obj)
        kind = parameters.pop("kind", None)
        if kind not in self:
            raise ValueError(f"kind: given {kind!r}; allowed: {sorted(self)}")
        try:
            return self[kind](**parameters)
        except TypeError as error:
            raise ValueError(f"{kind}: given {sorted(parameters)}; {error}") from None
