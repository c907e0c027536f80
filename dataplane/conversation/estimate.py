"""How many tokens a conversation is likely to be, without a tokenizer.

Used for the honest first figure (reservation, count_tokens, message_start) that upstream figures
correct later.
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

from dataplane.conversation.model import Call, Document, Image, Media, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from headgate.tokens import ASCII_PER_TOKEN, text_tokens

# What surrounds a turn or a tool on the wire.
TURN_TOKENS = 4
TOOL_TOKENS = 12
# A picture of the usual size; the true figure depends on its pixels.
IMAGE_TOKENS = 1500
# A file such as a PDF is mostly layout, fonts and pictures: a page of some 30 kB is read as about
# 2000 tokens.
BINARY_PER_TOKEN = 15
BYTES_PER_BASE64 = 0.75


def prompt_tokens(call: Call) -> int:
    """Tokens of everything `call` sends; at least 1."""
    tokens = sum(map(text_tokens, call.system))
    for turn in call.turns:
        tokens += TURN_TOKENS
        for part in turn.parts:
            tokens += PARTS[type(part)](part)
    for tool in call.tools:
        tokens += TOOL_TOKENS + text_tokens(tool.name) + text_tokens(tool.description) + len(tool.schema) / ASCII_PER_TOKEN
    return max(1, round(tokens))


def turn_tokens(turn: Turn) -> int:
    """Tokens of one turn's words, rounded up: what many come to is never less than what they are. What is only guessed is
    left out, see `guessed_tokens`.
    """
    tokens = TURN_TOKENS + sum(PARTS[type(part)](part) for part in turn.parts)
    return ceil(tokens - sum(map(_guess, media([turn]))))


def guessed_tokens(call: Call) -> int:
    """What of a prompt's estimate stands for pictures and files whose size in tokens nobody can know: a scan of several
    megabytes may be one page. Good enough to reserve for, not to refuse or to shorten.
    """
    return round(sum(map(_guess, call.media)))


def media(turns: Iterable[Turn]) -> list[Media]:
    """Pictures and files, those in results of tools included, in their order."""
    parts = [part for turn in turns for part in turn.parts]
    flat = [each for part in parts for each in (part.parts if isinstance(part, ToolResult) else (part,))]
    return [each for each in flat if isinstance(each, Image | Document)]


def _guess(part: Media) -> float:
    if isinstance(part, Image):
        return IMAGE_TOKENS
    return 0.0 if part.media_type.startswith("text/") else len(part.data) * BYTES_PER_BASE64 / BINARY_PER_TOKEN


def _text(part: Text) -> float:
    return text_tokens(part.text)


def _reasoning(part: Reasoning) -> float:
    return text_tokens(part.text) + len(part.redacted or "") * BYTES_PER_BASE64 / ASCII_PER_TOKEN


def _tool_call(part: ToolCall) -> float:
    return text_tokens(part.name) + text_tokens(part.arguments)


def _tool_result(part: ToolResult) -> float:
    return sum(PARTS[type(each)](each) for each in part.parts)


def _image(_: Image) -> float:
    return IMAGE_TOKENS


def _document(part: Document) -> float:
    size = len(part.data) * BYTES_PER_BASE64
    per_token = ASCII_PER_TOKEN if part.media_type.startswith("text/") else BINARY_PER_TOKEN
    return text_tokens(part.text) + size / per_token


def _search(part: Search) -> float:
    told = (hit.title + hit.url + hit.text for hit in part.hits)
    return text_tokens(part.query) + sum(map(text_tokens, told))


PARTS: dict[type, Callable[[Any], float]] = {
    Text: _text,
    Reasoning: _reasoning,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    Image: _image,
    Document: _document,
    Search: _search,
}
