"""What an answer is made of, before a vendor's wire form: scripts yield parts, a writer turns them into events."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

CHARS_PER_TOKEN = 4

Reason = Literal["end", "length", "tools", "refusal", "filter", "stop"]
Trouble = Literal["throttled", "too-long", "overloaded", "other", "bare"]


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Decline:
    """Words of a refusal, which some vendors keep apart from text."""

    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """Reasoning. Its signature, where a vendor signs, follows the last piece."""

    text: str


@dataclass(frozen=True, slots=True)
class Hide:
    """Reasoning that the caller may not read: omitted, or redacted to an opaque text."""

    redacted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call begins. `whole`: its input comes with it, as a JSON object, and no fragments follow."""

    index: int
    id: str
    name: str
    whole: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A fragment of a call's JSON."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The call is complete."""

    index: int


@dataclass(frozen=True, slots=True)
class Search:
    """The vendor searches the web by itself and shows what it found."""

    query: str


@dataclass(frozen=True, slots=True)
class End:
    """The regular end with its reason, usage and terminator. `mute`: without the terminator.

    A reason that is none of ours goes out as it is. `stopped` is the stop sequence that was met.
    """

    reason: Reason | str = "end"
    mute: bool = False
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A failure told inside the stream; a whole answer is refused with its status instead."""

    trouble: Trouble
    message: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes, whatever they are; a whole answer's body is nothing else."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Events:
    """Exactly these payloads, in the vendor's framing."""

    payloads: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something nobody has heard of, of the `number`-th kind."""

    number: int


@dataclass(frozen=True, slots=True)
class Half:
    """The first half of an event with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Silence. `early`: the headers are held back as well."""

    seconds: float
    early: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends: with RST, or closed without the end of the body."""

    how: Literal["reset", "close"]


Part = Say | Decline | Think | Hide | Call | Input | Done | Search | End | Report | Raw | Events | Unknown | Half | Wait | Cut
Parts = Iterator[Part]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a script may know of the request. `voice` names the simulator; `pause` is seconds between the pieces of a text.

    `thinking`: whether the answer starts with reasoning, and whether that is shown.
    """

    text: str
    results: Sequence[str]
    tools: Sequence[str]
    model: str
    voice: str
    input_tokens: int
    random: Callable[[str, int], str]
    thinking: Literal["", "shown", "omitted"] = ""
    max_tokens: int | None = None
    stops: Sequence[str] = ()
    schema: Mapping[str, Any] | None = None
    call_prefix: str = "call_"
    pause: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)

    def call_id(self, index: int) -> str:
        return self.call_prefix + self.random(f"call-{index}", 24)
