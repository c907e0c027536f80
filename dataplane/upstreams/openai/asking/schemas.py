"""Schemas that an answer or a call can be held to: the part of JSON Schema that OpenAI enforces, with every object closed
and every member of it required.

A schema that says more is sent all the same, but nothing is held to it: asked for, that would be refused. Source: OpenAI's guide
on structured outputs, supported schemas.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dataplane.wire import jsontext

# Keys that stand for themselves; any other but those with schemas in them makes a schema unfit.
PLAIN = frozenset(
    {
        "$ref",
        "$schema",
        "additionalProperties",
        "const",
        "description",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maximum",
        "maxItems",
        "minimum",
        "minItems",
        "multipleOf",
        "pattern",
        "required",
        "title",
        "type",
    }
)
MAPS = ("properties", "$defs", "definitions")
KNOWN = PLAIN | {"items", "anyOf", *MAPS}
FORMATS = (None, "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")


def enforceable(schema: bytes) -> bool:
    """Whether something can be held to the schema (JSON text)."""
    try:
        found = jsontext.loads(schema)
        return isinstance(found, dict) and found.get("type") == "object" and "anyOf" not in found and _fits(found)
    except (ValueError, RecursionError):
        return False


def _fits(schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= KNOWN or schema.get("format") not in FORMATS:
        return False
    kind = schema.get("type")
    if (kind == "object" or "properties" in schema or (isinstance(kind, list) and "object" in kind)) and not _closed(schema):
        return False
    return all(map(_fits, _inner(schema)))


def _closed(schema: Mapping[str, Any]) -> bool:
    """Whether an object has the members that it names, all of them, and no others."""
    members, required = schema.get("properties"), schema.get("required", [])
    if schema.get("additionalProperties") is not False or not isinstance(members, dict) or not isinstance(required, list):
        return False
    return all(name in required for name in members)


def _inner(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas in it; what stands in place of one is none that fits."""
    if "items" in schema:
        yield schema["items"]
    for one in (schema.get("anyOf", []), *(schema.get(name, {}) for name in MAPS)):
        yield from one.values() if isinstance(one, dict) else one if isinstance(one, list) else (None,)
