"""Tool specifications and the arguments of earlier calls, as Kiro wants them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from dataplane.conversation.model import Call, Tool
from dataplane.upstreams.kiro import surrogates
from dataplane.upstreams.kiro.asking.conservative import accepted as rebuilt
from dataplane.upstreams.kiro.asking.depth import bounded
from dataplane.upstreams.kiro.asking.names import Names, used
from dataplane.upstreams.kiro.asking.schemas import EMPTY, Rewriting, accepted
from dataplane.upstreams.kiro.hosts import Host
from dataplane.wire import jsontext

# For a tool that the history names but the request no longer declares (T09).
GONE = "This tool is no longer available."
# The heading under which the ends of long descriptions stand in the system text.
CONTINUED = "Descriptions of tools, continued"
# Characters before the end of what fits in which a better place to cut is looked for.
NEAR = 500

# Whole values, which for most arguments is faster than to look for their ends only.
_read_object = msgspec.json.Decoder(dict[str, Any]).decode


def specifications(call: Call, names: Names, host: Host, *, conservative: bool = False) -> list[dict[str, Any]]:
    """What is declared on the current message (S12), schemas in seven keys for hosts that want it or when asked (S08)."""
    schema = rebuilt if conservative or host.conservative else accepted
    return [_specification(wire, tool, host, schema) for wire, tool in _declared(call, names)]


def overflow(call: Call, names: Names, host: Host) -> str:
    """The ends of descriptions that are too long for the host, as a part of the system text; "" when all fit (S04)."""
    found: list[str] = []
    for wire, tool in _declared(call, names):
        description = _description(tool)
        if not _fits(description, host.description_bytes):
            found.append(f"## {wire}\n{_split(wire, description, host.description_bytes)[1]}")
    return "\n\n".join((f"# {CONTINUED}", *found)) if found else ""


def _declared(call: Call, names: Names) -> Sequence[tuple[str, Tool | None]]:
    """All tools. When the client forbids calls, those the history names must do (S11, T09)."""
    if call.tool_choice.mode != "none":
        return names.tools
    needed = {names.wire[name] for name in used(call)}
    return [(wire, tool) for wire, tool in names.tools if wire in needed]


def _specification(wire: str, tool: Tool | None, host: Host, schema: Rewriting) -> dict[str, Any]:
    description = _description(tool)
    if not _fits(description, host.description_bytes):
        description = _split(wire, description, host.description_bytes)[0]
    json = schema(tool.schema) if tool else EMPTY
    return {"toolSpecification": {"name": wire, "description": description, "inputSchema": {"json": msgspec.Raw(json)}}}


def _description(tool: Tool | None) -> str:
    """Never empty (S03); white space passes."""
    return (tool.description or f"Tool: {tool.name}") if tool else GONE


def _fits(text: str, limit: int) -> bool:
    """Whether `text` has at most `limit` bytes in UTF-8. A character has up to four, and most texts need no closer look."""
    return 4 * len(text) <= limit or (len(text) <= limit and (text.isascii() or len(_utf8(text)) <= limit))


def _split(wire: str, text: str, limit: int) -> tuple[str, str]:
    """What stays, with a pointer to the rest, and the rest. Cut between lines or words where there are any near the end."""
    pointer = f"\n[Goes on in the system text: {CONTINUED}, {wire}.]"
    room = limit - len(pointer)
    # Bytes of a character that the cut would part belong to the rest.
    head = len(_utf8(text)[:room].decode("utf-8", "ignore")) if not text.isascii() else room
    at = max(text.rfind("\n", head - NEAR, head), text.rfind(" ", head - NEAR, head)) + 1 or head
    return text[:at] + pointer, text[at:]


def _utf8(text: str) -> bytes:
    """Halves of surrogate pairs are mended later, to as many bytes."""
    return text.encode("utf-8", "surrogatepass")


def arguments(text: str) -> msgspec.Raw:
    """The arguments of an earlier call as a JSON object, whatever the client sent (T08).

    What the schema would not take is kept as well: the call was made, and its result tells the model
    what was wrong with it (T14).
    """
    if not text or text.isspace():
        return msgspec.Raw(b"{}")
    if (found := object_text(text)) is not None:
        return msgspec.Raw(found)
    try:
        return msgspec.Raw(b'{"value":' + surrogates.reread(text) + b"}")
    except (ValueError, RecursionError):
        return msgspec.Raw(jsontext.dumps({"_raw": surrogates.mend(text)}))


def object_text(text: str) -> bytes | None:
    """`text` as UTF-8 when it is a JSON object, None when it is anything else, or nested too deeply."""
    try:
        bounded(_read_object(text), len(text))
        return text.encode()
    except (ValueError, RecursionError):
        pass
    try:
        mended = surrogates.reread(text)
    except (ValueError, RecursionError):
        return None
    return mended if mended.startswith(b"{") else None
