"""A conversation as the entries Kiro has seats for: what the user's side said, what the model said."""

import json
from collections.abc import Sequence

import msgspec

from dataplane.conversation.model import Call, Document, Image, Media, Part, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import provenance
from dataplane.upstreams.kiro.asking import findings, names


class Note(str):
    """Words of the gateway's own, which stand only where Kiro insists on some.

    Models imitate what they find in a conversation (C06), so notes are few, and told from the
    client's texts by their type.
    """

    __slots__ = ()


# Stands in an answer for a picture, as answers have no seat for one (I01).
ATTACHED = Note("[image attached to the next message]")


class Use(msgspec.Struct, gc=False):
    """A call the model made, under an id Kiro accepts; `name` is the client's."""

    id: str
    name: str
    arguments: str


class Result(msgspec.Struct, gc=False):
    """What a call gave back; texts are never blank."""

    id: str
    parts: list[str | Image]
    is_error: bool = False


class User(msgspec.Struct, gc=False):
    """What the client's side said; texts are never blank."""

    parts: list[str | Image | Result]


class Assistant(msgspec.Struct, gc=False):
    """What the model said. There is one seat for reasoning, and only signed reasoning may take it (R01, R03).

    `images` have no seat here at all; they wait for the user turn that follows.
    """

    texts: list[str]
    uses: list[Use] = []
    reasoning: Reasoning | None = None
    images: list[Image] = []


Entry = User | Assistant


def folded(call: Call, lease: Lease, *, signed: bool) -> list[Entry]:
    """Turns as entries. Raises InvalidRequest for what has no seat.

    Instructions in the middle of a conversation become part of the user turn they stand beside (M04).
    """
    entries: list[Entry] = []
    for turn in call.turns:
        if turn.role == "assistant":
            entries += _answer(turn, lease, signed=signed)
        else:
            entries.append(_question(turn, lease))
    return entries


def led(entries: list[Entry], system: list[str]) -> list[Entry]:
    """E01, M01: the system text has no seat of its own, it opens the conversation."""
    if not system:
        return entries
    if entries and isinstance(entries[0], User):
        entries[0].parts[:0] = system
        return entries
    return [User([*system]), *entries]


def blank(text: str) -> bool:
    """Whether nobody would see anything of it."""
    return not text or text.isspace()


def _question(turn: Turn, lease: Lease) -> User:
    parts: list[str | Image | Result] = []
    for part in turn.parts:
        if isinstance(part, Text):
            if not blank(part.text):
                parts.append(part.text)
        elif isinstance(part, ToolResult):
            parts.append(Result(names.wire_id(part.call_id), _output(part.parts, lease), part.is_error))
        else:
            parts.append(_picture(part, lease, "only the assistant may call tools and reason"))
    return User(parts)


def _output(parts: Sequence[Text | Image | Document], lease: Lease) -> list[str | Image]:
    found: list[str | Image] = []
    for part in parts:
        if not isinstance(part, Text):
            found.append(_picture(part, lease, ""))
        elif not blank(part.text):
            found.append(part.text)
    return found


def _answer(turn: Turn, lease: Lease, *, signed: bool) -> list[Entry]:
    """An answer in which the web was searched is as many entries as the model waited for results."""
    entry = Assistant([])
    entries: list[Entry] = []
    for part in turn.parts:
        if isinstance(part, Text):
            if not blank(part.text):
                entry.texts.append(part.text)
        elif isinstance(part, ToolCall):
            entry.uses.append(Use(names.wire_id(part.id), part.name, part.arguments))
        elif isinstance(part, Reasoning):
            entry.reasoning = (_own(part, lease) if signed else None) or entry.reasoning
        elif isinstance(part, Search):
            use, found = _searched(part)
            entry.uses.append(use)
            entries += (entry, User([found]))
            entry = Assistant([])
        else:
            entry.images.append(_picture(part, lease, "results of tool calls belong to the user's side"))
            entry.texts.append(ATTACHED)
    entries.append(entry)
    return entries


def _searched(part: Search) -> tuple[Use, Result]:
    # Not our own codec: the words of the query may hold halves of surrogate pairs, which are mended later.
    query = json.dumps({"query": part.query}, ensure_ascii=False)
    use = Use(names.wire_id(part.id), names.SEARCH, query)
    return use, Result(use.id, [findings.told(part)], bool(part.error))


def _own(part: Reasoning, lease: Lease) -> Reasoning | None:
    """The block as this very account and model signed it (R01, R02), None when it did not."""
    if part.redacted:
        redacted = provenance.bare(part.redacted, lease)
        return Reasoning(redacted=redacted) if redacted else None
    signature = provenance.bare(part.signature, lease) if part.signature else None
    return Reasoning(part.text, signature) if signature else None


def _picture(part: Part, lease: Lease, misplaced: str) -> Image:
    """A picture that has a seat. Files were made text or pictures before, and addresses were fetched (I03, I08)."""
    if not isinstance(part, Media):
        raise InvalidRequest(misplaced, param="messages")
    where = part.where or "messages"
    if isinstance(part, Document):
        raise InvalidRequest("this model cannot read files; send the content as text or pictures", param=where)
    if part.url:
        raise InvalidRequest("the picture was not fetched; send its bytes in base64", param=where)
    if lease.input_types and "image" not in lease.input_types:
        raise InvalidRequest("this model reads text only; choose one that reads pictures (I09)", param=where)
    return part
