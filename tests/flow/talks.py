"""Long conversations with facts planted in them, as the SDKs send them, and what of them reached an upstream."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import anthropic
import httpx
import openai

from summarizer.shortening.prompts import SYSTEM
from tests.stack import PROXY_KEY, Stack

Side = Literal["user", "assistant", "call", "result"]

# A round of work: the user wants something, the model calls its tool twice and then speaks.
ROUND: Sequence[Side] = ("user", "call", "result", "call", "result", "assistant")
# One turn in so many holds a fact; with a round's length it has no divisor in common, so that every side tells some.
BETWEEN_FACTS = 7
# Turns of a conversation that is long by its tokens and by their number, and the facts in them.
LONG = 50 * len(ROUND)
WORDS = "the ledger takes the next row and writes it down before anybody asks, "
TOOL = {"name": "note", "description": "Writes something down."}
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
# What no other request to an upstream begins with.
SUMMARISING = SYSTEM[:60]
OPENING, CLOSING = "[Summary of the earlier conversation", "</conversation_summary>"


@dataclass(frozen=True, slots=True)
class Line:
    """What one side said; `id` names a call."""

    side: Side
    words: str
    id: str = ""


def talk(turns: int = LONG, *, times: int = 4, subject: str = "billing") -> list[Line]:
    """A conversation of so many turns and a question. It is the beginning of every longer one. `times` makes turns longer:
    by some twenty tokens each.
    """
    return [_line(place, times, subject) for place in range(turns + 1)]


def changed(lines: Sequence[Line], place: int, words: str) -> list[Line]:
    """The same with other words in one turn."""
    return [*lines[:place], replace(lines[place], words=words), *lines[place + 1 :]]


def facts(lines: Sequence[Line]) -> list[str]:
    return [line.words.partition(". ")[0] for line in lines if line.words.startswith("FACT-")]


def _line(place: int, times: int, subject: str) -> Line:
    fact = f"FACT-{place // BETWEEN_FACTS}: port of {subject} is {8000 + place}. " if place % BETWEEN_FACTS == 3 else ""
    round_, step = divmod(place, len(ROUND))
    call = f"call_{round_}_{(step - 1) // 2}" if ROUND[step] in ("call", "result") else ""
    return Line(ROUND[step], f"{fact}At step {place} {WORDS * times}and that is step {place}.", call)


# ---- as the SDKs send it


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client has in the end. `tokens`: its prompt's, as its usage says."""

    text: str
    tokens: int
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.headers["x-request-id"]

    @property
    def told(self) -> str | None:
        """What the client was told of compression."""
        return self.headers.get("x-headgate-compressed")


def by_anthropic(stack: Stack, key: str, model: str, lines: Sequence[Line], **headers: str) -> Answer:
    """Through the Anthropic SDK. `headers` are spelled with underscores."""
    with anthropic.Anthropic(base_url=stack.gateway, api_key=key, max_retries=0) as client:
        raw = client.messages.with_raw_response.create(**messages(model, lines), extra_headers=spelled(headers))
        answer = raw.parse()
    usage = answer.usage
    tokens = usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return Answer("".join(block.text for block in answer.content if block.type == "text"), tokens, raw.headers)


def by_openai(stack: Stack, key: str, model: str, lines: Sequence[Line], **headers: str) -> Answer:
    """Through the OpenAI SDK, as a chat completion."""
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=key, max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(**chat(model, lines), extra_headers=spelled(headers))
        answer = raw.parse()
    assert answer.usage is not None
    return Answer(answer.choices[0].message.content or "", answer.usage.prompt_tokens, raw.headers)


def messages(model: str, lines: Sequence[Line]) -> dict[str, Any]:
    """The body of `/v1/messages`."""
    tool = {**TOOL, "input_schema": SCHEMA}
    return {"model": model, "max_tokens": 500, "tools": [tool], "messages": [_message(line) for line in lines]}


def chat(model: str, lines: Sequence[Line]) -> dict[str, Any]:
    """The body of `/v1/chat/completions`."""
    tool = {"type": "function", "function": {**TOOL, "parameters": SCHEMA}}
    return {"model": model, "max_tokens": 500, "tools": [tool], "messages": [_chat(line) for line in lines]}


def items(lines: Sequence[Line]) -> Any:
    """The input of `/v1/responses`."""
    return [_item(line) for line in lines]


def spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _message(line: Line) -> dict[str, Any]:
    match line.side:
        case "call":
            made = {"type": "tool_use", "id": line.id, "name": "note", "input": {"text": line.words}}
            return {"role": "assistant", "content": [made]}
        case "result":
            return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": line.id, "content": line.words}]}
        case _:
            return {"role": line.side, "content": line.words}


def _chat(line: Line) -> dict[str, Any]:
    match line.side:
        case "call":
            function = {"name": "note", "arguments": json.dumps({"text": line.words})}
            return {"role": "assistant", "content": None, "tool_calls": [{"id": line.id, "type": "function", "function": function}]}
        case "result":
            return {"role": "tool", "tool_call_id": line.id, "content": line.words}
        case _:
            return {"role": line.side, "content": line.words}


def _item(line: Line) -> dict[str, Any]:
    match line.side:
        case "call":
            return {"type": "function_call", "call_id": line.id, "name": "note", "arguments": json.dumps({"text": line.words})}
        case "result":
            return {"type": "function_call_output", "call_id": line.id, "output": line.words}
        case _:
            return {"role": line.side, "content": line.words}


# ---- as it arrived


def arrived(stack: Stack, of: str = "kiro") -> list[str]:
    """The requests that a simulator was sent, without what the gateway asked for itself: bodies as JSON text."""
    return [text for text in _bodies(stack, of) if SUMMARISING not in text]


def summaries(stack: Stack, of: str = "kiro") -> list[str]:
    """What it was asked to summarise."""
    return [text for text in _bodies(stack, of) if SUMMARISING in text]


def opening(body: str) -> str:
    """The summary in a request's body, "" where there is none."""
    begin, end = body.find(OPENING), body.find(CLOSING)
    return body[begin : end + len(CLOSING)] if begin >= 0 else ""


def left_out(body: str, lines: Sequence[Line]) -> list[int]:
    """The turns whose words are not in it."""
    return [place for place, line in enumerate(lines) if line.words not in body]


def _bodies(stack: Stack, of: str) -> list[str]:
    requests = stack.sim("GET", "requests", of=of)["requests"]
    return [json.dumps(each["fields"] if of == "kimi_web" else each["body"], ensure_ascii=False) for each in requests]


# ---- what administrators do


def decide(stack: Stack, **settings: Any) -> None:
    """Change settings, for the very next request."""
    stack.admin("PUT", "/api/settings", settings)
    # A data plane hears of it on the same connection, and before it has this answer.
    httpx.get(f"{stack.gateway}/v1/usage", headers={"x-api-key": PROXY_KEY}).raise_for_status()


def make_key(stack: Stack, **fields: Any) -> tuple[str, str]:
    """A new key's id and itself."""
    made = stack.admin("POST", "/api/keys", {"name": secrets.token_hex(4), **fields})
    return made["id"], made["key"]
