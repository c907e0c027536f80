"""A conversation as the summarizer reads it. Values only; the wire is `rpc/`'s affair."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant", "system"]


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody said."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call the model made; `arguments` is JSON text, perhaps broken."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave back: its words, and of what else it held the kinds."""

    call_id: str
    text: str
    is_error: bool = False
    opaque: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that cannot be read here: `kind` is "image", "document", "reasoning" or "search"."""

    kind: str


Part = Text | Call | Result | Opaque


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said at one time. `tokens`: the data plane's estimate. `digest` stands for the whole content,
    that of opaque parts included.
    """

    role: Role
    parts: tuple[Part, ...]
    tokens: int
    digest: bytes

    @property
    def calls(self) -> list[str]:
        """Ids of the calls it makes."""
        return [part.id for part in self.parts if isinstance(part, Call)]

    @property
    def results(self) -> list[str]:
        """Ids of the calls it has results of."""
        return [part.call_id for part in self.parts if isinstance(part, Result)]


@dataclass(frozen=True, slots=True)
class Conversation:
    """All turns, and how much there is room for, in estimated tokens: `overhead` stays in any case, `room` is what the
    model reads less what its answer needs, 0 unknown.
    """

    turns: Sequence[Turn]
    overhead: int = 0
    room: int = 0
