"""The events of good answers, as bytes of frames, and the steps in which they go out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulators.kiro import frames
from tests.simulators.kiro.models import Model
from tests.simulators.kiro.signatures import Signer
from tests.simulators.serving.steps import Pause, Send, Steps

PIECE = 24
PIECE_OF_INPUT = 16
CHARS_PER_TOKEN = 4
TOKENS_PER_CREDIT = 100_000


@dataclass(frozen=True, slots=True)
class Ask:
    """What a script may know of the request. `pause` is seconds between the pieces of a text."""

    text: str
    results: Sequence[str]
    tools: Sequence[str]
    model: Model
    input_tokens: int
    conversation_id: str
    signer: Signer
    random: Callable[[str, int], str]
    thinking: Literal["", "summarized", "omitted"] = ""
    max_tokens: int | None = None
    pause: float = 0.0
    metadata: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)

    def tool_use_id(self, index: int) -> str:
        return "tooluse_" + self.random(f"use-{index}", 22)


def opening(ask: Ask) -> bytes:
    return frames.event("messageMetadataEvent", {"conversationId": ask.conversation_id, "utteranceId": ask.random("utterance", 32)})


def said(ask: Ask, words: str) -> list[bytes]:
    """Text in pieces of the wished length."""
    piece = int(ask.option("piece", PIECE))
    return [text(words[at : at + piece], ask) for at in range(0, len(words), piece)]


def text(words: str, ask: Ask) -> bytes:
    return frames.event("assistantResponseEvent", {"content": words, "modelId": ask.model.id})


def reasoning(ask: Ask, thought: str) -> list[bytes]:
    """Thoughts in pieces, the signature last and alone."""
    pieces = [frames.event("reasoningContentEvent", {"text": thought[at : at + PIECE]}) for at in range(0, len(thought), PIECE)]
    return [*pieces, frames.event("reasoningContentEvent", {"signature": ask.signer.sign(thought)})]


def tool_use(identity: str, name: str, arguments: str, *, piece: int = PIECE_OF_INPUT) -> list[bytes]:
    """A whole call: start, fragments of its JSON, stop."""
    fragments = [arguments[at : at + piece] for at in range(0, len(arguments), piece)]
    return [
        tool_event(identity, name),
        *(tool_event(identity, name, input=fragment) for fragment in fragments),
        tool_event(identity, name, stop=True),
    ]


def tool_event(identity: str, name: str, **members: Any) -> bytes:
    return frames.event("toolUseEvent", {"toolUseId": identity, "name": name, **members})


def tail(ask: Ask, said_chars: int, reason: str = "END_TURN") -> list[bytes]:
    """metadata, contextUsage and metering, in the order the service sends them; none when the script says so."""
    if not ask.option("tail", True):
        return []
    output = max(1, said_chars // CHARS_PER_TOKEN)
    total = ask.input_tokens + output
    percent = ask.option("percent", round(100 * total / ask.model.window, 6))
    spent = ask.option("credits", round(ask.model.rate * (ask.input_tokens + 5 * output) / TOKENS_PER_CREDIT, 8))
    events = [
        frames.event("contextUsageEvent", {"contextUsagePercentage": percent}),
        frames.event("meteringEvent", {"usage": spent, "unit": "credit", "unitPlural": "credits"}),
    ]
    if not ask.metadata:
        return events
    metadata: dict[str, Any] = {"stopReason": ask.option("reason", reason)}
    if ask.option("tokens", False):
        metadata["tokenUsage"] = {"uncachedInputTokens": ask.input_tokens, "outputTokens": output, "totalTokens": total}
    return [frames.event("metadataEvent", metadata), *events]


def paced(ask: Ask, events: Iterable[bytes]) -> Steps:
    """Each event a chunk of its own, with the wished pause after it."""
    pause = float(ask.option("pause", ask.pause))
    for data in events:
        yield Send(data)
        if pause:
            yield Pause(pause)
