"""Texts too long for one message of the older hosts, told in several (C05).

No message may be without anything visible (C01), nor may a piece of a result (T12). So cuts move where
a piece would hold nothing but white space. White space is cut away only where no cut can help: at the
two ends of a text, and between two of its words, when a whole message is not long enough for it.
"""

import re

from msgspec.structs import replace

from dataplane.upstreams.kiro.asking.entries import Assistant, Entry, Note, Result, User, blank
from dataplane.upstreams.kiro.hosts import Host

# What the model is taken to have said between two pieces of one message.
GO_ON = Note("Go on.")
# Failed results begin with a word that says so (T11), which needs room too.
RESERVED = len("Error: ")

_visible = re.compile(r"\S").search


def capped(entries: list[Entry], host: Host) -> list[Entry]:
    """C05: what is too much for a result moves to the text of its turn, what is too much for that to further turns."""
    if not host.user_characters:
        return entries
    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, User):
            found += _told(_relieved(entry, host.result_characters), host.user_characters)
        else:
            found.append(entry)
    return found


def _relieved(entry: User, cap: int) -> User:
    """The turn with the ends of results beyond `cap` as texts in front of its own."""
    results, ends = list[Result](), list[str]()
    given = [part for part in entry.parts if isinstance(part, Result)]
    for result in given:
        kept, end = _cut(result, cap - RESERVED if result.is_error else cap)
        results.append(kept)
        if end:
            ends += [Note(f"Rest of the result of tool call {result.id}:"), *end]
    if results == given:
        return entry
    return User([*results, *ends, *(part for part in entry.parts if not isinstance(part, Result))])


def _cut(result: Result, room: int) -> tuple[Result, list[str]]:
    """The first `room` characters of a result, which hold something visible, and what is left of it."""
    kept, end = list[str](), list[str]()
    for text in result.parts:
        assert isinstance(text, str), "pictures were moved out of results before"
        if kept and (end or blank(text[:room])):
            end.append(text)
            continue
        first, *others = _pieces(text, room)
        kept.append(first)
        room -= len(first)
        if others:
            end.append("".join(others))
    return (result, end) if kept == result.parts else (replace(result, parts=[*kept]), end)


def _told(entry: User, cap: int) -> list[Entry]:
    """The turn, its text in pieces, each in a turn of its own. Results must stay beside their calls."""
    content = "\n\n".join(part for part in entry.parts if isinstance(part, str))
    if len(content) <= cap:
        return [entry]
    first, *others = _pieces(content, cap)
    found: list[Entry] = [User([*(part for part in entry.parts if not isinstance(part, str)), first])]
    for piece in others:
        found += [Assistant([GO_ON]), User([piece])]
    return found


def _pieces(text: str, cap: int) -> list[str]:
    """`text`, which is not blank, in pieces of `cap` characters at most, each with something visible."""
    found = list[str]()
    at = max(0, _next(text, 0) - cap + 1)
    while at < len(text):
        end, following = _bounds(text, at, cap)
        found.append(text[at:end])
        at = following
    return found


def _bounds(text: str, at: int, cap: int) -> tuple[int, int]:
    """The end of the piece that begins at `at`, and the beginning of the one after it.

    A piece that begins with something visible has the most room for white space after it.
    """
    end = at + cap
    if end >= len(text):
        return len(text), len(text)
    if not text[end].isspace():
        return end, end
    last = at + len(text[at:end].rstrip()) - 1
    if not blank(text[at:last]):
        return last, last
    visible = _next(text, end)
    return end, max(end, visible - cap + 1) if visible < len(text) else visible


def _next(text: str, at: int) -> int:
    """Where the next visible character stands; the length of the text when there is none."""
    found = _visible(text, at)
    return found.start() if found else len(text)
