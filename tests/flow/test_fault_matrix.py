"""Every fault a Kiro stream can have, at every place, in both protocols, streamed and whole, through the official SDKs.

What must come out depends on where the fault is, hardly on what it is: before anything was sent, another
try answers; after that the client keeps what it has and is told; nothing is ever paid or recorded twice.
"""

from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.stack import PROXY_KEY, Stack, until

pytestmark = pytest.mark.slow

MODEL = "claude-sonnet-4.5"
WORDS = "the quick gateway forwards every small piece of an answer as soon as it has come in from upstream"


@dataclass(frozen=True)
class Fault:
    """What the simulator does, and what each protocol calls it when it can no longer be hidden."""

    script: str
    anthropic: str
    openai: str
    options: dict[str, Any] = field(default_factory=dict)


def broken(script: str, **options: Any) -> Fault:
    return Fault(script, "api_error", "upstream_error", options)


BREAKS = {
    "throttled": Fault("throttled", "rate_limit_error", "rate_limit_exceeded"),
    "high load": Fault("internal", "overloaded_error", "server_overloaded"),
    "model unavailable": Fault("internal", "overloaded_error", "server_overloaded", {"reason": "MODEL_TEMPORARILY_UNAVAILABLE"}),
    "unexplained exception": broken("exception"),
    "access denied": broken("exception", type="AccessDeniedException", message="Access denied"),
    "error frame": broken("error-frame"),
    "half a frame": broken("half-frame"),
    "bad prelude": broken("bad-prelude"),
    "bad message CRC": broken("bad-crc"),
    "frame without bounds": broken("oversize"),
    "reset": broken("reset"),
    "closed without end": broken("drop"),
}
# Pieces of text that come before the fault; the answer has three.
PLACES = {"first": 0, "middle": 2, "last": 99}


@dataclass
class Outcome:
    """What the program that uses an SDK has in its hands at the end."""

    text: str = ""
    reason: str | None = None
    calls: int = 0
    error: Exception | None = None


class ByAnthropic:
    name = "anthropic"
    errors = anthropic
    end, length, calls = "end_turn", "max_tokens", "tool_use"

    def __init__(self, stack: Stack) -> None:
        self.client = anthropic.Anthropic(base_url=stack.gateway, api_key=PROXY_KEY, max_retries=0)

    def ask(self, text: str = "hi", *, streamed: bool, tools: bool = False) -> Outcome:
        asked: dict[str, Any] = {"model": MODEL, "max_tokens": 4000, "messages": [{"role": "user", "content": text}]}
        if tools:
            asked["tools"] = [{"name": "write", "input_schema": PARAMETERS}]
        outcome = Outcome()
        try:
            if streamed:
                self._stream(asked, outcome)
            else:
                answer = self.client.messages.create(**asked)
                outcome.text = "".join(block.text for block in answer.content if block.type == "text")
                outcome.calls = sum(block.type == "tool_use" for block in answer.content)
                outcome.reason = answer.stop_reason
        except (anthropic.APIError, httpx.HTTPError) as error:
            outcome.error = error
        return outcome

    def _stream(self, asked: dict[str, Any], outcome: Outcome) -> None:
        for event in self.client.messages.create(**asked, stream=True):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                outcome.text += event.delta.text
            elif event.type == "content_block_start" and event.content_block.type == "tool_use":
                outcome.calls += 1
            elif event.type == "message_delta":
                outcome.reason = event.delta.stop_reason

    def kind(self, error: Any) -> str:
        return error.body["error"]["type"]


class ByOpenAI:
    name = "openai"
    errors = openai
    end, length, calls = "stop", "length", "tool_calls"

    def __init__(self, stack: Stack) -> None:
        self.client = openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0)

    def ask(self, text: str = "hi", *, streamed: bool, tools: bool = False) -> Outcome:
        asked: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": text}]}
        if tools:
            asked["tools"] = [{"type": "function", "function": {"name": "write", "parameters": PARAMETERS}}]
        outcome = Outcome()
        try:
            if streamed:
                self._stream(asked, outcome)
            else:
                choice = self.client.chat.completions.create(**asked).choices[0]
                outcome.text, outcome.reason = choice.message.content or "", choice.finish_reason
                outcome.calls = len(choice.message.tool_calls or ())
        except (openai.APIError, httpx.HTTPError) as error:
            outcome.error = error
        return outcome

    def _stream(self, asked: dict[str, Any], outcome: Outcome) -> None:
        for chunk in self.client.chat.completions.create(**asked, stream=True):
            for choice in chunk.choices:
                outcome.text += choice.delta.content or ""
                outcome.calls += len([call for call in choice.delta.tool_calls or () if call.id])
                outcome.reason = choice.finish_reason or outcome.reason

    def kind(self, error: Any) -> str:
        return error.code


SDKS = (ByAnthropic, ByOpenAI)
PARAMETERS = {"type": "object", "properties": {"text": {"type": "string"}}}


@pytest.fixture(scope="module")
def pair():
    with Stack(HEADGATE_FIRST_TOKEN_SECONDS="5") as stack:
        yield stack, [stack.add_account("one"), stack.add_account("two")]


@pytest.fixture
def stack(pair):
    stack, accounts = pair
    stack.sim("POST", "reset")
    for account in accounts:
        stack.admin("POST", f"/api/accounts/{account['id']}/disable")
        stack.admin("POST", f"/api/accounts/{account['id']}/enable")
    yield stack
    assert stack.sim("GET", "counters")["rejections"] == {}


@pytest.fixture(params=SDKS, ids=lambda made: made.name)
def sdk(request, stack):
    using = request.param(stack)
    with using.client:
        yield using


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def streamed(request):
    return request.param


def latest(stack):
    return stack.admin("GET", "/api/requests?limit=3")["requests"]


def tried(stack, asking):
    """The outcome, and the one usage record that it left."""
    before = [each["requestId"] for each in latest(stack)[:1]]
    outcome = asking()
    until(lambda: [each["requestId"] for each in latest(stack)[:1]] != before, 5)
    fresh = [each for each in latest(stack) if each["requestId"] not in before][:2]
    new = fresh if not before else fresh[: [each["requestId"] for each in latest(stack)].index(before[0])]
    assert len(new) == 1, "one request, one record"
    return outcome, new[0]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_stream(stack, sdk, streamed, name, place):
    fault = BREAKS[name]
    # Pauses, so that what comes before the fault is read before it.
    options = {"text": WORDS, "piece": 40, "pause": 0.01 if streamed else 0, "after": PLACES[place], **fault.options}
    stack.sim("POST", "script", {"script": fault.script, "options": options, "times": 1})
    outcome, record = tried(stack, lambda: sdk.ask(f"[[say:{WORDS}]]", streamed=streamed))
    asked = len([each for each in stack.sim("GET", "requests")["requests"] if each["status"] == 200])
    if place == "first" or not streamed:
        assert (outcome.text, outcome.reason, outcome.error) == (WORDS, sdk.end, None)
        assert (record["ending"], asked) == ("served", 2)
        return
    assert outcome.text == (WORDS if place == "last" else WORDS[:80]), "what had come is kept"
    assert outcome.reason is None, "and not taken for the whole"
    assert isinstance(outcome.error, sdk.errors.APIError)
    assert sdk.kind(outcome.error) == getattr(fault, sdk.name)
    assert (record["ending"], asked) == ("cut", 1)
    assert record["usage"]["output"] > 0


@pytest.mark.parametrize("script", ["reset-early", "empty"])
def test_nothing_at_all_is_tried_again(stack, sdk, streamed, script):
    stack.sim("POST", "script", {"script": script, "times": 1})
    outcome, record = tried(stack, lambda: sdk.ask(f"[[say:{WORDS}]]", streamed=streamed))
    assert (outcome.text, outcome.reason, record["ending"]) == (WORDS, sdk.end, "served")


def test_an_answer_that_just_stops_is_incomplete_not_ended(stack, sdk, streamed):
    outcome, record = tried(stack, lambda: sdk.ask(f"[[sim:no-tail]][[say:{WORDS}]]", streamed=streamed))
    assert (outcome.text, outcome.reason, outcome.error) == (WORDS, sdk.length, None)
    assert (record["ending"], record["finishReason"]) == ("served", "length")


@pytest.mark.parametrize("script", ["cut-input", "unstopped"])
def test_a_cut_call_never_reaches_the_client(stack, sdk, streamed, script):
    asked = f'[[sim:{script}]] [[call:write {{"text":"a long text that is cut"}}]]'
    outcome, record = tried(stack, lambda: sdk.ask(asked, streamed=streamed, tools=True))
    assert (outcome.calls, outcome.reason, outcome.error) == (0, sdk.length, None)
    assert record["ending"] == "served"


@pytest.mark.parametrize("script", ["interleaved", "object-input", "zero-arg", "name-once", "repeated-call"])
def test_odd_but_whole_calls_arrive(stack, sdk, streamed, script):
    outcome, _ = tried(stack, lambda: sdk.ask(f'[[sim:{script}]] [[call:write {{"text":"x"}}]]', streamed=streamed, tools=True))
    assert (outcome.calls, outcome.reason) == (2 if script == "interleaved" else 1, sdk.calls)


@pytest.mark.parametrize("place", ["first", "middle"])
def test_too_long_is_the_clients_own_error_and_nobody_elses(stack, sdk, streamed, place):
    options = {"text": WORDS, "piece": 40, "after": PLACES[place]}
    stack.sim("POST", "script", {"script": "too-long", "options": options, "times": 1})
    outcome, record = tried(stack, lambda: sdk.ask(streamed=streamed))
    if place == "first" or not streamed:
        assert isinstance(outcome.error, sdk.errors.BadRequestError)
    assert "prompt is too long" in str(outcome.error)
    assert record["error"] == "context_too_long"
    assert len(stack.sim("GET", "requests")["requests"]) == 1
    assert {each["status"] for each in stack.admin("GET", "/api/accounts")["accounts"]} == {"active"}


# What every account says, and what the client is told in the end: status, Anthropic's type, OpenAI's code.
REFUSALS = {
    (400, None): (400, "invalid_request_error", "upstream_rejected"),
    (400, "REQUEST_BODY_INVALID"): (400, "invalid_request_error", "upstream_rejected"),
    (400, "CONTENT_LENGTH_EXCEEDS_THRESHOLD"): (400, "invalid_request_error", "context_length_exceeded"),
    (400, "INVALID_MODEL_ID"): (404, "not_found_error", "model_not_found"),
    (400, "MONTHLY_REQUEST_COUNT"): (429, "rate_limit_error", "insufficient_quota"),
    (402, "MONTHLY_REQUEST_COUNT"): (429, "rate_limit_error", "insufficient_quota"),
    (402, "CONVERSATION_LIMIT_EXCEEDED"): (400, "invalid_request_error", "context_length_exceeded"),
    (403, "TEMPORARILY_SUSPENDED"): (503, "api_error", "no_account"),
    (403, "FEATURE_NOT_SUPPORTED"): (502, "api_error", "upstream_error"),
    (413, None): (400, "invalid_request_error", "context_length_exceeded"),
    (429, None): (429, "rate_limit_error", "rate_limit_exceeded"),
    (429, "INSUFFICIENT_MODEL_CAPACITY"): (503, "overloaded_error", "server_overloaded"),
    (500, None): (503, "overloaded_error", "server_overloaded"),
    (502, None): (502, "api_error", "upstream_error"),
    (503, None): (503, "overloaded_error", "server_overloaded"),
    (504, None): (504, "timeout_error", "timeout_error"),
}


@pytest.mark.parametrize(("status", "reason"), REFUSALS)
def test_when_every_account_refuses(stack, sdk, streamed, status, reason):
    stack.sim("POST", "fail", {"status": status, "reason": reason, "times": 9})
    outcome, record = tried(stack, lambda: sdk.ask(streamed=streamed))
    told, *names = REFUSALS[status, reason]
    told = 529 if isinstance(sdk, ByAnthropic) and told == 503 and "overloaded" in names[0] else told
    assert isinstance(outcome.error, sdk.errors.APIStatusError)
    assert (outcome.error.status_code, sdk.kind(outcome.error)) == (told, names[SDKS.index(type(sdk))])
    assert ("retry-after" in outcome.error.response.headers) == (told in {429, 503, 529})
    assert record["ending"] == "failed"
