"""The tools of a request, and what it says about calling them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Tool, ToolChoice, WebSearch
from dataplane.dialects.anthropic import body as wire
from dataplane.dialects.anthropic import defined, searches
from dataplane.dialects.anthropic.notes import QUOTED_CHARACTERS, Notes
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext, pruning
from dataplane.wire.pruning import asks, written

# A function of the client's may have the name too, but never this type.
_WEB_SEARCH = re.compile(r"web_search_\d+")


@dataclass(slots=True)
class Offer:
    """The tools that somebody can run: the client's own, and web search."""

    tools: list[Tool] = field(default_factory=list)
    web_search: WebSearch | None = None


def offer(tools: list[wire.Tool], notes: Notes) -> Offer:
    """Raises InvalidRequest. What only Anthropic's servers could run is dropped: a client does not wait for it."""
    made, pruned = Offer(), len(notes.dropped)
    for i, tool in enumerate(tools):
        kind = tool.type
        if kind is None or kind == "custom":
            made.tools.append(_custom(tool, i, notes))
        elif _WEB_SEARCH.fullmatch(kind):
            _search(tool, i, made, notes)
        else:
            _defined(tool, i, made, notes)
    if pruned:
        pruning.forget(notes.dropped, pruned)
    return made


def text(raw: jsontext.Raw) -> bytes:
    """Passed-through JSON. The codec has checked all of it but the encoding. Raises UnicodeDecodeError."""
    found = bytes(raw)
    if not found.isascii():
        found.decode()
    return found


def absent(schema: bytes, place: str) -> bytes:
    """b"" for a schema that was left out; `place` is where. Raises InvalidRequest for one that is no object."""
    if schema in (b"", b"null"):
        return b""
    raise InvalidRequest(f"{place}: must be an object", param=place)


def _custom(tool: wire.Tool, i: int, notes: Notes) -> Tool:
    if not tool.name:
        raise InvalidRequest(f"tools[{i}].name: a name is required", param=f"tools[{i}].name")
    if _special(tool) != UNSAID:
        _promises(tool, i, notes)
        _misplaced(tool, i, OWN_OF_FUNCTION, notes)
    schema = text(tool.input_schema)
    if not schema.startswith(b"{"):
        schema = absent(schema, f"tools[{i}].input_schema")
    return Tool(tool.name, tool.description or "", schema, strict=asks(tool.strict))


def _promises(tool: wire.Tool, i: int, notes: Notes) -> None:
    """What is asked about a tool beside the tool itself. To be called directly is what every tool is for."""
    if asks(tool.strict):
        notes.ask(Feature.STRICT_TOOLS, f"tools[{i}].strict")
    if asks(tool.input_examples):
        notes.dropped.append(f"tools[{i}].input_examples")
    if asks(tool.allowed_callers) and written(tool.allowed_callers).translate(None, b" \t\r\n") != DIRECTLY:
        notes.dropped.append(f"tools[{i}].allowed_callers")


def _misplaced(tool: wire.Tool, i: int, own: Sequence[str], notes: Notes) -> None:
    """Note what a tool says that only tools of another kind than its `own` can say."""
    for name in (*OWN_OF_FUNCTION, *OWN):
        said = getattr(tool, name)
        if name not in own and said and (not isinstance(said, jsontext.Raw) or asks(said)):
            notes.dropped.append(f"tools[{i}].{name}")


def _search(tool: wire.Tool, i: int, made: Offer, notes: Notes) -> None:
    place = f"tools[{i}]"
    if made.web_search is not None:
        notes.dropped.append(place)
        return
    allowed, blocked = tool.allowed_domains or [], tool.blocked_domains or []
    if allowed and blocked:
        told = f"{place}.allowed_domains: cannot be used together with blocked_domains"
        raise InvalidRequest(told, param=f"{place}.allowed_domains")
    made.web_search = WebSearch(tool.max_uses, allowed, blocked)
    _promises(tool, i, notes)
    _misplaced(tool, i, OWN_OF_SEARCH, notes)
    notes.ask(Feature.WEB_SEARCH, place)
    if allowed or blocked:
        notes.ask(Feature.WEB_SEARCH_DOMAINS, f"{place}.{'allowed' if allowed else 'blocked'}_domains")
    if tool.max_uses is not None:
        notes.ask(Feature.WEB_SEARCH_USES, f"{place}.max_uses")
    if asks(tool.user_location):
        notes.dropped.append(f"{place}.user_location")


def _defined(tool: wire.Tool, i: int, made: Offer, notes: Notes) -> None:
    found = defined.tool(tool)
    if found is None:
        notes.dropped.append(f"tools[{i}]")
        return
    _promises(tool, i, notes)
    _misplaced(tool, i, defined.own(tool), notes)
    made.tools.append(found)


def choice(asked: wire.Request, made: Offer, notes: Notes) -> ToolChoice:
    """Raises InvalidRequest for a tool that was not given. The choice of a dropped tool is dropped with it."""
    said = asked.tool_choice
    if said is None:
        return ToolChoice()
    parallel = not said.disable_parallel_tool_use
    if not parallel:
        notes.ask(Feature.SERIAL_TOOL_CALLS, "tool_choice.disable_parallel_tool_use")
    if said.type == "auto":
        return ToolChoice("auto", "", parallel)
    if said.type not in CHOICES:
        notes.dropped.append("tool_choice.type")
        return ToolChoice("auto", "", parallel)
    found = _named(said.name or "", asked.tools or [], made, parallel) if said.type == "tool" else _any(said.type, made, parallel)
    if found is None:
        notes.dropped.append("tool_choice")
        return ToolChoice("auto", "", parallel)
    notes.ask(Feature.TOOL_CHOICE, "tool_choice")
    return found


def _any(mode: str, made: Offer, parallel: bool) -> ToolChoice | None:
    if mode == "none":
        return ToolChoice("none", "", parallel)
    return ToolChoice("required", "", parallel) if made.tools or made.web_search else None


def _named(name: str, asked: list[wire.Tool], made: Offer, parallel: bool) -> ToolChoice | None:
    known = any(tool.name == name for tool in made.tools) or (made.web_search is not None and name == searches.NAME)
    if known:
        return ToolChoice("named", name, parallel)
    if not name or not any(tool.name == name for tool in asked):
        raise InvalidRequest(f"tool_choice.name: there is no tool {name[:QUOTED_CHARACTERS]!r} among the tools", param="tool_choice.name")
    return None


CHOICES = frozenset({"auto", "any", "tool", "none"})

# What a tool is called by that is no more than a function: the model itself.
DIRECTLY = b'["direct"]'

# Members that only some kinds of tools have.
OWN_OF_FUNCTION = ("description", "input_schema")
OWN_OF_SEARCH = ("max_uses", "allowed_domains", "blocked_domains", "user_location")
OWN = (*OWN_OF_SEARCH, *defined.OWN["computer"], *defined.OWN["text_editor"])

# Most tools say none of these: one comparison instead of a look at each.
_special = attrgetter("strict", "input_examples", "allowed_callers", *OWN)
UNSAID = _special(wire.Tool())
