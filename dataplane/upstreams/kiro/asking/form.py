"""A body as Kiro reads it: members and their types, for the last look at what would be sent.

The decoder made of these types refuses what is unknown, missing, empty or of another type.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType


class Strict(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Declared members only (E01, E02, E03, E13)."""


class Object(msgspec.Struct, gc=False):
    """Any JSON object (T08)."""


class Schema(msgspec.Struct, gc=False):
    type: Literal["object"]


class Use(Strict):
    tool_use_id: str
    name: str
    input: Object


class Text(Strict):
    text: Annotated[str, Meta(min_length=1)]


class Result(Strict):
    tool_use_id: str
    content: Annotated[list[Text], Meta(min_length=1)]
    status: Literal["success", "error"]


class Json(Strict):
    json: Schema


class Specification(Strict):
    name: str
    description: Annotated[str, Meta(min_length=1)]
    input_schema: Json


class Tool(Strict):
    tool_specification: Specification


class Past(Strict):
    """Tools are declared on the current message only (S12)."""

    tool_results: Annotated[list[Result], Meta(min_length=1)]


class Present(Strict):
    tool_results: Annotated[list[Result], Meta(min_length=1)] | UnsetType = UNSET
    tools: Annotated[list[Tool], Meta(min_length=1)] | UnsetType = UNSET


class Source(Strict):
    bytes: Raw


class Picture(Strict):
    format: Literal["png", "jpeg", "gif", "webp"]
    source: Source


Pictures = Annotated[list[Picture], Meta(min_length=1)] | UnsetType


class Question(Strict):
    content: str
    model_id: str
    origin: Literal["AI_EDITOR"]
    images: Pictures = UNSET
    user_input_message_context: Past | UnsetType = UNSET


class Current(Strict):
    content: str
    model_id: str
    origin: Literal["AI_EDITOR"]
    images: Pictures = UNSET
    user_input_message_context: Present | UnsetType = UNSET


class Thought(Strict):
    text: str
    signature: Annotated[str, Meta(min_length=1)]


class Reasoning(Strict):
    reasoning_text: Thought | UnsetType = UNSET
    redacted_content: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


class Answer(Strict):
    content: str
    tool_uses: Annotated[list[Use], Meta(min_length=1)] | UnsetType = UNSET
    reasoning_content: Reasoning | UnsetType = UNSET


class Entry(Strict):
    user_input_message: Question | UnsetType = UNSET
    assistant_response_message: Answer | UnsetType = UNSET


class Last(Strict):
    user_input_message: Current


class State(Strict):
    conversation_id: str
    chat_trigger_type: Literal["MANUAL"]
    agent_task_type: Literal["vibe"]
    agent_continuation_id: str
    current_message: Last
    history: Annotated[list[Entry], Meta(min_length=1)] | UnsetType = UNSET


class Body(Strict):
    conversation_state: State
    profile_arn: str | UnsetType = UNSET
    additional_model_request_fields: Annotated[dict[str, Raw], Meta(min_length=1)] | UnsetType = UNSET


class Loose(msgspec.Struct, rename="camel", gc=False):
    """A second reading for the schemas alone."""


class LooseJson(Loose):
    json: Raw


class LooseSpecification(Loose):
    input_schema: LooseJson


class LooseTool(Loose):
    tool_specification: LooseSpecification


class LooseContext(Loose):
    tools: list[LooseTool]

    def schemas(self) -> Iterator[bytes]:
        return (bytes(tool.tool_specification.input_schema.json) for tool in self.tools)


class LooseCurrent(Loose):
    user_input_message_context: LooseContext


class LooseLast(Loose):
    user_input_message: LooseCurrent


class LooseState(Loose):
    current_message: LooseLast


class LooseBody(Loose):
    conversation_state: LooseState
