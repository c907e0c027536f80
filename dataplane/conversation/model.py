"""The canonical conversation: what every dialect parses into and every upstream builds from.

Roles are `user`, `assistant` and, for instructions in the middle of a conversation, `system`.
Results of tool calls are parts of a user turn. JSON that nobody has to look into stays text.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "assistant", "system"]


@dataclass(slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(slots=True)
class Image:
    """A picture: base64 `data` of `media_type`, or a `url` to fetch."""

    media_type: str = ""
    data: str = ""
    url: str = ""


@dataclass(slots=True)
class Document:
    """A file: base64 `data` of `media_type`, plain `text`, or a `url` to fetch."""

    media_type: str = ""
    data: str = ""
    text: str = ""
    url: str = ""
    name: str = ""


@dataclass(slots=True)
class Reasoning:
    """Thinking of an earlier answer.

    `signature` is the provider's proof that the text is its own, None when there is none.
    `redacted` is thinking that only the provider can read; `text` is then empty.
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


@dataclass(slots=True)
class ToolCall:
    """A call the model made. `arguments` is JSON text exactly as the client sent it, perhaps broken."""

    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class ToolResult:
    """What a call gave back."""

    call_id: str
    parts: list["Text | Image | Document"] = field(default_factory=list)
    is_error: bool = False


Part = Text | Image | Document | Reasoning | ToolCall | ToolResult


@dataclass(slots=True)
class Turn:
    """What one side said at one time."""

    role: Role
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Tool:
    """A function the model may call. `schema` is its JSON schema as JSON text, b"" when none was given."""

    name: str
    description: str = ""
    schema: bytes = b""


@dataclass(slots=True)
class ToolChoice:
    """What the client says about calling tools: freely, never, at least one, or `name`."""

    mode: Literal["auto", "none", "required", "named"] = "auto"
    name: str = ""
    parallel: bool = True


@dataclass(slots=True)
class Sampling:
    """How to draw the answer; None is the upstream's default. `max_tokens` counts answer tokens."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Thinking:
    """What the client asks of the model's reasoning.

    `effort` is one of none, minimal, low, medium, high, xhigh, max, or "" when not said.
    `budget` is in tokens. `display` is "summarized", "omitted" or "".
    """

    mode: Literal["enabled", "adaptive", "disabled"]
    budget: int | None = None
    effort: str = ""
    display: str = ""


@dataclass(slots=True)
class Call:
    """One request, whatever dialect it came in.

    `model` is the name as the client wrote it. `session` is the client's own stable name for the
    conversation, "" when it gave none. `include_usage` is OpenAI's stream_options.include_usage.
    `dropped` lists the JSON paths of the body that have no place in this model. `extras` keeps
    unmodelled members of the body as JSON text for upstreams of the same family, `family` naming
    it. `input_estimate` is the gateway's estimate of the prompt in tokens.
    """

    model: str
    turns: list[Turn]
    family: str
    system: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    sampling: Sampling = field(default_factory=Sampling)
    thinking: Thinking | None = None
    stream: bool = False
    include_usage: bool = False
    user: str = ""
    session: str = ""
    dropped: list[str] = field(default_factory=list)
    extras: dict[str, bytes] = field(default_factory=dict)
    input_estimate: int = 0


@dataclass(slots=True, frozen=True)
class Stamp:
    """What is unique about one attempt: a random hex id and the time in epoch seconds."""

    id: str
    created: int
