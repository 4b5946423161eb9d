"""The JSON schemas of the trace format, and validation that answers in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jsonschema

from nnbcd_checks.errors import TraceError


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


def parse_json(text: str, where: str) -> Any:
    """The value of strict JSON ``text`` (no NaN, no Infinity); `TraceError` names ``where``."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{where}: not valid JSON: {error}") from None


@cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The schema ``name`` (problem, row, certificate) as shipped with the package."""
    text = (resources.files("nnbcd_checks") / "schemas" / f"{name}.json").read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(load_schema(name))


def _allowed(error: jsonschema.ValidationError) -> str:
    rule, value = str(error.validator), error.validator_value
    words = {
        "required": "a required key is missing",
        "additionalProperties": "an unknown key",
        "enum": f"allowed: {value}",
        "const": f"allowed: {value!r}",
        "type": f"must be of type {value}",
        "minimum": f"must be >= {value}",
        "exclusiveMinimum": f"must be > {value}",
        "exclusiveMaximum": f"must be < {value}",
        "minItems": f"needs at least {value} items",
    }
    return words.get(rule, rule)


def validate(obj: object, name: str, where: str) -> None:
    """Raise `TraceError` with the key, what was given and what is allowed, or return."""
    error = next(iter(sorted(_validator(name).iter_errors(obj), key=_depth)), None)
    if error is None:
        return
    best = jsonschema.exceptions.best_match([error]) or error
    key = best.json_path.removeprefix("$").removeprefix(".") or "top level"
    raise TraceError(f"{where}: {key}: {_allowed(best)}: {best.message[:300]}")


def _depth(error: jsonschema.ValidationError) -> tuple[int, str]:
    return (-len(error.absolute_path), error.json_path)
