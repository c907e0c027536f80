"""Tools, and what the client says about calling them."""

from typing import Any

from dataplane.conversation.model import Call, Tool, WebSearch
from dataplane.errors import InvalidRequest
from dataplane.upstreams.anthropic.asking.names import WEB_SEARCH, Names
from dataplane.upstreams.anthropic.asking.schemas import enforceable
from dataplane.upstreams.anthropic.hosts import Host
from dataplane.wire import jsontext

WEB_SEARCH_TYPE = "web_search_20250305"
ANYTHING = jsontext.Raw(b'{"type":"object"}')
# For tools that only the conversation knows; they must be declared all the same.
GONE = "This tool is no longer available."


def tools(call: Call, names: Names, host: Host, *, holds: bool) -> list[dict[str, Any]]:
    """Of several tools with one name, the first counts: the API refuses a second. `holds`: calls can be held to a schema."""
    declared = {tool.name: tool for tool in reversed(call.tools)}
    found = [_tool(declared[name], names, holds=holds) for name in dict.fromkeys(tool.name for tool in call.tools)]
    if call.web_search is not None and host.searches:
        found.append(_search(call.web_search))
    return found or [{"name": wire, "description": GONE, "input_schema": ANYTHING} for wire in names.wire.values()]


def choice(call: Call, names: Names, host: Host) -> dict[str, Any] | None:
    """None where the model is free. Raises InvalidRequest for a tool that is not declared."""
    said, searches = call.tool_choice, call.web_search is not None and host.searches
    if not call.tools and not searches:
        if said.mode in {"required", "named"} and call.web_search is None:
            raise InvalidRequest("tool_choice asks for a tool call, but no tools are declared", param="tool_choice")
        return {"type": "none"} if names.wire else None
    made: dict[str, Any] = {"type": _MODES[said.mode]}
    if said.mode == "named":
        made["name"] = _chosen(said.name, call, names)
    if said.mode != "none" and not said.parallel:
        made["disable_parallel_tool_use"] = True
    return made if len(made) > 1 or said.mode != "auto" else None


def _tool(tool: Tool, names: Names, *, holds: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": names.wire[tool.name]}
    if tool.description:
        made["description"] = tool.description
    held = strict(tool) if holds else None
    made["input_schema"] = jsontext.Raw(held or _object(tool.schema))
    return {**made, "strict": True} if held else made


def strict(tool: Tool) -> bytes | None:
    """The schema that calls are held to, None where they are not."""
    return enforceable(_object(tool.schema)) if tool.strict else None


def _object(schema: bytes) -> bytes:
    """The API wants a schema of an object; one that does not say so is meant so, as arguments are one."""
    if not schema:
        return bytes(ANYTHING)
    found = jsontext.loads(schema)
    return schema if found.get("type") == "object" else jsontext.dumps({**found, "type": "object"})


def _search(asked: WebSearch) -> dict[str, Any]:
    made: dict[str, Any] = {"type": WEB_SEARCH_TYPE, "name": WEB_SEARCH}
    if asked.max_uses is not None:
        made["max_uses"] = asked.max_uses
    if asked.allowed_domains:
        made["allowed_domains"] = asked.allowed_domains
    elif asked.blocked_domains:
        made["blocked_domains"] = asked.blocked_domains
    return made


def _chosen(name: str, call: Call, names: Names) -> str:
    if any(tool.name == name for tool in call.tools):
        return names.wire[name]
    if name == WEB_SEARCH and call.web_search is not None:
        return WEB_SEARCH
    raise InvalidRequest(f"tool_choice names the tool {name!r}, which is not declared", param="tool_choice")


_MODES = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}
