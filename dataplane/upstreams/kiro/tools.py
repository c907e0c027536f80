"""Tool specifications, tool choice and the arguments of earlier calls, as Kiro wants them."""

from typing import Any

import msgspec

from dataplane.conversation.model import Call, Tool
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import surrogates
from dataplane.upstreams.kiro.names import Names, used
from dataplane.upstreams.kiro.schemas import EMPTY, accepted
from dataplane.wire import jsontext

# For a tool that the history names but the request no longer declares (T09).
GONE = "This tool is no longer available."

_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def specifications(call: Call, names: Names) -> list[dict[str, Any]]:
    """What is declared on the current message. A client that forbids calls needs only what the history names."""
    if call.tool_choice.mode == "none":
        needed = {names.wire[name] for name in used(call)}
        return [_specification(wire, tool) for wire, tool in names.tools if wire in needed]
    return [_specification(wire, tool) for wire, tool in names.tools]


def _specification(name: str, tool: Tool | None) -> dict[str, Any]:
    description = (tool.description or f"Tool: {tool.name}") if tool else GONE
    schema = accepted(tool.schema) if tool else EMPTY
    return {"toolSpecification": {"name": name, "description": description, "inputSchema": {"json": msgspec.Raw(schema)}}}


def instruction(call: Call, names: Names) -> str:
    """The client's tool choice in one sentence, as the wire has no field for it (S11); "" when it is free."""
    choice = call.tool_choice
    match choice.mode:
        case "auto":
            return ""
        case "none":
            return "" if next(used(call), None) is None else "Answer without calling any tool."
        case "required":
            if not call.tools:
                raise InvalidRequest("tool_choice asks for a tool call, but no tools are declared", param="tool_choice")
            return "Answer by calling at least one tool."
        case "named":
            if all(tool.name != choice.name for tool in call.tools):
                raise InvalidRequest(f"tool_choice names the tool {choice.name!r}, which is not declared", param="tool_choice")
            return f"Answer by calling the tool {names.wire[choice.name]}."


def arguments(text: str) -> msgspec.Raw:
    """The arguments of an earlier call as a JSON object, whatever the client sent (T08)."""
    if not text or text.isspace():
        return msgspec.Raw(b"{}")
    if (found := object_text(text)) is not None:
        return msgspec.Raw(found)
    try:
        return msgspec.Raw(b'{"value":' + surrogates.reread(text) + b"}")
    except (ValueError, RecursionError):
        return msgspec.Raw(jsontext.dumps({"_raw": surrogates.mend(text)}))


def object_text(text: str) -> bytes | None:
    """`text` as UTF-8 when it is a JSON object, None when it is anything else."""
    try:
        _read_object(text)
        return text.encode()
    except (ValueError, RecursionError):
        pass
    try:
        mended = surrogates.reread(text)
    except (ValueError, RecursionError):
        return None
    return mended if mended.startswith(b"{") else None
