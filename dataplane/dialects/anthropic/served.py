"""Blocks of earlier answers that Anthropic's servers, or this gateway, filled in.

A web search has a part of its own. Of other tools, which nobody behind the gateway runs, the words
are kept as text: the model said what follows with them in view.
"""

from collections.abc import Callable, Iterator
from typing import Any

from dataplane.conversation.model import Document, Search, Text
from dataplane.dialects.anthropic import content as wire
from dataplane.dialects.anthropic import searches
from dataplane.dialects.anthropic.notes import At, Notes, path
from dataplane.wire.jsontext import Raw


def drop(_block: Any, at: At, notes: Notes, _parts: list[Any]) -> None:
    """A block without a word for the model."""
    notes.dropped.append(path(at))


def _use(block: wire.ServerToolUseBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    if block.name != searches.NAME:
        parts.append(Text(_called(block.name, block.input)))
        return
    # Without the result that should follow, the model must not think that nothing was found.
    search = Search(block.id, searches.asked(block.input, f"{path(at)}.input"), error=searches.UNKNOWN)
    notes.searched.append(at)
    notes.searches[block.id] = search
    parts.append(search)


def _searched(block: wire.WebSearchToolResultBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    """The search gets its result where it stands; one whose beginning was cut off stands here."""
    search = notes.searches.get(block.tool_use_id)
    if search is None:
        search = Search(block.tool_use_id, "")
        notes.searched.append(at)
        parts.append(search)
    content = block.content
    if isinstance(content, wire.WebSearchError):
        search.error = content.error_code or searches.UNKNOWN
        return
    search.error = ""
    for k, result in enumerate(content):
        hit, readable = searches.hit(result)
        search.hits.append(hit)
        if not readable:
            notes.dropped.append(f"{path((*at, k))}.encrypted_content")


def _fetched(block: wire.WebFetchToolResultBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    page = block.content
    if isinstance(page, wire.FetchError):
        parts.append(Text(f"web_fetch failed: {page.error_code}"))
        return
    told, source = [f"web_fetch of {page.url}", page.content.title or ""], page.content.source
    if isinstance(source, wire.TextSource):
        parts.append(Text("\n".join(filter(None, (*told, source.data)))))
        return
    file = Document(source.media_type, source.data, name=page.content.title or page.url, where=path(at))
    notes.media.append(file)
    parts += (Text(told[0]), file)


def _called_elsewhere(block: wire.McpToolUseBlock, _at: At, _notes: Notes, parts: list[Any]) -> None:
    parts.append(Text(_called(f"{block.name} of {block.server_name}" if block.server_name else block.name, block.input)))


def _called(name: str, arguments: Raw) -> str:
    return f"{name} was called with {str(arguments, 'utf-8')}"


def _told(block: wire.Served, at: At, notes: Notes, parts: list[Any]) -> None:
    words = "\n".join(_words(block.content))
    if words:
        kind = block.__struct_config__.tag
        came = "failed with" if block.is_error else "gave"
        parts.append(Text(f"{str(kind).removesuffix('_tool_result')} {came}:\n{words}"))
    else:
        drop(block, at, notes, parts)


def _compacted(block: wire.CompactionBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    """The provider's summary of what came before it; one that failed has none and counts for nothing."""
    if block.content:
        parts.append(Text(block.content))
    else:
        drop(block, at, notes, parts)


def _nothing(_block: Any, _at: At, _notes: Notes, _parts: list[Any]) -> None:
    """A mark that no model ever sees."""


def _words(content: Any) -> Iterator[str]:
    """What people and models can read of a result, in the order of READABLE."""
    if isinstance(content, str):
        if content:
            yield content
    elif isinstance(content, list):
        for each in content:
            yield from _words(each)
    elif isinstance(content, dict):
        for name in READABLE:
            yield from _words(content.get(name))
        if content.get("return_code"):
            yield f"return code {content['return_code']}"


# Members of results that hold words; others are ids, kinds, counts and what only Anthropic can read.
READABLE = ("title", "url", "text", "tool_name", "tool_references", "stdout", "stderr", "lines", "content", "error_message", "error_code")

STEPS: dict[type, Callable[[Any, At, Notes, list[Any]], None]] = {
    wire.ServerToolUseBlock: _use,
    wire.WebSearchToolResultBlock: _searched,
    wire.WebFetchToolResultBlock: _fetched,
    wire.McpToolUseBlock: _called_elsewhere,
    wire.McpToolResultBlock: _told,
    wire.CodeExecutionResultBlock: _told,
    wire.BashCodeExecutionResultBlock: _told,
    wire.TextEditorCodeExecutionResultBlock: _told,
    wire.ToolSearchResultBlock: _told,
    wire.AdvisorResultBlock: _told,
    wire.CompactionBlock: _compacted,
    wire.McpToolListingBlock: drop,
    wire.FallbackBlock: _nothing,
    wire.UnknownBlock: drop,
}
