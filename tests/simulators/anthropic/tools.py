"""Rules about declared tools and the choice among them."""

import re
from typing import Any

from tests.simulators.anthropic.request import Request, mapping

EXTRA = "{}: Extra inputs are not permitted"
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


def kinds(request: Request) -> str | None:
    for at, tool in enumerate(request.raw.get("tools") or ()):
        if not isinstance(tool, dict):
            return f"tools.{at}: Input should be an object"
        kind = _kind(tool)
        if kind != "custom" and kind not in SERVER_TOOLS:
            tags = ", ".join(f"'{each}'" for each in ("custom", *SERVER_TOOLS))
            return f"tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
    return None


def members(request: Request) -> str | None:
    for at, tool in enumerate(request.tools):
        kind = _kind(tool)
        known = CUSTOM if kind == "custom" else COMMON | SERVER_TOOLS[kind][1]
        for name in tool:
            if name not in known:
                return EXTRA.format(f"tools.{at}.{kind}.{name}")
        if kind == "custom" and not isinstance(tool.get("description", ""), str):
            return f"tools.{at}.custom.description: Input should be a valid string"
    return None


def names(request: Request) -> str | None:
    for at, tool in enumerate(request.tools):
        kind, name = _kind(tool), tool.get("name")
        if name is None:
            return f"tools.{at}.{kind}.name: Field required"
        if kind != "custom" and name != SERVER_TOOLS[kind][0]:
            return f"tools.{at}.{kind}.name: Input should be '{SERVER_TOOLS[kind][0]}'"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return f"tools.{at}.{kind}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
    return None


def unique(request: Request) -> str | None:
    found = [tool["name"] for tool in request.tools]
    return "tools: Tool names must be unique." if len(set(found)) < len(found) else None


def schemas(request: Request) -> str | None:
    for at, tool in enumerate(request.tools):
        if _kind(tool) == "custom" and (found := _schema(tool.get("input_schema"))):
            return f"tools.{at}.custom.input_schema{found}"
    return None


def deferred(request: Request) -> str | None:
    """Something is there from the start, and nothing deferred is cached."""
    if request.tools and all(tool.get("defer_loading") for tool in request.tools):
        return "At least one tool must have defer_loading=false."
    for tool in request.tools:
        if tool.get("defer_loading") and tool.get("cache_control"):
            return f"Tool '{tool['name']}' cannot have both defer_loading=true and cache_control set."
    return None


def choice(request: Request) -> str | None:
    wish = request.raw.get("tool_choice")
    if wish is None:
        return None
    kind = wish.get("type")
    if kind not in CHOICES:
        tags = ", ".join(f"'{each}'" for each in CHOICES)
        return f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
    for name in wish:
        if name not in CHOICES[kind]:
            return EXTRA.format(f"tool_choice.{kind}.{name}")
    if not request.tools and kind != "none":
        return "tool_choice: tool_choice may only be specified while providing tools"
    if kind == "tool" and wish.get("name") not in [tool["name"] for tool in request.tools]:
        return f"tool_choice.tool.name: Tool '{wish.get('name')}' not found in provided tools"
    return None


def _kind(tool: dict[str, Any]) -> str:
    return str(tool.get("type") or "custom")


def _schema(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return ": Field required" if schema is None else ": Input should be an object"
    if schema.get("type") != "object":
        return ".type: " + ("Field required" if "type" not in schema else "Input should be 'object'")
    if any(word in schema for word in ("oneOf", "allOf", "anyOf")):
        return ": input_schema does not support oneOf, allOf, or anyOf at the top level"
    properties = schema.get("properties")
    if properties is not None and not isinstance(properties, dict):
        return ".properties: Input should be an object"
    for name, inner in mapping(properties).items():
        if not KEY.fullmatch(name):
            return f".properties: Property keys should match pattern '^{KEY.pattern}$'"
        if not isinstance(inner, dict | bool):
            return ": JSON schema is invalid. It must match JSON Schema draft 2020-12"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        return ": JSON schema is invalid. It must match JSON Schema draft 2020-12"
    return None


COMMON = frozenset({"type", "name", "cache_control", "allowed_callers", "defer_loading", "strict"})
CUSTOM = COMMON | {"input_schema", "description", "eager_input_streaming", "input_examples"}
SEARCH = frozenset({"allowed_domains", "blocked_domains", "max_uses", "user_location", "response_inclusion"})
FETCH = frozenset({"allowed_domains", "blocked_domains", "max_uses", "citations", "max_content_tokens", "use_cache", "response_inclusion"})
NOTHING: frozenset[str] = frozenset()
# Tools of the vendor: type -> its name and the members it has besides.
SERVER_TOOLS: dict[str, tuple[str, frozenset[str]]] = {
    "web_search_20250305": ("web_search", SEARCH),
    "web_search_20260209": ("web_search", SEARCH),
    "web_search_20260318": ("web_search", SEARCH),
    "web_fetch_20250910": ("web_fetch", FETCH),
    "web_fetch_20260209": ("web_fetch", FETCH),
    "web_fetch_20260309": ("web_fetch", FETCH),
    "web_fetch_20260318": ("web_fetch", FETCH),
    "code_execution_20250522": ("code_execution", NOTHING),
    "code_execution_20250825": ("code_execution", NOTHING),
    "code_execution_20260120": ("code_execution", NOTHING),
    "code_execution_20260521": ("code_execution", NOTHING),
    "bash_20250124": ("bash", frozenset({"input_examples"})),
    "text_editor_20250124": ("str_replace_editor", frozenset({"input_examples"})),
    "text_editor_20250429": ("str_replace_based_edit_tool", frozenset({"input_examples"})),
    "text_editor_20250728": ("str_replace_based_edit_tool", frozenset({"input_examples", "max_characters"})),
    "memory_20250818": ("memory", frozenset({"input_examples"})),
    "tool_search_tool_bm25_20251119": ("tool_search_tool_bm25", NOTHING),
    "tool_search_tool_regex_20251119": ("tool_search_tool_regex", NOTHING),
}
CHOICES: dict[str, frozenset[str]] = {
    "auto": frozenset({"type", "disable_parallel_tool_use"}),
    "any": frozenset({"type", "disable_parallel_tool_use"}),
    "tool": frozenset({"type", "name", "disable_parallel_tool_use"}),
    "none": frozenset({"type"}),
}
