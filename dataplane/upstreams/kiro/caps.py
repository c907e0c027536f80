"""Texts too long for one message of the older hosts, told in several (C05). Nothing is cut away."""

from msgspec.structs import replace

from dataplane.upstreams.kiro.entries import Assistant, Entry, Note, Result, User, blank
from dataplane.upstreams.kiro.hosts import Host

# What the model is taken to have said between two pieces of one message.
GO_ON = Note("Go on.")
# Failed results begin with a word that says so (T11), which needs room too.
RESERVED = len("Error: ")


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
    for part in entry.parts:
        if not isinstance(part, Result):
            continue
        kept, end = _cut(part, cap - RESERVED if part.is_error else cap)
        results.append(kept)
        if end:
            ends += [Note(f"Rest of the result of tool call {part.id}:"), *end]
    if not ends:
        return entry
    return User([*results, *ends, *(part for part in entry.parts if not isinstance(part, Result))])


def _cut(result: Result, room: int) -> tuple[Result, list[str]]:
    """The first `room` characters of a result, and what is left of it."""
    kept, end = list[str](), list[str]()
    for text in result.parts:
        assert isinstance(text, str), "pictures were moved out of results before"
        # A piece that is nothing but white space would not count as text (C01, T12).
        kept += [] if blank(text[:room]) else [text[:room]]
        end += [] if blank(text[room:]) else [text[room:]]
        room = max(0, room - len(text))
    return (result, end) if kept == result.parts else (replace(result, parts=[*kept]), end)


def _told(entry: User, cap: int) -> list[Entry]:
    """The turn, its text in pieces of even length, each in a turn of its own. Results must stay beside their calls."""
    content = "\n\n".join(part for part in entry.parts if isinstance(part, str))
    if len(content) <= cap:
        return [entry]
    count = -(-len(content) // cap)
    size = -(-len(content) // count)
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    first, *others = (piece for piece in pieces if not blank(piece))
    found: list[Entry] = [User([*(part for part in entry.parts if not isinstance(part, str)), first])]
    for piece in others:
        found += [Assistant([GO_ON]), User([piece])]
    return found
