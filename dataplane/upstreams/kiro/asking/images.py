"""Pictures where Kiro has a seat for them: on user turns, found by their position alone (I01 to I09)."""

from collections.abc import Iterator
from typing import TypeVar

from msgspec.structs import replace

from dataplane.conversation.model import Image
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.entries import Assistant, Entry, Note, Result, User
from dataplane.wire import pictures

T = TypeVar("T")

MAX_COUNT = 100
# Bytes of the base64 text, not of the picture.
MAX_ENCODED = 5 * 1024 * 1024
MAX_SIDE = 8000
# In a request with more than MANY pictures, each may have MANY_SIDE only.
MANY = 20
MANY_SIDE = 2000

# Stands for pictures that were too many (I06).
REMOVED = Note(f"[older image removed: a request holds at most {MAX_COUNT}]")
# Stands for the words that a message of nothing but pictures lacks (C01).
LOOK = Note("See the attached image.")


def hoist(entries: list[Entry]) -> list[Entry]:
    """I01: pictures of an answer go to the user turn that follows it."""
    found: list[Entry] = []
    waiting: list[Image] = []
    for entry in entries:
        if isinstance(entry, Assistant):
            waiting += entry.images
            found.append(replace(entry, images=[]) if entry.images else entry)
        else:
            found.append(User([*waiting, *entry.parts]) if waiting else entry)
            waiting = []
    return [*found, User([*waiting])] if waiting else found


def limit(entries: list[Entry]) -> list[Entry]:
    """I06: of more than 100 pictures the oldest become a note; those of the current turn stay."""
    counts = [len(list(pictured(entry))) if isinstance(entry, User) else 0 for entry in entries]
    excess = sum(counts) - MAX_COUNT
    if excess <= 0:
        return entries
    if counts[-1] > MAX_COUNT:
        where = [image.where for image in pictured(entries[-1])][MAX_COUNT]
        raise InvalidRequest(f"too many images: {counts[-1]} in one message, at most {MAX_COUNT} (I06)", param=where or "messages")
    found: list[Entry] = []
    for entry, count in zip(entries, counts, strict=True):
        gone = min(count, excess)
        excess -= gone
        found.append(_without(entry, gone) if gone and isinstance(entry, User) else entry)
    return found


def stand_in(entry: User) -> bool:
    """Whether the turn holds pictures. Written out, as every turn of every request is asked."""
    for part in entry.parts:
        if type(part) is Image:
            return True
        if type(part) is Result:
            for inner in part.parts:
                if type(inner) is Image:
                    return True
    return False


def pictured(entry: Entry) -> Iterator[Image]:
    """The pictures of a user turn in the order of its seats."""
    for part in entry.parts if isinstance(entry, User) else ():
        if isinstance(part, Image):
            yield part
        elif isinstance(part, Result):
            yield from (inner for inner in part.parts if isinstance(inner, Image))


def _without(entry: User, gone: int) -> User:
    """The turn with a note in place of each of its first `gone` pictures."""
    left = iter(range(gone))

    def noted(part: T) -> T | Note:
        return REMOVED if isinstance(part, Image) and next(left, None) is not None else part

    return User(
        [replace(part, parts=[noted(inner) for inner in part.parts]) if isinstance(part, Result) else noted(part) for part in entry.parts]
    )


def number(entries: list[Entry]) -> list[Entry]:
    """I07: pictures of results go to the turn's own, each leaving its number where it was."""
    return [_numbered(entry) if isinstance(entry, User) else entry for entry in entries]


def _numbered(entry: User) -> User:
    taken: list[Image] = []
    results: list[Result] = []
    for part in entry.parts:
        if isinstance(part, Result):
            results.append(part if all(isinstance(inner, str) for inner in part.parts) else _marked(part, taken))
    if not taken:
        return entry
    rest = [part for part in entry.parts if not isinstance(part, Result)]
    others = sum(isinstance(part, Image) for part in rest)
    legend = [_legend(len(taken), others)] if len(taken) + others > 1 else []
    return User([*results, *taken, *legend, *rest])


def _marked(result: Result, taken: list[Image]) -> Result:
    parts: list[str | Image] = []
    for part in result.parts:
        if isinstance(part, Image):
            taken.append(part)
            parts.append(Note(f"[image {len(taken)}]"))
        else:
            parts.append(part)
    return replace(result, parts=parts)


def _legend(taken: int, others: int) -> Note:
    """One line that says which attached picture is which; models know them by their order alone."""
    marks = ", ".join(f"[image {number}]" for number in range(1, taken + 1))
    return Note(f"Attached images, in this order: {marks}{f', then {others} of the message itself' if others else ''}.")


def fill(entries: list[Entry]) -> list[Entry]:
    """C01: a message of nothing but pictures needs words."""
    return [User([*entry.parts, LOOK]) if isinstance(entry, User) and _wordless(entry) else entry for entry in entries]


def _wordless(entry: User) -> bool:
    return bool(entry.parts) and all(isinstance(part, Image) for part in entry.parts)


def format_of(image: Image, among: int) -> str:
    """The wire's word for what the picture is; `among` counts all of the request. Raises InvalidRequest (I02 to I05)."""
    where = image.where or "messages"
    if len(image.data) > MAX_ENCODED:
        raise InvalidRequest(f"the image is too large: {len(image.data)} bytes in base64, at most {MAX_ENCODED} (I04)", param=where)
    found = pictures.glance(image.data) if len(image.data) % 4 == 0 and image.data.isascii() else None
    if found is None:
        raise InvalidRequest("the image is none of png, jpeg, gif and webp in base64 (I02, I03)", param=where)
    if found.media_type != image.media_type:
        raise InvalidRequest(f"the image is called {image.media_type} but is {found.media_type} (I02)", param=where)
    if found.side > (side := MANY_SIDE if among > MANY else MAX_SIDE):
        raise InvalidRequest(f"the image has a side of {found.side} pixels, at most {side} here (I05)", param=where)
    return found.format
