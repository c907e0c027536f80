"""What may happen in an answer: the one vocabulary between upstreams and dialects.

An event is named after what happened. `order.py` says which may follow which.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from dataplane.conversation.model import Search


class Source(StrEnum):
    """Where a usage figure came from."""

    UPSTREAM = "upstream"
    DERIVED = "derived"
    ESTIMATED = "estimated"


@dataclass(slots=True)
class Usage:
    """Tokens and credits of one answer. `output` includes `reasoning`; `input` excludes both caches.

    `searches` counts the web searches that were made for it. `credits_source` is None where the upstream
    has credits and has not told them, or not all.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    searches: int = 0
    credits: float = 0.0
    input_source: Source = Source.ESTIMATED
    output_source: Source = Source.ESTIMATED
    credits_source: Source | None = None


FinishReason = Literal["stop", "tool_calls", "length", "stop_sequence", "refusal", "context_exceeded"]


@dataclass(slots=True)
class Started:
    """The upstream accepted the request and speaks."""


@dataclass(slots=True)
class TextDelta:
    """More of the answer; never empty."""

    text: str


@dataclass(slots=True)
class ReasoningDelta:
    """More of the model's thinking; never empty."""

    text: str


@dataclass(slots=True)
class ReasoningSigned:
    """The thinking that came before is complete and signed.

    With `redacted`, `signature` is a whole block of thinking that only the provider can read.
    """

    signature: str
    redacted: bool = False


@dataclass(slots=True)
class ToolCallStarted:
    """A tool call begins. `name` is the client's own name for the tool."""

    id: str
    name: str


@dataclass(slots=True)
class ToolCallDelta:
    """More of the arguments' JSON text; never empty."""

    text: str


@dataclass(slots=True)
class ToolCallEnded:
    """The arguments are complete: the pieces together are the JSON text of an object, or nothing at all for {}."""


@dataclass(slots=True)
class Searched:
    """The web was searched on the model's wish, and this is what came of it; the model has seen it."""

    search: Search


@dataclass(slots=True)
class Vendor:
    """Something of the answer that has no word here, whole in itself: JSON text as `family` spells it.

    A dialect of that family writes it out at this place (Anthropic: a content block, the beginning of a text whose
    words follow, a citation of it, or what the end of the message says; OpenAI's chat: members of a choice); any
    other passes it over.
    """

    family: str
    data: bytes


@dataclass(slots=True)
class UsageSeen:
    """The best figures known so far; each replaces the one before."""

    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class Finished:
    """The answer is over. `stop_sequence` names the client's sequence that ended it, if one did."""

    reason: FinishReason
    stop_sequence: str | None = None


Event = (
    Started
    | TextDelta
    | ReasoningDelta
    | ReasoningSigned
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallEnded
    | Searched
    | Vendor
    | UsageSeen
    | Finished
)
