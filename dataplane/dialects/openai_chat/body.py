"""The body of a chat completion request as it stands on the wire.

The structs refuse members they do not name, so that one decode of an ordinary request also proves
that nothing was overlooked. Only when that fails is the body read a second time by way of `pruning`,
which takes out what is unknown and says where it was. A `RawMember` that stands for a hint, or has no
seat in the canonical conversation, is looked at for nothing but whether it is there. `fields` says of every member what it asks for.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct

from dataplane.dialects.openai.choosing import Filters
from dataplane.dialects.openai.effort import Effort
from dataplane.wire.pruning import RawMember

# Fits the 32-bit counters of every provider; far above any model's output.
TokenCount = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class Wire(Struct, forbid_unknown_fields=True, gc=False):
    """No member of a body points back to its owner, so the collector need not look at them."""


class FunctionCall(Wire):
    """`arguments` is JSON text; some clients send the object itself. `parsed_arguments` is an SDK's copy of it."""

    name: str = ""
    arguments: str | dict[str, Any] | None = None
    parsed_arguments: RawMember = UNSET


class CustomCall(Wire):
    name: str = ""
    input: str = ""


class ToolCallItem(Wire):
    """`index` is left over from streaming; the place in the list says the same."""

    id: str | None = None
    type: str | None = None
    function: FunctionCall | None = None
    custom: CustomCall | None = None
    index: RawMember = UNSET
    cache_control: RawMember = UNSET
    provider_specific_fields: RawMember = UNSET


class ImageUrl(Wire):
    url: str
    detail: RawMember = UNSET


class FileItem(Wire):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class Part(Wire):
    """One part of a message's content; `type` says which member counts."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | str | None = None
    file: FileItem | None = None
    input_audio: RawMember = UNSET
    cache_control: RawMember = UNSET


class Message(Wire):
    """`parsed` is an SDK's copy of the content. Servers disagree whether thinking is `reasoning_content` or `reasoning`."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[ToolCallItem] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    reasoning: RawMember = UNSET
    refusal: str | None = None
    function_call: FunctionCall | None = None
    parsed: RawMember = UNSET
    annotations: RawMember = UNSET
    audio: RawMember = UNSET
    cache_control: RawMember = UNSET
    provider_specific_fields: RawMember = UNSET


class Function(Wire):
    name: str = ""
    description: str | None = None
    parameters: RawMember = UNSET
    strict: RawMember = UNSET


class Grammar(Wire):
    """Rules for a text, in `syntax` lark or regex."""

    syntax: str = ""
    definition: str = ""


class CustomFormat(Wire):
    """`text` for any text, or `grammar`."""

    type: str = "text"
    grammar: Grammar | None = None


class CustomTool(Wire):
    """A tool that takes one text instead of JSON."""

    name: str = ""
    description: str | None = None
    format: CustomFormat | None = None


class ToolItem(Wire):
    """A tool; `type` says which members count.

    Some clients leave out the inner `function` object and write its members here. The last three
    belong to web_search.
    """

    type: str = "function"
    function: Function | None = None
    name: str = ""
    description: str | None = None
    parameters: RawMember = UNSET
    strict: RawMember = UNSET
    custom: CustomTool | None = None
    cache_control: RawMember = UNSET
    filters: Filters | None = None
    search_context_size: RawMember = UNSET
    user_location: RawMember = UNSET


class Named(Wire):
    name: str = ""


class Pick(Wire):
    """One of the tools, by its name; a hosted one by its type alone."""

    type: str = ""
    function: Named | None = None
    name: str = ""
    custom: Named | None = None


class AllowedTools(Wire):
    mode: Literal["auto", "required"] = "auto"
    tools: list[Pick] | None = None


class ToolChoiceItem(Pick):
    allowed_tools: AllowedTools | None = None


class StreamOptions(Wire):
    include_usage: bool | None = None
    include_obfuscation: RawMember = UNSET


class ReasoningItem(Wire):
    """What is asked of thinking, in the form that routers between providers use."""

    effort: Effort | None = None
    max_tokens: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    summary: RawMember = UNSET


class WebSearchOptions(Wire):
    search_context_size: RawMember = UNSET
    user_location: RawMember = UNSET


class JsonSchema(Wire):
    """The form of an answer; `schema` is a JSON schema."""

    name: str | None = None
    description: RawMember = UNSET
    schema: RawMember = UNSET
    strict: RawMember = UNSET


class ResponseFormat(Wire):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Unmodelled(Wire):
    """Well-known members without a seat in the canonical conversation; they travel in its extras."""

    store: RawMember = UNSET
    metadata: RawMember = UNSET
    seed: RawMember = UNSET
    logit_bias: RawMember = UNSET
    logprobs: RawMember = UNSET
    top_logprobs: RawMember = UNSET
    presence_penalty: RawMember = UNSET
    frequency_penalty: RawMember = UNSET
    service_tier: RawMember = UNSET
    prediction: RawMember = UNSET
    modalities: RawMember = UNSET
    audio: RawMember = UNSET
    verbosity: RawMember = UNSET
    safety_identifier: RawMember = UNSET
    prompt_cache_retention: RawMember = UNSET
    thinking: RawMember = UNSET
    enable_thinking: RawMember = UNSET
    chat_template_kwargs: RawMember = UNSET


class Body(Unmodelled):
    """`functions` and `function_call` are the names that `tools` and `tool_choice` had before November 2023."""

    model: str = ""
    messages: list[Message] = []
    tools: list[ToolItem] | None = None
    tool_choice: str | ToolChoiceItem | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Function] | None = None
    function_call: str | Named | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: TokenCount | None = None
    max_completion_tokens: TokenCount | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    n: Annotated[int, Meta(ge=1)] | None = None
    reasoning_effort: Effort | None = None
    reasoning: ReasoningItem | None = None
    response_format: ResponseFormat | None = None
    web_search_options: WebSearchOptions | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
