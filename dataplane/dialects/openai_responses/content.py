"""The items of a conversation as they stand on the wire, in requests and in answers (client notes, sections 2 and 3.3).

An item is known by its `type`. `parse` gives one to messages and references that came without, and
makes `Unknown` of items that nobody here can read.
"""

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct

from dataplane.dialects.openai_responses.tooling import ToolItem
from dataplane.wire.pruning import RawMember

Role = Literal["system", "developer", "user", "assistant"]


class Wire(Struct, forbid_unknown_fields=True, gc=False):
    """No member of a body points back to its owner, so the collector need not look at them."""


class Item(Wire):
    """The last is Codex's own note to itself."""

    id: str | None = None
    status: RawMember = UNSET
    internal_chat_message_metadata_passthrough: RawMember = UNSET


class ImageUrl(Wire):
    url: str
    detail: RawMember = UNSET


class Part(Wire):
    """One part of a content; `type` says which member counts. `parsed` is an SDK's copy of the text."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | str | None = None
    detail: RawMember = UNSET
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    annotations: RawMember = UNSET
    logprobs: RawMember = UNSET
    parsed: RawMember = UNSET
    prompt_cache_breakpoint: RawMember = UNSET


class Message(Item, tag_field="type", tag="message", kw_only=True):
    """`phase` tells a comment from the final answer."""

    role: Role
    content: str | list[Part] | None = None
    phase: RawMember = UNSET


class FunctionCall(Item, tag_field="type", tag="function_call"):
    """`arguments` is JSON text; some clients send the object itself. `parsed_arguments` is an SDK's copy of it."""

    call_id: str | None = None
    name: str = ""
    namespace: str | None = None
    arguments: str | dict[str, Any] | None = None
    parsed_arguments: RawMember = UNSET


class FunctionCallOutput(Item, tag_field="type", tag="function_call_output"):
    """The call is known by `call_id`; what else names it says the same."""

    call_id: str | None = None
    output: str | list[Part] | None = None
    name: RawMember = UNSET
    namespace: RawMember = UNSET


class CustomCall(Item, tag_field="type", tag="custom_tool_call"):
    call_id: str | None = None
    name: str = ""
    namespace: str | None = None
    input: str | None = None


class CustomCallOutput(Item, tag_field="type", tag="custom_tool_call_output"):
    call_id: str | None = None
    output: str | list[Part] | None = None
    name: RawMember = UNSET
    namespace: RawMember = UNSET


class Thought(Wire):
    """A paragraph of thinking, in short (summary_text) or as it was (reasoning_text)."""

    type: str = ""
    text: str | None = None


class ReasoningItem(Item, tag_field="type", tag="reasoning"):
    summary: list[Thought] | None = None
    content: list[Thought] | None = None
    encrypted_content: str | None = None


class Source(Wire):
    type: RawMember = UNSET
    url: str = ""


class Action(Wire):
    """What a search did; only a `query` with its `sources` tells what it came to."""

    type: RawMember = UNSET
    query: str | None = None
    queries: list[str] | None = None
    sources: list[Source] | None = None
    url: RawMember = UNSET
    pattern: RawMember = UNSET


class WebSearchCall(Item, tag_field="type", tag="web_search_call"):
    action: Action | None = None


class Reference(Item, tag_field="type", tag="item_reference"):
    """Stands for the item of that id."""


class AdditionalTools(Item, tag_field="type", tag="additional_tools"):
    """Tools that are declared in the conversation instead of beside it."""

    role: RawMember = UNSET
    tools: list[ToolItem] | None = None


class Unknown(Struct, tag_field="type", tag="", gc=False):
    """An item of a kind that only its provider can read."""

    id: str | None = None


AnyItem: TypeAlias = (
    Message
    | FunctionCall
    | FunctionCallOutput
    | CustomCall
    | CustomCallOutput
    | ReasoningItem
    | WebSearchCall
    | Reference
    | AdditionalTools
    | Unknown
)


class Said(Wire):
    """Items alone, as they are kept."""

    input: list[AnyItem]
