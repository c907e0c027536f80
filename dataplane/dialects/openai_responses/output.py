"""The items of an answer as they stand on the wire (client notes, section 3.3)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dataplane.conversation.events import FinishReason, Usage, Vendor
from dataplane.conversation.model import Reasoning, Search, Tool, ToolCall
from dataplane.conversation.model import Text as Words
from dataplane.dialects.openai import custom
from dataplane.dialects.openai.citations import citations
from dataplane.dialects.openai_responses.thoughts import seal
from dataplane.wire.jsontext import DecodeError, loads

Fields = dict[str, Any]
Part = Words | Reasoning | ToolCall | Search | Vendor

COMPLETED, INCOMPLETE = "completed", "incomplete"


class Items:
    """Makes items. Their ids are the answer's own and their place: clients demand ids, and keep items by them."""

    def __init__(self, stamp: str, tools: Iterable[Tool]) -> None:
        self._stamp = stamp
        # Tools that clients know otherwise than as a function of that name.
        self._special = {tool.name: tool for tool in tools if tool.custom or tool.namespace}

    def id(self, kind: str, place: int) -> str:
        return f"{kind}_{self._stamp}_{place}"

    def is_custom(self, name: str) -> bool:
        tool = self._special.get(name)
        return tool is not None and tool.custom

    def message(self, place: int, content: Sequence[Fields], status: str) -> Fields:
        return {"id": self.id("msg", place), "type": "message", "status": status, "role": "assistant", "content": content}

    def thought(self, place: int, thought: Reasoning) -> Fields:
        """Thinking is told as a summary, which is what clients show, and goes back as it is."""
        item: Fields = {"id": self.id("rs", place), "type": "reasoning", "summary": [summary(thought.text)] if thought.text else []}
        if sealed := seal(thought):
            item["encrypted_content"] = sealed
        return item

    def cut(self, call: ToolCall) -> bool:
        """Whether it is half a custom call: clients run the text of any that is told to be done, and its item has no seat
        for another status.
        """
        return self.is_custom(call.name) and custom.text(call.arguments) is None

    def call(self, place: int, call: ToolCall, status: str) -> Fields:
        """A call under the name by which the client knows its tool. Custom calls have no status."""
        tool = self._special.get(call.name)
        own = {"name": (tool.own_name if tool else "") or call.name}
        if tool is not None and tool.namespace:
            own["namespace"] = tool.namespace
        if self.is_custom(call.name):
            told = custom.text(call.arguments) or ""
            return {"id": self.id("ctc", place), "type": "custom_tool_call", "call_id": call.id, **own, "input": told}
        told = call.arguments
        return {"id": self.id("fc", place), "type": "function_call", "status": status, "call_id": call.id, **own, "arguments": told}

    def search(self, place: int, search: Search, status: str) -> Fields:
        """The pages go with it, also where the client did not ask for them: without them it says nothing when it comes back."""
        sources = [{"type": "url", "url": hit.url} for hit in search.hits]
        action = {"type": "search", "query": search.query, "queries": [search.query], "sources": sources}
        return {"id": self.id("ws", place), "type": "web_search_call", "status": status, "action": action}


def text(told: str, cited: Sequence[Fields]) -> Fields:
    return {"type": "output_text", "annotations": cited, "logprobs": [], "text": told}


def summary(told: str) -> Fields:
    return {"type": "summary_text", "text": told}


def cited(searches: Sequence[Search], told: str) -> list[Fields]:
    """The pages that were found, as annotations of the text that follows the searches."""
    return [{"type": "url_citation", **each} for each in citations(searches, told)] if searches else []


def standing(call: ToolCall) -> str:
    """The status of a call that is over: one that was cut is no JSON."""
    try:
        return COMPLETED if isinstance(loads(call.arguments), dict) else INCOMPLETE
    except DecodeError:
        return INCOMPLETE


def outcome(search: Search) -> str:
    return "failed" if search.error else COMPLETED


def whole(items: Items, parts: Sequence[Part], status: str) -> list[Fields]:
    """All items of an answer. A text that is the last of an answer that was cut is itself incomplete; half a custom call is
    left out.
    """
    made: list[Fields] = []
    searches: list[Search] = []
    for place, part in enumerate(parts):
        if isinstance(part, ToolCall) and items.cut(part):
            continue
        match part:
            case Words(told):
                ended = status if place == len(parts) - 1 else COMPLETED
                made.append(items.message(place, [text(told, cited(searches, told))], ended))
                searches = []
            case Reasoning():
                made.append(items.thought(place, part))
            case ToolCall():
                made.append(items.call(place, part, standing(part)))
            case Search():
                made.append(items.search(place, part, outcome(part)))
                searches.append(part)
    return made


def usage(seen: Usage) -> Fields:
    """OpenAI counts cached tokens as part of the input, and thinking as part of the output."""
    given = seen.input + seen.cache_read + seen.cache_write
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": seen.cache_read, "cache_write_tokens": seen.cache_write},
        "output_tokens": seen.output,
        "output_tokens_details": {"reasoning_tokens": seen.reasoning},
        "total_tokens": given + seen.output,
    }


# Status of the answer, and why it is incomplete.
FINISH: Mapping[FinishReason, tuple[str, str]] = {
    "stop": (COMPLETED, ""),
    "tool_calls": (COMPLETED, ""),
    "length": (INCOMPLETE, "max_output_tokens"),
    "stop_sequence": (COMPLETED, ""),
    "refusal": (INCOMPLETE, "content_filter"),
    "context_exceeded": (INCOMPLETE, "max_output_tokens"),
}
