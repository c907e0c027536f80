"""A conversation as the entries Kiro has seats for: what the user's side said, what the model said."""

from dataclasses import dataclass, field

from dataplane.conversation.model import Call, Document, Image, Reasoning, Text, ToolCall, ToolResult, Turn
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import names


@dataclass(slots=True)
class Use:
    """A call the model made, under an id Kiro accepts."""

    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class Result:
    """What a call gave back; `texts` are never blank."""

    id: str
    texts: list[str]
    is_error: bool = False


@dataclass(slots=True)
class User:
    """What the client's side said; texts are never blank."""

    parts: list[str | Result]


@dataclass(slots=True)
class Assistant:
    """What the model said. There is one seat for reasoning, and only signed reasoning may take it (R01, R03)."""

    texts: list[str]
    uses: list[Use] = field(default_factory=list)
    reasoning: Reasoning | None = None


Entry = User | Assistant


def folded(call: Call) -> list[Entry]:
    """Turns as entries. Instructions have no seat of their own: the system text opens the conversation
    (E01), later ones become part of the user turn they stand beside (M04).
    """
    entries: list[Entry] = [_assistant(turn) if turn.role == "assistant" else _user(turn) for turn in call.turns]
    system = [text for text in call.system if not _blank(text)]
    if system and entries and isinstance(entries[0], User):
        entries[0].parts[:0] = system
    elif system:
        entries.insert(0, User([*system]))
    return entries


def _user(turn: Turn) -> User:
    parts: list[str | Result] = []
    for part in turn.parts:
        if isinstance(part, Text):
            if not _blank(part.text):
                parts.append(part.text)
        elif isinstance(part, ToolResult):
            texts = [_readable(inner) for inner in part.parts]
            parts.append(Result(names.wire_id(part.call_id), [text for text in texts if not _blank(text)], part.is_error))
        elif isinstance(part, Image | Document):
            _readable(part)
        else:
            raise InvalidRequest("only the assistant may call tools and reason", param="messages")
    return User(parts)


def _assistant(turn: Turn) -> Assistant:
    entry = Assistant([])
    for part in turn.parts:
        if isinstance(part, Text):
            if not _blank(part.text):
                entry.texts.append(part.text)
        elif isinstance(part, ToolCall):
            entry.uses.append(Use(names.wire_id(part.id), part.name, part.arguments))
        elif isinstance(part, Reasoning):
            if part.signature or part.redacted:
                entry.reasoning = part
        elif isinstance(part, Image | Document):
            _readable(part)
        else:
            raise InvalidRequest("results of tool calls belong to the user's side", param="messages")
    return entry


def _readable(part: Text | Image | Document) -> str:
    if isinstance(part, Text):
        return part.text
    kind = "images" if isinstance(part, Image) else "documents"
    raise InvalidRequest(f"{kind} are not supported for this model yet, send their content as text", param="messages")


def _blank(text: str) -> bool:
    return not text or text.isspace()
