"""The body of a Messages request as clients send it (client notes, section 2).

The structs refuse members they do not name, so that one decode of an ordinary request also proves
that nothing was overlooked; only when that fails the body is read a second time, by way of `pruning`.
Null is as good as absent, and JSON that only travels through (tool inputs, schemas) stays raw. A
`RawMember` is looked at for nothing but whether it is there. `fields` says of every member what it
asks for.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, field

from dataplane.dialects.anthropic.content import Block, Marked, System, Wire
from dataplane.wire.jsontext import Raw
from dataplane.wire.pruning import RawMember

Fraction = Annotated[float, Meta(ge=0, le=1)]
# Counts travel on in 32-bit fields.
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Natural = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Name = Annotated[str, Meta(min_length=1)]


class Message(Wire):
    """One message. Claude Code puts instructions into the middle as `system`, with an effort of their own."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block]
    output_config: RawMember = UNSET


class Tool(Marked):
    """A client tool; with another `type` than "custom" one that Anthropic defines.

    `strict`, `input_examples` and `allowed_callers` change what the model may do with the tool, unlike
    the hints `cache_control`, `eager_input_streaming` and `defer_loading`. The members between them
    belong to web search, the computer and the text editor.
    """

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: Raw = field(default_factory=Raw)
    strict: RawMember = UNSET
    input_examples: RawMember = UNSET
    allowed_callers: RawMember = UNSET
    max_uses: Positive | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    user_location: RawMember = UNSET
    display_width_px: Positive | None = None
    display_height_px: Positive | None = None
    enable_zoom: bool | None = None
    max_characters: Positive | None = None
    defer_loading: RawMember = UNSET
    eager_input_streaming: RawMember = UNSET
    display_number: RawMember = UNSET


class ToolChoice(Wire):
    """A `type` that is not known here leaves the choice free."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class BlockBinding(Wire):
    """What to do with reasoning that belongs to another conversation; "drop_block" is what becomes of it anyway."""

    prefix_mismatch_behavior: str | None = None


class Thinking(Wire):
    """A `type` that is not known here leaves it to the model when to think."""

    type: str
    budget_tokens: Positive | None = None
    display: str | None = None
    block_binding: BlockBinding | None = None


class OutputFormat(Wire):
    """A `type` that is not known here is dropped; the one that is has a schema."""

    type: str
    schema: Raw = field(default_factory=Raw)


class OutputConfig(Struct, gc=False):
    effort: str | None = None
    format: OutputFormat | None = None


class Metadata(Struct, gc=False):
    user_id: str | None = None


class LaterConfig(Wire):
    """The `output_config` of a single message, as far as it can be heeded."""

    effort: str | None = None


class ContextEdit(Struct, gc=False):
    """What Anthropic would take out of the conversation; "all" keeps everything."""

    keep: RawMember = UNSET


class ContextManagement(Struct, gc=False):
    edits: list[ContextEdit] = []


class Request(Struct, gc=False):
    """The body of /v1/messages; /v1/messages/count_tokens sends the same without `max_tokens`.

    This and the two structs above take any member: what has no seat here becomes one of the call's extras.
    `output_format` is where older clients have `output_config.format`.
    """

    model: Name
    messages: list[Message] | None = None
    max_tokens: Positive | None = None
    system: str | list[System] | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    temperature: Fraction | None = None
    top_p: Fraction | None = None
    top_k: Natural | None = None
    stop_sequences: list[str] | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    metadata: Metadata | None = None
    stream: bool | None = None
    cache_control: RawMember = UNSET
