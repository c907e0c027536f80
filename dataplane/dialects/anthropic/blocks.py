"""Messages and their content blocks, turned into turns and parts.

A step reads one kind of block, found at `at`, and adds what it says to `parts`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from dataplane.conversation.model import Document, Image, Part, Reasoning, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.anthropic import content as wire
from dataplane.dialects.anthropic import served
from dataplane.dialects.anthropic.body import Message
from dataplane.dialects.anthropic.notes import At, Notes, path
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import asks

Step: TypeAlias = Callable[[Any, At, Notes, list[Any]], None]


def turns(messages: list[Message], notes: Notes) -> list[Turn]:
    """Texts without a character say nothing and are left out. Raises InvalidRequest."""
    made = []
    for i, message in enumerate(messages):
        role, content = message.role, message.content
        if message.output_config and asks(message.output_config):
            notes.efforts.append((i, bytes(message.output_config)))
        if type(content) is str:
            made.append(Turn(role, [Text(content)] if content else []))
        else:
            made.append(Turn(role, _parts(role, content, i, notes)))  # type: ignore[arg-type]  # mypy does not narrow by `type`
    return made


def _parts(role: str, content: list[wire.Block], i: int, notes: Notes) -> list[Part]:
    steps = STEPS[role]
    parts: list[Part] = []
    for j, block in enumerate(content):
        kind = type(block)
        if kind is wire.TextBlock and block.text and not block.citations:  # type: ignore[union-attr]  # as above
            parts.append(Text(block.text))  # type: ignore[union-attr]
        elif kind in steps:
            steps[kind](block, (i, j), notes, parts)
        else:
            _refuse(block, path((i, j)), role)
    return parts


def texts(content: str | Sequence[wire.System] | None, place: str, notes: Notes) -> list[str]:
    """Text given as a string or as blocks; `place` is its JSON path."""
    if not content:
        return []
    if isinstance(content, str):
        return [content]
    found = []
    for j, block in enumerate(content):
        if isinstance(block, wire.UnknownBlock):
            notes.dropped.append(f"{place}[{j}]")
            continue
        if block.text:
            found.append(block.text)
        if asks(block.citations):
            notes.dropped.append(f"{place}[{j}].citations")
    return found


def _refuse(block: Any, place: str, role: str) -> None:
    kind = block.__struct_config__.tag
    raise InvalidRequest(f"{place}.type: a block of type {kind} cannot be in a message of role {role}", param=f"{place}.type")


def _text(block: wire.TextBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    if asks(block.citations):
        notes.dropped.append(f"{path(at)}.citations")
    if block.text:
        parts.append(Text(block.text))


def _image(block: wire.ImageBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    _picture(block, path(at), notes, parts)


def _picture(block: wire.ImageBlock, where: str, notes: Notes, parts: list[Any]) -> None:
    match block.source:
        case wire.UrlSource(url):
            image = Image(url=url, where=where)
        case wire.Base64Source(media_type, data):
            image = Image(media_type, data, where=where)
    notes.media.append(image)
    parts.append(image)


def _document(block: wire.DocumentBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    """`context` is what the client tells the model about the file: it is said in front of it."""
    where = path(at)
    if block.citations and block.citations.enabled:
        notes.dropped.append(f"{where}.citations")
    if block.context:
        parts.append(Text(f"About the document that follows: {block.context}"))
    document, source = Document(name=block.title or "", where=where), block.source
    notes.media.append(document)
    parts.append(document)
    match source:
        case wire.Base64Source(media_type, data):
            document.media_type, document.data = media_type, data
        case wire.UrlSource(url):
            document.url = url
        case wire.TextSource(data, media_type):
            document.media_type, document.text = media_type, data
        case wire.ContentSource(content):
            document.media_type, document.text = "text/plain", _composed(content, f"{where}.source.content", notes, parts)


def _composed(content: str | list[wire.TextBlock | wire.ImageBlock], place: str, notes: Notes, parts: list[Any]) -> str:
    """The text of a document of blocks; the pictures in it follow it."""
    if isinstance(content, str):
        return content
    found: list[Any] = []
    for k, block in enumerate(content):
        if isinstance(block, wire.ImageBlock):
            _picture(block, f"{place}[{k}]", notes, parts)
        elif block.text:
            found.append(block.text)
        if isinstance(block, wire.TextBlock) and asks(block.citations):
            notes.dropped.append(f"{place}[{k}].citations")
    return "\n".join(found)


def _search_result(block: wire.SearchResultBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    if block.citations and block.citations.enabled:
        notes.dropped.append(f"{path(at)}.citations")
    told = [f"Search result: {block.title}\nSource: {block.source}", *texts(block.content, f"{path(at)}.content", notes)]
    parts.append(Text("\n".join(told)))


def _tool_use(block: wire.ToolUseBlock, _at: At, _notes: Notes, parts: list[Any]) -> None:
    parts.append(ToolCall(block.id, block.name, str(block.input, "utf-8")))


def _tool_result(block: wire.ToolResultBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    content = block.content
    inside: list[Text | Image | Document] = []
    if type(content) is str:
        if content:
            inside.append(Text(content))
    else:
        for k, inner in enumerate(content or ()):
            RESULT_STEPS[type(inner)](inner, (*at, k), notes, inside)
    parts.append(ToolResult(block.tool_use_id, inside, block.is_error is True))


def _tool_reference(block: wire.ToolReferenceBlock, _at: At, _notes: Notes, parts: list[Any]) -> None:
    parts.append(Text(f"Tool found: {block.tool_name}"))


def _reasoning(block: wire.ThinkingBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    """An empty signature is what a streamed block starts with: there never was one."""
    signature = block.signature or None
    if block.thinking or signature:
        (notes.signed if signature else notes.unsigned).append(at)
        parts.append(Reasoning(block.thinking, signature))


def _redacted(block: wire.RedactedThinkingBlock, at: At, notes: Notes, parts: list[Any]) -> None:
    notes.redacted.append(at)
    parts.append(Reasoning(redacted=block.data))


RESULT_STEPS: dict[type, Step] = {
    wire.TextBlock: _text,
    wire.ImageBlock: _image,
    wire.DocumentBlock: _document,
    wire.SearchResultBlock: _search_result,
    wire.ToolReferenceBlock: _tool_reference,
    wire.UnknownBlock: served.drop,
}

# Which blocks a role may hold: as the Messages API has it, and what clients put into answers they made up.
STEPS: dict[str, dict[type, Step]] = {
    "user": {
        wire.TextBlock: _text,
        wire.ImageBlock: _image,
        wire.DocumentBlock: _document,
        wire.SearchResultBlock: _search_result,
        wire.ToolResultBlock: _tool_result,
        wire.ContainerUploadBlock: served.drop,
        wire.UnknownBlock: served.drop,
    },
    "assistant": {
        wire.TextBlock: _text,
        wire.ImageBlock: _image,
        wire.DocumentBlock: _document,
        wire.ToolUseBlock: _tool_use,
        wire.ThinkingBlock: _reasoning,
        wire.RedactedThinkingBlock: _redacted,
        **served.STEPS,
    },
    "system": {wire.TextBlock: _text, wire.UnknownBlock: served.drop},
}
