"""The canonical conversation: what every dialect parses into and every upstream builds from.

Roles are `user`, `assistant` and, for instructions in the middle of a conversation, `system`.
Results of tool calls are parts of a user turn. JSON that nobody has to look into stays text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dataplane.conversation.features import Feature

Role = Literal["user", "assistant", "system"]


@dataclass(slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(slots=True)
class Image:
    """A picture: base64 `data` of `media_type`, or a `url` to fetch. `where` is its JSON path in the client's body."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    where: str = field(default="", compare=False)


@dataclass(slots=True)
class Document:
    """A file: base64 `data` of `media_type`, plain `text`, or a `url` to fetch; `where` as in Image."""

    media_type: str = ""
    data: str = ""
    text: str = ""
    url: str = ""
    name: str = ""
    where: str = field(default="", compare=False)


Media = Image | Document


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


@dataclass(slots=True)
class Hit:
    """One page that a web search found. `text` is what of the page the model was shown; `age` is in the provider's words."""

    title: str
    url: str
    text: str = ""
    age: str = ""


@dataclass(slots=True)
class Search:
    """A web search that was made for the model while it answered; part of an assistant turn.

    `error` is "" or Anthropic's code for why there are no hits, such as "unavailable".
    """

    id: str
    query: str
    hits: list[Hit] = field(default_factory=list)
    error: str = ""


Part = Text | Image | Document | Reasoning | ToolCall | ToolResult | Search


@dataclass(slots=True)
class Turn:
    """What one side said at one time."""

    role: Role
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Tool:
    """A function the model may call. `schema` is its JSON schema as JSON text, b"" when none was given.

    `custom`: the client declared a tool that takes one free text; here it is the argument `input`.
    `namespace`, `own_name`: what the client calls it where it declared it inside a namespace, else "";
    `name` is then one word made of both. `strict`: the client wants its calls held to the schema.
    """

    name: str
    description: str = ""
    schema: bytes = b""
    custom: bool = False
    namespace: str = ""
    own_name: str = ""
    strict: bool = False


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
class OutputFormat:
    """What form the whole answer must have: any JSON object, or JSON that fits `schema` (JSON text).
    `strict`: the client wants it held to the schema, whatever the model would rather say.
    """

    kind: Literal["json_object", "json_schema"]
    schema: bytes = b""
    name: str = ""
    strict: bool = False


@dataclass(slots=True)
class WebSearch:
    """The client lets the provider search the web while it answers.

    `max_uses` bounds the searches of one answer, None for no bound. Hosts as in
    "example.com", which stands for its subdomains too, perhaps with a path; empty is no filter.
    """

    max_uses: int | None = None
    allowed_domains: list[str] = field(default_factory=list)
    blocked_domains: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """One request, whatever dialect it came in.

    `model` is the name as the client wrote it. `session` is the client's own stable name for the
    conversation, else one that the line derives. `include_usage` is OpenAI's stream_options.include_usage.
    `dropped` lists the JSON paths of the body that have no place in this model. `extras` keeps
    unmodelled members of the body as JSON text for upstreams of the same family, `family` naming
    it. `asked` says, for each thing that an upstream may have to leave out, the JSON paths where
    this client asked for it. `media` are the pictures and files of all turns, in their order.
    `input_estimate` is the gateway's estimate of the prompt in tokens. `raw` is the body as the client
    wrote it, as long as it says what this call says: whoever changes `turns` empties it. `headers` are
    those of the client's request that are part of its protocol, by lower-case name. `keep`: the client
    wants the answer kept. `by_user`: in the client's protocol `user` may stand for a conversation that the
    server remembers.
    """

    model: str
    turns: list[Turn]
    family: str
    system: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    sampling: Sampling = field(default_factory=Sampling)
    thinking: Thinking | None = None
    output_format: OutputFormat | None = None
    web_search: WebSearch | None = None
    stream: bool = False
    include_usage: bool = False
    user: str = ""
    session: str = ""
    dropped: list[str] = field(default_factory=list)
    extras: dict[str, bytes] = field(default_factory=dict)
    asked: dict[Feature, list[str]] = field(default_factory=dict)
    media: list[Media] = field(default_factory=list)
    input_estimate: int = 0
    raw: bytes = field(default=b"", repr=False, compare=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: bool = False
    by_user: bool = False


@dataclass(slots=True, frozen=True)
class Stamp:
    """What is unique about one attempt: a random hex id and the time in epoch seconds."""

    id: str
    created: int
