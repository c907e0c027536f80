"""Messages and their content blocks, turned into turns and parts."""

from collections.abc import Callable
from typing import Any, TypeAlias

from dataplane.conversation.model import Document, Image, Part, Reasoning, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.anthropic import body as wire
from dataplane.errors import InvalidRequest

# JSON paths of what has no place in a Call.
Dropped: TypeAlias = list[str]
# Where a block is: the message, the block in it, the block in that.
At: TypeAlias = tuple[int, ...]


def turn(message: wire.Message, i: int, dropped: Dropped) -> Turn:
    """The message at `i`. Texts without a character say nothing and are left out. Raises InvalidRequest."""
    role, content = message.role, message.content
    if message.output_config is not None:
        dropped.append(f"messages[{i}].output_config")
    if type(content) is str:
        return Turn(role, [Text(content)] if content else [])
    allowed = ALLOWED[role]
    parts: list[Part] = []
    for j, block in enumerate(content):
        kind = type(block)
        if kind not in allowed:
            _refuse(block, _path((i, j)), role)
        part = PARTS[kind](block, (i, j), dropped)
        if part is not None:
            parts.append(part)
    return Turn(role, parts)


def texts(content: str | list[wire.TextBlock] | None, path: str, dropped: Dropped) -> list[str]:
    """Text given as a string or as blocks."""
    if not content:
        return []
    if isinstance(content, str):
        return [content]
    found = []
    for j, block in enumerate(content):
        if block.text:
            found.append(block.text)
        if block.citations:
            dropped.append(f"{path}[{j}].citations")
    return found


def _path(at: At) -> str:
    inner = "".join(f".content[{place}]" for place in at[1:])
    return f"messages[{at[0]}]{inner}"


def _refuse(block: Any, path: str, role: str) -> None:
    kind = block.__struct_config__.tag
    raise InvalidRequest(f"{path}.type: a {kind} block cannot be in a message of role {role}", param=f"{path}.type")


def _text(block: wire.TextBlock, at: At, dropped: Dropped) -> Text | None:
    if block.citations:
        dropped.append(f"{_path(at)}.citations")
    return Text(block.text) if block.text else None


def _image(block: wire.ImageBlock, _at: At, _dropped: Dropped) -> Image:
    source = block.source
    if isinstance(source, wire.UrlSource):
        return Image(url=source.url)
    return Image(source.media_type, source.data)


def _document(block: wire.DocumentBlock, at: At, dropped: Dropped) -> Document:
    if block.context:
        dropped.append(f"{_path(at)}.context")
    if block.citations and block.citations != {"enabled": False}:
        dropped.append(f"{_path(at)}.citations")
    name = block.title or ""
    match block.source:
        case wire.Base64Source(media_type, data):
            return Document(media_type, data, name=name)
        case wire.UrlSource(url):
            return Document(url=url, name=name)
        case wire.TextSource(data, media_type):
            return Document(media_type, text=data, name=name)
        case wire.ContentSource(content):
            text = "\n".join(texts(content, f"{_path(at)}.source.content", dropped))
            return Document("text/plain", text=text, name=name)


def _tool_use(block: wire.ToolUseBlock, _at: At, _dropped: Dropped) -> ToolCall:
    return ToolCall(block.id, block.name, str(block.input, "utf-8"))


def _tool_result(block: wire.ToolResultBlock, at: At, dropped: Dropped) -> ToolResult:
    content = block.content
    parts: list[Text | Image | Document] = []
    if type(content) is str:
        if content:
            parts.append(Text(content))
    else:
        for k, inner in enumerate(content or ()):
            part = RESULT_PARTS[type(inner)](inner, (*at, k), dropped)
            if part is not None:
                parts.append(part)
    return ToolResult(block.tool_use_id, parts, block.is_error is True)


def _tool_reference(block: wire.ToolReferenceBlock, _at: At, _dropped: Dropped) -> Text:
    return Text(f"Tool found: {block.tool_name}")


def _reasoning(block: wire.ThinkingBlock, _at: At, _dropped: Dropped) -> Reasoning | None:
    """An empty signature is what a streamed block starts with: there never was one."""
    signature = block.signature or None
    return Reasoning(block.thinking, signature) if block.thinking or signature else None


def _redacted(block: wire.RedactedThinkingBlock, _at: At, _dropped: Dropped) -> Reasoning:
    return Reasoning(redacted=block.data)


RESULT_PARTS: dict[type, Callable[[Any, At, Dropped], Any]] = {
    wire.TextBlock: _text,
    wire.ImageBlock: _image,
    wire.DocumentBlock: _document,
    wire.ToolReferenceBlock: _tool_reference,
}

PARTS: dict[type, Callable[[Any, At, Dropped], Any]] = {
    wire.TextBlock: _text,
    wire.ImageBlock: _image,
    wire.DocumentBlock: _document,
    wire.ToolUseBlock: _tool_use,
    wire.ToolResultBlock: _tool_result,
    wire.ThinkingBlock: _reasoning,
    wire.RedactedThinkingBlock: _redacted,
}

# Which blocks a role may hold, as the Messages API has it.
ALLOWED: dict[str, frozenset[type]] = {
    "user": frozenset({wire.TextBlock, wire.ImageBlock, wire.DocumentBlock, wire.ToolResultBlock}),
    "assistant": frozenset({wire.TextBlock, wire.ToolUseBlock, wire.ThinkingBlock, wire.RedactedThinkingBlock}),
    "system": frozenset({wire.TextBlock}),
}
