"""What only clients of the same protocol can read, put together from its pieces.

A block that the canonical conversation has no word for goes out whole. Three pieces more keep an answer as
it was: the beginning of a text that has sources (its words follow as usual), a citation within it, and what
the end of the message says beside its reason.
"""

from typing import Any

from dataplane.conversation.events import Vendor
from dataplane.upstreams.anthropic.answering import payloads
from dataplane.upstreams.anthropic.asking.body import FAMILY
from dataplane.wire import jsontext
from dataplane.wire.jsontext import Raw

CITATION = "citations_delta"
END = "message_delta"


class Assembly:
    """One block, from its beginning and its deltas."""

    def __init__(self, begun: Raw) -> None:
        self.members: dict[str, Any] = payloads.anything(begun)
        self._input: list[str] = []

    def add(self, data: bytes) -> None:
        """The event of a delta. Its members are more of those of the block with the same name; some replace a null."""
        delta = payloads.anything(data)["delta"]
        for name, value in delta.items():
            if name == "partial_json":
                self._input.append(value or "")
            elif name != "type":
                before = self.members.get(name)
                joins = isinstance(before, str | list) and type(before) is type(value)
                self.members[name] = before + value if joins else value

    def finish(self) -> dict[str, Any]:
        """Raises DecodeError for an input that is no JSON."""
        if text := "".join(self._input):
            self.members["input"] = jsontext.loads(text)
        return self.members


def block(members: dict[str, Any]) -> Vendor:
    return Vendor(FAMILY, jsontext.dumps(members))


def text(begun: Raw) -> Vendor:
    """A text that begins; its words, if it has any already, come as a delta."""
    return block({**payloads.anything(begun), "text": ""})


def citation(data: bytes) -> Vendor:
    return block({"type": CITATION, "citation": payloads.anything(data)["delta"].get("citation")})


def end(delta: dict[str, Any]) -> Vendor | None:
    """What of the message's end only the same family has words for; None for nothing."""
    more = {name: value for name, value in delta.items() if value is not None and name != "stop_sequence"}
    if more.keys() <= {"stop_reason"} and more.get("stop_reason") in {None, *REASONS}:
        return None
    return block({"type": END, **more})


# Reasons that the canonical conversation tells exactly.
REASONS = frozenset({"end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", "model_context_window_exceeded"})
