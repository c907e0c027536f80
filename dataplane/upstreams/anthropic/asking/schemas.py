"""Schemas that an answer or a call shall be held to, in the part of JSON Schema that the API enforces.

Bounds of numbers and lengths are not enforced, and refused where they stand: they are told in the
description instead. A schema that would mean something else without what is refused is not enforced at all.
Source: Anthropic's page on structured outputs, limits of JSON Schema.
"""

from collections.abc import Mapping
from typing import Any

from dataplane.wire import jsontext

# Keys by what becomes of them: kept as they are, or told in words. Any other makes the schema unfit.
KEPT = frozenset(
    {"type", "description", "title", "enum", "const", "default", "required", "format", "$ref", "additionalProperties", "minItems"}
)
TOLD = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "maxItems",
    "uniqueItems",
    "examples",
)
IGNORED = frozenset({"$schema", "$id", "$comment"})
SCHEMAS = frozenset({"items"})
LISTS = frozenset({"anyOf", "allOf"})
MAPS = frozenset({"properties", "$defs", "definitions"})
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})


class _Unfit(Exception):
    """What the schema says cannot be enforced."""


def enforceable(schema: bytes) -> bytes | None:
    """The JSON text of `schema` as the API enforces it; itself where nothing has to change, None for what it cannot."""
    try:
        found = jsontext.loads(schema)
        made = _fit(found)
    except (_Unfit, ValueError, RecursionError):
        return None
    return schema if made == found else jsontext.dumps(made)


def _fit(schema: Any) -> Any:
    """Raises _Unfit."""
    if not isinstance(schema, dict):
        raise _Unfit
    made = {key: _member(key, value) for key, value in schema.items() if key not in IGNORED and key not in TOLD}
    if "properties" in made or made.get("type") == "object":
        _close(made)
    if made.get("format", "uuid") not in FORMATS:
        del made["format"]
    if made.get("minItems", 0) not in {0, 1}:
        del made["minItems"]
    lost = [f"{key}: {jsontext.dumps(schema[key]).decode()}" for key in TOLD if key in schema]
    if lost:
        made["description"] = "\n".join(filter(None, (made.get("description", ""), f"({', '.join(lost)})")))
    return made


def _member(key: str, value: Any) -> Any:
    if key in KEPT:
        return value
    if key in SCHEMAS:
        return _fit(value)
    if key in LISTS and isinstance(value, list):
        return [_fit(each) for each in value]
    if key in MAPS and isinstance(value, Mapping):
        return {name: _fit(each) for name, each in value.items()}
    raise _Unfit


def _close(made: dict[str, Any]) -> None:
    """An object has no members but those that are named; one that shall have any is none that can be enforced."""
    if made.get("additionalProperties", False) is not False or not made.get("properties"):
        raise _Unfit
    made["additionalProperties"] = False
