"""What is kept of conversations, as values, and how much of it.

Items are JSON text that only their dialect reads. Times are epoch milliseconds, sizes bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MIB = 1024 * 1024
# What a row costs besides what is in it, roughly: many empty ones are not nothing.
ROW_BYTES = 64


@dataclass(slots=True)
class Item:
    """One item of a conversation; `id` is "" where nobody can refer to it."""

    id: str
    json: bytes

    @property
    def size(self) -> int:
        return len(self.id) + len(self.json) + ROW_BYTES


@dataclass(slots=True)
class Answer:
    """An answer and what led to it: `previous` is the one that it followed ("" none), `items` are what its request
    added to the conversation and then what was answered.
    """

    id: str
    previous: str
    body: bytes
    items: Sequence[Item]


@dataclass(slots=True)
class Recalled:
    """Everything said up to an answer, oldest first; and single items, in the order asked for."""

    history: Sequence[Item]
    items: Sequence[Item]


@dataclass(slots=True)
class Said:
    """What one side said at one time."""

    by_assistant: bool
    text: str

    @property
    def size(self) -> int:
        return len(self.text.encode()) + ROW_BYTES


@dataclass(slots=True)
class Turn:
    """A session that is taken for one turn, and what was said in it before."""

    id: str
    said: Sequence[Said]


@dataclass(slots=True)
class Taken:
    """A session that another turn has, until then at the latest."""

    until: int


@dataclass(slots=True)
class Session:
    """A session as its owner sees it. `turns` are things said by either side."""

    user: str
    turns: int
    bytes: int
    updated_at: int
    expires_at: int


@dataclass(slots=True)
class Totals:
    """What one key has here; of all keys together where several are summed."""

    answers: int = 0
    answer_bytes: int = 0
    sessions: int = 0
    session_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept. What is beyond them for a whole key goes, the oldest or longest unused first."""

    # A client that sent all of it itself could not send more: the gateway's limit for a body.
    answer_bytes: int = 32 * MIB
    chain_bytes: int = 32 * MIB
    # Answers that follow one another; each costs an index lookup when the last is followed.
    chain_answers: int = 5000
    answers_bytes: int = 512 * MIB
    items_recalled: int = 1000
    # Far above what a model reads: the session's upstream has windows of some 256 000 tokens.
    session_bytes: int = 2 * MIB
    session_said: int = 2000
    sessions: int = 10_000
    sessions_bytes: int = 256 * MIB


def surplus(said: Sequence[tuple[int, bool]], most_bytes: int, most: int) -> int:
    """How many of `said` (size, by the assistant) go from the front, so that the rest is within bounds.

    A question is never parted from its answer: what is left begins with what the user said, and
    with all of it where the user spoke several times before the assistant did.
    """
    size, left = sum(size for size, _ in said), len(said)
    gone = 0
    for before, (one, by_assistant) in enumerate(said):
        begins = not by_assistant and (before == 0 or said[before - 1][1])
        if begins and size <= most_bytes and left <= most:
            return gone
        size, left, gone = size - one, left - 1, before + 1
    return gone
