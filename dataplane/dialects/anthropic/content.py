"""The content blocks of a Messages request as clients send them (client notes, section 2).

Blocks of kinds that are not listed are put aside by `unknown` and reported. What `body` says of its
structs holds for these too.
"""

from typing import Any

from msgspec import UNSET, Struct, field

from dataplane.wire.jsontext import Raw
from dataplane.wire.pruning import RawMember

NO_ARGUMENTS = Raw(b"{}")


class Wire(Struct, forbid_unknown_fields=True, gc=False):
    """No member of a body points back to its owner, so the collector need not look at them."""


class Marked(Wire, kw_only=True):
    """A piece of the prompt. `cache_control` is a hint: where a provider may cut what it keeps."""

    cache_control: RawMember = UNSET


class Citations(Wire):
    """Whether the answer shall tell which words it took from where."""

    enabled: bool | None = None


class Base64Source(Wire, tag_field="type", tag="base64"):
    media_type: str
    data: str


class UrlSource(Wire, tag_field="type", tag="url"):
    url: str


class TextSource(Wire, tag_field="type", tag="text"):
    data: str
    media_type: str = "text/plain"


class TextBlock(Marked, tag_field="type", tag="text"):
    text: str
    citations: RawMember = UNSET


class UnknownBlock(Struct, tag_field="type", tag="unknown", gc=False):
    """Stands where a block of a kind stood that is not known here."""


ImageSource = Base64Source | UrlSource
System = TextBlock | UnknownBlock


class ImageBlock(Marked, tag_field="type", tag="image"):
    source: ImageSource


class ContentSource(Wire, tag_field="type", tag="content"):
    """A document given as blocks."""

    content: str | list[TextBlock | ImageBlock]


DocumentSource = Base64Source | UrlSource | TextSource | ContentSource


class DocumentBlock(Marked, tag_field="type", tag="document"):
    source: DocumentSource
    title: str | None = None
    context: str | None = None
    citations: Citations | None = None


class SearchResultBlock(Marked, tag_field="type", tag="search_result"):
    """What a search of the client's found; `source` says where."""

    source: str
    title: str
    content: list[TextBlock]
    citations: Citations | None = None


class ToolReferenceBlock(Marked, tag_field="type", tag="tool_reference"):
    """What a client's own tool search found: a tool whose loading was deferred."""

    tool_name: str


class ToolUseBlock(Marked, tag_field="type", tag="tool_use"):
    """`caller` and `toolset_name` say whose idea the call was."""

    id: str
    name: str
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)
    caller: RawMember = UNSET
    toolset_name: RawMember = UNSET


Output = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolReferenceBlock | UnknownBlock


class ToolResultBlock(Marked, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[Output] | None = None
    is_error: bool | None = None
    toolset_name: RawMember = UNSET


class ThinkingBlock(Marked, tag_field="type", tag="thinking"):
    thinking: str
    signature: str | None = None


class RedactedThinkingBlock(Marked, tag_field="type", tag="redacted_thinking"):
    data: str


class ServerToolUseBlock(Marked, tag_field="type", tag="server_tool_use"):
    """A call that Anthropic's servers, or this gateway, acted on themselves."""

    id: str
    name: str
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)
    caller: RawMember = UNSET


class WebSearchResult(Wire, tag_field="type", tag="web_search_result"):
    url: str
    title: str | None = None
    encrypted_content: str | None = None
    page_age: str | None = None


class WebSearchError(Wire, tag_field="type", tag="web_search_tool_result_error"):
    error_code: str


class WebSearchToolResultBlock(Marked, tag_field="type", tag="web_search_tool_result"):
    tool_use_id: str
    content: WebSearchError | list[WebSearchResult]
    caller: RawMember = UNSET


class FetchedDocument(Marked, tag_field="type", tag="document"):
    source: Base64Source | TextSource
    title: str | None = None
    citations: RawMember = UNSET


class FetchedPage(Wire, tag_field="type", tag="web_fetch_result"):
    url: str
    content: FetchedDocument
    retrieved_at: RawMember = UNSET


class FetchError(Wire, tag_field="type", tag="web_fetch_tool_result_error"):
    error_code: str


class WebFetchToolResultBlock(Marked, tag_field="type", tag="web_fetch_tool_result"):
    tool_use_id: str
    content: FetchError | FetchedPage
    caller: RawMember = UNSET


class McpToolUseBlock(Marked, tag_field="type", tag="mcp_tool_use"):
    id: str
    name: str
    server_name: str = ""
    input: Raw = field(default_factory=lambda: NO_ARGUMENTS)


class Served(Marked):
    """What came of another tool of Anthropic's servers. Its words are kept, whatever its form."""

    content: Any = None
    is_error: bool | None = None
    tool_use_id: RawMember = UNSET
    caller: RawMember = UNSET


class McpToolResultBlock(Served, tag_field="type", tag="mcp_tool_result"):
    pass


class CodeExecutionResultBlock(Served, tag_field="type", tag="code_execution_tool_result"):
    pass


class BashCodeExecutionResultBlock(Served, tag_field="type", tag="bash_code_execution_tool_result"):
    pass


class TextEditorCodeExecutionResultBlock(Served, tag_field="type", tag="text_editor_code_execution_tool_result"):
    pass


class ToolSearchResultBlock(Served, tag_field="type", tag="tool_search_tool_result"):
    pass


class AdvisorResultBlock(Served, tag_field="type", tag="advisor_tool_result"):
    pass


class CompactionBlock(Marked, tag_field="type", tag="compaction"):
    """The provider's summary of what came before it; what only the provider can read of it is of no use to another."""

    content: str | None = None
    encrypted_content: RawMember = UNSET
    signature: RawMember = UNSET


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
    | UnknownBlock
)
