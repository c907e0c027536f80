"""Tools, the choice among them, and the form of the answer."""

from typing import Any

import msgspec

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, OutputFormat, Tool
from dataplane.errors import InvalidRequest
from dataplane.upstreams.filters.jsonvalue import roots
from dataplane.upstreams.openai.asking.names import Names, word
from dataplane.upstreams.openai.asking.schemas import enforceable
from dataplane.upstreams.openai.quirks import Quirks
from dataplane.wire import jsontext

Members = dict[str, jsontext.Raw]

OBJECT = jsontext.Raw(b'"object"')
NO_PROPERTIES = jsontext.Raw(b"{}")


def check(call: Call, quirks: Quirks) -> None:
    """Raises InvalidRequest for more tools than the endpoint takes."""
    if quirks.most_tools and len(call.tools) > quirks.most_tools:
        told = f"what serves this model takes at most {quirks.most_tools} tools; the request has {len(call.tools)}"
        raise InvalidRequest(told, param=_path(call))


def tools(call: Call, quirks: Quirks, names: Names) -> dict[str, Any]:
    """The members for tools and their choice. Raises InvalidRequest."""
    check(call, quirks)
    choice = call.tool_choice
    if not names.tools or (choice.mode == "none" and not quirks.takes(Feature.TOOL_CHOICE)):
        return {}
    found: dict[str, Any] = {"tools": [_declared(name, tool, quirks) for name, tool in names.tools]}
    if quirks.takes(Feature.TOOL_CHOICE):
        if choice.mode in {"none", "required"}:
            found["tool_choice"] = choice.mode
        elif choice.mode == "named" and any(tool.name == choice.name for _, tool in names.tools):
            found["tool_choice"] = {"type": "function", "function": {"name": names.wire[choice.name]}}
    if not choice.parallel and quirks.takes(Feature.SERIAL_TOOL_CALLS):
        found["parallel_tool_calls"] = False
    return found


def form(asked: OutputFormat | None, quirks: Quirks) -> dict[str, Any]:
    """The member for the answer's form; the nearest one that the endpoint has."""
    if asked is None:
        return {}
    if asked.kind == "json_schema" and quirks.takes(Feature.JSON_SCHEMA):
        described: dict[str, Any] = {"name": word(asked.name or "answer"), "schema": jsontext.Raw(asked.schema)}
        if asked.strict and quirks.takes(Feature.STRICT_TOOLS) and enforceable(asked.schema):
            described["strict"] = True
        return {"response_format": {"type": "json_schema", "json_schema": described}}
    return {"response_format": {"type": "json_object"}} if "{" in roots(asked) and quirks.takes(Feature.JSON_OBJECT) else {}


def words(call: Call, quirks: Quirks, named: str) -> list[str]:
    """What can only be asked for in words. `named`: what the tool that must be called is called on the wire."""
    found = []
    form = call.output_format
    if form and form.schema and not quirks.takes(Feature.JSON_SCHEMA):
        found.append(f"Answer with JSON only, nothing around it, that fits this JSON schema:\n{form.schema.decode()}")
    elif form and not quirks.takes(Feature.JSON_OBJECT):
        found.append("Answer with one JSON object only, nothing around it.")
    if not quirks.takes(Feature.TOOL_CHOICE) and call.tools and call.tool_choice.mode in _MUST:
        found.append(_MUST[call.tool_choice.mode].format(name=named))
    return found


def schema(text: bytes) -> jsontext.Raw:
    """A tool's schema; OpenAI wants it to be that of an object, and to name the properties even where there are none."""
    members: Members = _members(text) if text else {}
    kind, properties = members.get("type"), members.get("properties")
    if kind == OBJECT and properties is not None and bytes(properties) != b"null":
        return jsontext.Raw(text)
    members["type"] = OBJECT
    if properties is None or bytes(properties) == b"null":
        members["properties"] = NO_PROPERTIES
    return jsontext.Raw(jsontext.dumps(members))


def held(tool: Tool, quirks: Quirks) -> bool:
    """Whether calls of the tool are held to its schema."""
    return tool.strict and quirks.takes(Feature.STRICT_TOOLS) and enforceable(bytes(schema(tool.schema)))


def _declared(name: str, tool: Tool, quirks: Quirks) -> dict[str, Any]:
    function: dict[str, Any] = {"name": name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = schema(tool.schema)
    if held(tool, quirks):
        function["strict"] = True
    return {"type": "function", "function": function}


def _path(call: Call) -> str:
    """Where the client keeps its tools."""
    asked = call.asked.get(Feature.TOOLS)
    return asked[0] if asked else "tools"


_members = msgspec.json.Decoder(Members).decode
_MUST = {
    "required": "Call at least one of the tools before you answer.",
    "named": "Call the tool {name} now.",
}
