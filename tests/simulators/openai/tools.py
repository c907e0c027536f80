"""Rules about declared tools and the choice among them."""

import re
from collections.abc import Iterator
from typing import Any

from tests.simulators.openai.problem import Problem, missing, wrong_type, wrong_value
from tests.simulators.openai.request import Request, mapping


def shape(request: Request) -> Problem | None:
    tools = request.raw.get("tools")
    if tools == [] and request.vendor.name == "openai":
        return Problem(
            "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", "tools", "empty_array"
        )
    for at, tool in enumerate(tools or ()):
        if not isinstance(tool, dict):
            return wrong_type(f"tools[{at}]", "an object", tool)
        kind = tool.get("type")
        if kind not in KINDS[request.vendor.name]:
            return wrong_value(f"tools[{at}].type", kind, KINDS[request.vendor.name]) if kind else missing(f"tools[{at}].type")
        if kind == "function" and not isinstance(tool.get("function"), dict):
            return missing(f"tools[{at}].function")
    return None


def count(request: Request) -> Problem | None:
    length = len(request.functions)
    if length <= MAX_TOOLS:
        return None
    if request.vendor.name == "kimi":
        return Problem(f"Invalid request: too many tools, max tools is {MAX_TOOLS}")
    words = f"Invalid 'tools': array too long. Expected an array with maximum length {MAX_TOOLS}, but got an array with length {length} instead."
    return Problem(words, "tools", "array_above_max_length")


def names(request: Request) -> Problem | None:
    for at, function in enumerate(request.functions):
        name, param = function.get("name"), f"tools[{at}].function.name"
        if not isinstance(name, str):
            return missing(param) if name is None else wrong_type(param, "a string", name)
        if request.vendor.name == "kimi" and not KIMI_NAME.fullmatch(name):
            return Problem(
                "Invalid request: function name is invalid, must start with a letter and can contain letters, numbers, underscores, and dashes"
            )
        if not NAME.fullmatch(name):
            return Problem(
                f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                param,
                "invalid_value",
            )
        if len(name) > MAX_NAME:
            words = f"Invalid '{param}': string too long. Expected a string with maximum length {MAX_NAME}, but got a string with length {len(name)} instead."
            return Problem(words, param, "string_above_max_length")
    return None


def unique(request: Request) -> Problem | None:
    seen: set[str] = set()
    for function in request.functions:
        name = str(function.get("name"))
        if name in seen:
            return Problem(f"Invalid request: function name {name} is duplicated", "tools")
        seen.add(name)
    return None


def schemas(request: Request) -> Problem | None:
    """A function's parameters are a JSON schema of an object; a function without them takes none."""
    for at, function in enumerate(request.functions):
        schema = function.get("parameters")
        if schema is None:
            continue
        if not isinstance(schema, dict):
            return wrong_type(f"tools[{at}].function.parameters", "an object", schema)
        if found := _object_schema(schema):
            words = f"Invalid schema for function '{function['name']}': {found}"
            return Problem(words, f"tools[{at}].function.parameters", "invalid_function_parameters")
    return None


def strict_schemas(request: Request) -> Problem | None:
    for at, function in enumerate(request.functions):
        found = strict_fault(mapping(function.get("parameters"))) if function.get("strict") else None
        if found:
            words = f"Invalid schema for function '{function['name']}': {found}"
            return Problem(words, f"tools[{at}].function.parameters", "invalid_function_parameters")
    return None


def choice(request: Request) -> Problem | None:
    wish = request.raw.get("tool_choice")
    if wish is None:
        return None
    if not request.functions and not request.raw.get("tools"):
        if wish == "none" and request.vendor.name != "openai":
            return None
        return Problem("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    if isinstance(wish, str):
        return None if wish in CHOICES else wrong_value("tool_choice", wish, CHOICES)
    if wish.get("type") not in ("function", "custom", "allowed_tools"):
        return wrong_value("tool_choice.type", wish.get("type"), ("function", "allowed_tools", "custom"))
    name = mapping(wish.get("function")).get("name")
    if wish["type"] == "function" and name not in [function.get("name") for function in request.functions]:
        return Problem(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
    return None


def strict_fault(schema: dict[str, Any]) -> str | None:
    """What keeps a schema from being followed strictly: every object closed, every member required."""
    for path, each in _schemas(schema, ()):
        context = f"In context={path}, "
        if each.get("type") == "object" and each.get("additionalProperties") is not False:
            return context + "'additionalProperties' is required to be supplied and to be false."
        left = [name for name in mapping(each.get("properties")) if name not in each.get("required", [])]
        if left:
            return (
                context + "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{left[0]}'."
            )
    return None


def _object_schema(schema: dict[str, Any]) -> str | None:
    kind = schema.get("type", "object" if not schema else None)
    if kind != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    if "properties" in schema and not isinstance(schema["properties"], dict):
        return "In context=('properties',), expected an object."
    return _arrays(schema)


def _arrays(schema: dict[str, Any]) -> str | None:
    for path, each in _schemas(schema, ()):
        if each.get("type") == "array" and "items" not in each:
            return f"In context={path}, array schema missing items."
    return None


def _schemas(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The schema and those inside it, with their places."""
    yield path, schema
    for name, inner in mapping(schema.get("properties")).items():
        yield from _schemas(mapping(inner), (*path, "properties", name))
    if isinstance(schema.get("items"), dict):
        yield from _schemas(schema["items"], (*path, "items"))
    for word in ("anyOf", "allOf"):
        for at, inner in enumerate(schema.get(word, ())):
            yield from _schemas(mapping(inner), (*path, word, str(at)))


MAX_TOOLS = 128
MAX_NAME = 64
NAME = re.compile(r"[a-zA-Z0-9_-]+")
KIMI_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")
CHOICES = ("none", "auto", "required")
KINDS: dict[str, tuple[str, ...]] = {
    "openai": ("function", "custom"),
    "kimi": ("function", "builtin_function"),
    "deepseek": ("function",),
    "vllm": ("function",),
}
