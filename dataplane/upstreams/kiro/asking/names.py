"""Names and ids within Kiro's limits: 1 to 64 of A-Z a-z 0-9 _ - (S01, T06).

What is within the limits stays as it is; everything else gets an alias that depends on nothing but
the name itself, so that history, specifications and repeated requests agree.

The hosted web search is one tool among the others, under a name of its own: a function of the
client that happens to be called web_search is a normal function.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from dataplane.conversation.model import Call, Search, Tool, ToolCall

# The hosted search among the client's names. Half a surrogate pair cannot come out of a JSON text, so no client has it.
SEARCH = "\ud800web_search"
SEARCH_WIRE = "web_search"
MAX_LENGTH = 64
DIGEST_LENGTH = 12

_is_valid = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_LENGTH}}}").fullmatch
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


def alias(text: str, salt: str = "") -> str:
    """A valid name that begins like `text`."""
    digest = sha256(f"{salt}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    stem = _FOREIGN.sub("_", text[:MAX_LENGTH])[: MAX_LENGTH - 1 - DIGEST_LENGTH]
    return f"{stem}_{digest[:DIGEST_LENGTH]}"


def free(text: str, taken: Container[str], salt: str = "") -> str:
    """The first alias of `text` that nobody has."""
    found = alias(text, salt)
    while found in taken:
        salt += "+"
        found = alias(text, salt)
    return found


def wire_id(id: str) -> str:
    """The id of a call as Kiro may see it; the same for a call and its result."""
    return id if _is_valid(id) else alias(id)


@dataclass(slots=True)
class Names:
    """The tools of one request under the names Kiro sees.

    `wire` goes from the client's names to Kiro's, `client` back, for those that differ; the hosted
    search is SEARCH in both. `tools` is what is declared, None standing for a tool that only the
    history knows (T09).
    """

    wire: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    tools: list[tuple[str, Tool | None]] = field(default_factory=list)


def used(call: Call) -> Iterator[str]:
    """Names of the tools that were called in the conversation so far, SEARCH for searches."""
    for turn in call.turns:
        if turn.role == "assistant":
            for part in turn.parts:
                if type(part) is ToolCall:
                    yield part.name
                elif type(part) is Search:
                    yield SEARCH


def names(call: Call) -> Names:
    """One injective map for specifications, history and answers (T10, S02).

    The client's own tools come first and the search after them, so that neither the search nor a
    longer history changes what they are called.
    """
    found = Names()
    called = dict.fromkeys(used(call))
    taken = {tool.name for tool in call.tools if _is_valid(tool.name)}
    taken.update(filter(_is_valid, called))
    variants: dict[str, set[tuple[str, bytes, bool]]] = {}
    for tool in call.tools:
        same = variants.setdefault(tool.name, set())
        variant = (tool.description, tool.schema, tool.custom)
        if variant not in same:
            _declare(found, taken, tool.name, tool, len(same))
            same.add(variant)
    if call.web_search or SEARCH in called:
        _declare_search(found, taken, _SEARCH_TOOL if call.web_search else None)
    for name in called:
        if name not in found.wire:
            _declare(found, taken, name, None, 0)
    return found


def _declare(found: Names, taken: set[str], name: str, tool: Tool | None, variant: int) -> None:
    """Only the first of several different tools of one name keeps it; all answer to it."""
    wire = name if not variant and _is_valid(name) else free(name, taken, str(variant or ""))
    taken.add(wire)
    found.wire.setdefault(name, wire)
    if wire != name:
        found.client[wire] = name
    found.tools.append((wire, tool))


def _declare_search(found: Names, taken: set[str], tool: Tool | None) -> None:
    wire = free(SEARCH_WIRE, taken) if SEARCH_WIRE in taken else SEARCH_WIRE
    taken.add(wire)
    found.wire[SEARCH] = wire
    found.client[wire] = SEARCH
    found.tools.append((wire, tool))


_SEARCH_TOOL = Tool(
    SEARCH,
    "Searches the web and gives title, address and text of the pages it finds.",
    b'{"type":"object","properties":{"query":{"type":"string","description":"What to search for."}},"required":["query"]}',
)
