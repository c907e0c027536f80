"""The body of a request to /v1/responses as it stands on the wire.

The structs refuse members they do not name, so that one decode of an ordinary request also proves
that nothing was overlooked. Only when that fails is the body read a second time by way of `parse.known`,
which takes out what is unknown and says where it was. `fields` says of every member what it asks for.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta

from dataplane.dialects.openai.effort import Effort
from dataplane.dialects.openai_responses.content import AnyItem, Wire
from dataplane.dialects.openai_responses.tooling import Choice, ToolItem
from dataplane.wire.pruning import RawMember

# Fits the 32-bit counters of every provider; far above any model's output.
TokenCount = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class ReasoningConfig(Wire):
    """`generate_summary` is the older name of `summary`."""

    effort: Effort | None = None
    summary: RawMember = UNSET
    generate_summary: RawMember = UNSET
    context: RawMember = UNSET
    mode: RawMember = UNSET


class Format(Wire):
    """The form of an answer; `schema` is a JSON schema."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    description: RawMember = UNSET
    schema: RawMember = UNSET
    strict: RawMember = UNSET


class TextConfig(Wire):
    format: Format | None = None
    verbosity: RawMember = UNSET


class StreamOptions(Wire):
    include_obfuscation: RawMember = UNSET


class Unmodelled(Wire):
    """Well-known members without a seat in the canonical conversation; they travel in its extras."""

    access_programs: RawMember = UNSET
    context_management: RawMember = UNSET
    frequency_penalty: RawMember = UNSET
    image: RawMember = UNSET
    moderation: RawMember = UNSET
    presence_penalty: RawMember = UNSET
    service_tier: RawMember = UNSET
    top_logprobs: RawMember = UNSET


class Body(Unmodelled):
    """`client_metadata` is Codex's own; `background`, `conversation` and `prompt` are refused."""

    model: str = ""
    input: str | list[AnyItem] | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    tools: list[ToolItem] | None = None
    tool_choice: str | Choice | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[int, Meta(ge=1)] | None = None
    max_output_tokens: TokenCount | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    reasoning: ReasoningConfig | None = None
    text: TextConfig | None = None
    truncation: Literal["auto", "disabled"] | None = None
    include: list[str] | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: RawMember = UNSET
    prompt_cache_retention: RawMember = UNSET
    client_metadata: RawMember = UNSET
    background: RawMember = UNSET
    conversation: RawMember = UNSET
    prompt: RawMember = UNSET
