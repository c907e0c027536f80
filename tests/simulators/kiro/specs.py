"""Rules on tool specifications and their schemas."""

from collections.abc import Iterator
from typing import Any

from tests.simulators.kiro.pairing import USE_ID
from tests.simulators.kiro.request import Request, objects
from tests.simulators.kiro.terms import Terms

DESCRIPTION_BYTES = 10_240
INT32 = 2**31


def schemas(request: Request, _: Terms) -> str | None:
    """Also catches what is no `toolSpecification` at all."""
    for index, tool in enumerate(request.tools):
        holder = tool.get("inputSchema")
        if not isinstance(holder, dict) or not isinstance(holder.get("json"), dict):
            return f"tool {index} ({tool.get('name')!r}) has no inputSchema.json"
        if not set(tool) <= {"name", "description", "inputSchema"}:
            return f"tool {index} has the foreign members {sorted(tool)}"
    return None


def names(request: Request, _: Terms) -> str | None:
    for index, tool in enumerate(request.tools):
        name = tool.get("name")
        if not isinstance(name, str) or not USE_ID.fullmatch(name):
            return f"tool {index} is named {name!r}"
    return None


def unique_names(request: Request, _: Terms) -> str | None:
    seen = set()
    for name in request.tool_names:
        if name in seen:
            return f"The tool {name} is already defined. Tool names must be unique."
        seen.add(name)
    return None


def descriptions(request: Request, _: Terms) -> str | None:
    for tool in request.tools:
        if not isinstance(tool.get("description"), str) or not tool["description"]:
            return f"tool {tool['name']} has no description"
    return None


def long_descriptions(request: Request, _: Terms) -> str | None:
    for tool in request.tools:
        if len(tool["description"].encode()) > DESCRIPTION_BYTES:
            return f"description of {tool['name']}"
    return None


def root_type(request: Request, _: Terms) -> str | None:
    for index, tool in enumerate(request.tools):
        if tool["inputSchema"]["json"].get("type") != "object":
            return f"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the following: object."
    return None


def empty_keywords(request: Request, _: Terms) -> str | None:
    for name, schema in _all_schemas(request):
        if schema.get("required", [""]) in ([], None):
            return f"required of {name} is {schema['required']}"
        if schema.get("properties", {}) is None:
            return f"properties of {name} is null"
    return None


def keywords(request: Request, _: Terms) -> str | None:
    for name, schema in _all_schemas(request):
        refused = sorted(REFUSED.intersection(schema))
        if refused:
            return f"{name} has {refused}"
        for bound in BOUNDS.intersection(schema):
            value = schema[bound]
            if bound.startswith("exclusive") or not isinstance(value, int) or not -INT32 <= value < INT32:
                return f"{bound} {value!r} of {name}"
    return None


def cache_points(request: Request, _: Terms) -> str | None:
    return "cachePoint among the tools" if any("cachePoint" in entry for entry in objects(request.current.context, "tools")) else None


def _all_schemas(request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    for tool in request.tools:
        for schema in _walk(tool["inputSchema"]["json"]):
            yield tool["name"], schema


def _walk(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and all within it. Names of properties are no keywords, so maps of schemas are stepped over."""
    if isinstance(schema, list):
        for item in schema:
            yield from _walk(item)
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in HOLDS_SCHEMAS.intersection(schema):
        yield from _walk(schema[keyword])
    for keyword in MAPS_SCHEMAS.intersection(schema):
        if isinstance(schema[keyword], dict):
            yield from _walk(list(schema[keyword].values()))


REFUSED = frozenset({"$schema", "additionalProperties", "default", "format", "propertyNames"})
BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"})
HOLDS_SCHEMAS = frozenset({"items", "prefixItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "contains"})
MAPS_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
