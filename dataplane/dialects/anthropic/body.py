"""The body of a Messages request as clients send it (client notes, section 2).

Loose on purpose: members nobody reads are skipped, null is as good as absent, and JSON that only
travels through (tool inputs, schemas) stays raw. What is typed here is checked while it is decoded,
and an error names its place. Block kinds that are not listed are refused: they carry content that
could not be represented.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from dataplane.wire.jsontext import Raw

Fraction = Annotated[float, Meta(ge=0, le=1)]
# Counts travel on in 32-bit fields.
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Natural = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Name = Annotated[str, Meta(min_length=1)]

NO_ARGUMENTS = Raw(b"{}")


class Base64Source(Struct, tag_field="type", tag="base64", gc=False):
    media_type: str
    data: str


class UrlSource(Struct, tag_field="type", tag="url", gc=False):
    url: str


class TextSource(Struct, tag_field="type", tag="text", gc=False):
    data: str
    media_type: str = "text/plain"


class TextBlock(Struct, tag_field="type", tag="text", gc=False):
    text: str
    citations: Any = None


class ImageBlock(Struct, tag_field="type", tag="image", gc=False):
    source: Base64Source | UrlSource


class ContentSource(Struct, tag_field="type", tag="content", gc=False):
    """A document given as blocks."""

    content: str | list[TextBlock | ImageBlock]


class DocumentBlock(Struct, tag_field="type", tag="document", gc=False):
    source: Base64Source | UrlSource | TextSource | ContentSource
    title: str | None = None
    context: str | None = None
    citations: Any = None


class SearchResultBlock(Struct, tag_field="type", tag="search_result", gc=False):
    """What a search of the client's found; `source` says where."""

    source: str
    title: str
    content: list[TextBlock]
    citations: Any = None


class ToolReferenceBlock(Struct, tag_field="type", tag="tool_reference", gc=False):
    """What a client's own tool search found: a tool whose loading was deferred."""

    tool_name: str


class ToolUseBlock(Struct, tag_field="type", tag="tool_use", gc=False):
    id: str
    name: str
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)


class ToolResultBlock(Struct, tag_field="type", tag="tool_result", gc=False):
    tool_use_id: str
    content: str | list[TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolReferenceBlock] | None = None
    is_error: bool | None = None


class ThinkingBlock(Struct, tag_field="type", tag="thinking", gc=False):
    thinking: str
    signature: str | None = None


class RedactedThinkingBlock(Struct, tag_field="type", tag="redacted_thinking", gc=False):
    data: str


class ServerToolUseBlock(Struct, tag_field="type", tag="server_tool_use", gc=False):
    """A call that Anthropic's servers, or this gateway, acted on themselves."""

    id: str
    name: str
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)


class WebSearchResult(Struct, tag_field="type", tag="web_search_result", gc=False):
    url: str
    title: str | None = None
    encrypted_content: str | None = None
    page_age: str | None = None


class WebSearchError(Struct, tag_field="type", tag="web_search_tool_result_error", gc=False):
    error_code: str


class WebSearchToolResultBlock(Struct, tag_field="type", tag="web_search_tool_result", gc=False):
    tool_use_id: str
    content: WebSearchError | list[WebSearchResult]


class FetchedDocument(Struct, tag_field="type", tag="document", gc=False):
    source: Base64Source | TextSource
    title: str | None = None


class FetchedPage(Struct, tag_field="type", tag="web_fetch_result", gc=False):
    url: str
    content: FetchedDocument


class FetchError(Struct, tag_field="type", tag="web_fetch_tool_result_error", gc=False):
    error_code: str


class WebFetchToolResultBlock(Struct, tag_field="type", tag="web_fetch_tool_result", gc=False):
    tool_use_id: str
    content: FetchError | FetchedPage


class McpToolUseBlock(Struct, tag_field="type", tag="mcp_tool_use", gc=False):
    id: str
    name: str
    server_name: str = ""
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)


class Served(Struct, gc=False):
    """What came of another tool of Anthropic's servers. Its words are kept, whatever its form."""

    content: Any = None


class McpToolResultBlock(Served, tag_field="type", tag="mcp_tool_result", gc=False):
    pass


class CodeExecutionResultBlock(Served, tag_field="type", tag="code_execution_tool_result", gc=False):
    pass


class BashCodeExecutionResultBlock(Served, tag_field="type", tag="bash_code_execution_tool_result", gc=False):
    pass


class TextEditorCodeExecutionResultBlock(Served, tag_field="type", tag="text_editor_code_execution_tool_result", gc=False):
    pass


class ToolSearchResultBlock(Served, tag_field="type", tag="tool_search_tool_result", gc=False):
    pass


class AdvisorResultBlock(Served, tag_field="type", tag="advisor_tool_result", gc=False):
    pass


class CompactionBlock(Served, tag_field="type", tag="compaction", gc=False):
    pass


class ContainerUploadBlock(Struct, tag_field="type", tag="container_upload", gc=False):
    """A file kept by Anthropic, for its code execution."""


class McpToolListingBlock(Struct, tag_field="type", tag="mcp_tool_listing", gc=False):
    """Tools of a server that Anthropic's servers would ask."""


class FallbackBlock(Struct, tag_field="type", tag="fallback", gc=False):
    """Where another model took over; never shown to a model."""


Block = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ToolUseBlock
    | ToolResultBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ServerToolUseBlock
    | WebSearchToolResultBlock
    | WebFetchToolResultBlock
    | McpToolUseBlock
    | McpToolResultBlock
    | CodeExecutionResultBlock
    | BashCodeExecutionResultBlock
    | TextEditorCodeExecutionResultBlock
    | ToolSearchResultBlock
    | AdvisorResultBlock
    | CompactionBlock
    | ContainerUploadBlock
    | McpToolListingBlock
    | FallbackBlock
)


class Message(Struct, gc=False):
    """One message. Claude Code puts instructions into the middle as `system`, with an effort of their own."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block]
    output_config: Any = None


class Tool(Struct, gc=False):
    """A client tool; with another `type` than "custom" one that Anthropic defines.

    `strict`, `input_examples` and `allowed_callers` change what the model may do with the tool, unlike
    the hints `cache_control`, `eager_input_streaming` and `defer_loading`. The members after them
    belong to web search, the computer and the text editor.
    """

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: Raw = field(default_factory=Raw)
    strict: Any = None
    input_examples: Any = None
    allowed_callers: Any = None
    max_uses: Positive | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    user_location: Any = None
    display_width_px: Positive | None = None
    display_height_px: Positive | None = None
    enable_zoom: bool | None = None
    max_characters: Positive | None = None


class ToolChoice(Struct, gc=False):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct, gc=False):
    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: Positive | None = None
    display: str | None = None


class OutputFormat(Struct, gc=False):
    type: Literal["json_schema"]
    schema: Raw


class OutputConfig(Struct, gc=False):
    effort: str | None = None
    format: OutputFormat | None = None


class Metadata(Struct, gc=False):
    user_id: str | None = None


class Request(Struct, gc=False):
    """The body of /v1/messages; /v1/messages/count_tokens sends the same without `max_tokens`.

    `output_format` is where older clients have `output_config.format`.
    """

    model: Name
    messages: list[Message] | None = None
    max_tokens: Positive | None = None
    system: str | list[TextBlock] | None = None
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
