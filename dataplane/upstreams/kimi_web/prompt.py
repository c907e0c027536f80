"""A conversation as the one text that the site takes (Kimi wire notes, section 1, prompt).

System text comes first, then every turn behind a label, `User: ` or `Model: `, with a blank line between
them; the last is what is to be answered. A message with nothing before it stays as it is, as a visitor would
type it. What has no words of its own (calls of tools, their results, searches, pictures) is told in square
brackets. A line of a text that begins like a label is moved by one space: a reader still takes it for what it
is, and cannot take it for a turn.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dataplane.conversation.model import Call, Image, Reasoning, Role, Search, Text, ToolCall, ToolResult
from dataplane.errors import ContextTooLong, InvalidRequest
from dataplane.upstreams.base import Lease
from headgate.tokens import text_tokens

# Characters of one prompt, unless the lease says otherwise. The site's own limit is not known; these are about as many
# tokens as the smaller of its models reads.
MOST_CHARACTERS = 500_000
LIMIT = "max_prompt_characters"
BLOCK = "\n\n"

LABELS: Mapping[Role, str] = {"user": "User: ", "assistant": "Model: ", "system": "System: "}
# Stands at the end when the client began the answer itself.
RESUME = "Go on from where your last words end. Repeat none of them."
PICTURE = "[a picture that cannot be shown here]"

_label = re.compile(r"(^|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])(?=(?:User|Model|System): )")
# Names of tools by the ids of their calls.
Names = dict[str, str]


def prompt(call: Call, lease: Lease) -> str:
    """Raises InvalidRequest where there is nothing to say, ContextTooLong where there is too much."""
    names: Names = {}
    system = [text for text in call.system if not blank(text)]
    turns = [(turn.role, text) for turn in call.turns if not blank(text := "\n".join(told(turn.parts, names)))]
    if not (system or turns):
        raise InvalidRequest("the conversation holds no text", param="messages")
    if not system and [role for role, _ in turns] == ["user"]:
        return fitting(turns[0][1], lease)
    if turns and turns[-1][0] == "assistant":
        turns.append(("user", RESUME))
    return fitting(BLOCK.join([*map(guarded, system), *(LABELS[role] + guarded(text) for role, text in turns)]), lease)


def told(parts: list[Any], names: Names) -> Iterator[str]:
    """The parts in words. KeyError for a file, which has become text before."""
    for part in parts:
        if text := WORDS[type(part)](part, names):
            yield text


def guarded(text: str) -> str:
    """`text` without lines that look like the beginning of a turn."""
    return _label.sub(r"\1 ", text)


def blank(text: str) -> bool:
    return not text or text.isspace()


def fitting(text: str, lease: Lease) -> str:
    most = most_characters(lease)
    if len(text) > most:
        maximum = round(text_tokens(text[:most]))
        raise ContextTooLong(max(round(text_tokens(text)), maximum + 1), maximum)
    return text


def most_characters(lease: Lease) -> int:
    said = lease.attributes.get(LIMIT, "")
    return int(said) if said.isdecimal() else MOST_CHARACTERS


def _text(part: Text, _: Names) -> str:
    return part.text


def _picture(_part: Image, _: Names) -> str:
    return PICTURE


def _reasoning(_part: Reasoning, _: Names) -> str:
    """Left out: the site has no place for it, and as plain text it would read as an answer."""
    return ""


def _call(part: ToolCall, names: Names) -> str:
    names[part.id] = part.name
    return f"[called the tool {part.name} with {part.arguments or '{}'}]"


def _result(part: ToolResult, names: Names) -> str:
    name = names.get(part.call_id, "that was called")
    said = "\n".join(told(part.parts, names)) or "nothing"
    return f"[the tool {name} {'failed' if part.is_error else 'answered'}: {said}]"


def _search(part: Search, _: Names) -> str:
    if part.error:
        return f"[searched the web for {part.query!r}: failed, {part.error}]"
    hits = "\n\n".join("\n".join(filter(None, (hit.title, hit.url, hit.text))) for hit in part.hits) or "nothing found"
    return f"[searched the web for {part.query!r}:\n{hits}]"


WORDS: Mapping[type, Callable[[Any, Names], str]] = {
    Text: _text,
    Image: _picture,
    Reasoning: _reasoning,
    ToolCall: _call,
    ToolResult: _result,
    Search: _search,
}
