"""What is kept of conversations from one request to the next, as far as the line handles it.

Items are JSON text in the spelling of the dialect that made them; nobody else looks into them.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Item:
    """One item of a conversation; `id` is "" where nobody can refer to it."""

    id: str
    json: bytes


@dataclass(slots=True)
class Recall:
    """What a request builds on: the answer that it follows ("": none), and single items by id, each with its place in the
    client's body.
    """

    answer: str = ""
    items: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Recalled:
    """What was kept of it: all that was said up to the answer, oldest first, and the single items that are not among it."""

    history: list[Item] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class KeptAnswer:
    """An answer to be kept. `previous` is the answer that it followed, "" none. `body` is the whole answer, JSON text;
    `input` is what its request added to the conversation.
    """

    id: str
    previous: str
    body: bytes
    input: list[Item] = field(default_factory=list)
    output: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Said:
    """What one side said at one time in a session."""

    by_assistant: bool
    text: str


@dataclass(slots=True)
class SessionTurn:
    """A turn of a user's session; `id` is the gateway's own name for it."""

    user: str
    id: str


@dataclass(slots=True)
class Session:
    """A session as its owner sees it. Times are epoch milliseconds."""

    user: str
    turns: int
    bytes: int
    updated_at_ms: int
    expires_at_ms: int
