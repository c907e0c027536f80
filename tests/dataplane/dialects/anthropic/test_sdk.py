"""The official client against the dialect, offline: what it sends is read, what it is sent it accepts.

Its own parser is the judge, with strict validation on.
"""

import anthropic
import httpx2
import pytest

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Searched,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
)
from dataplane.conversation.model import Hit, Image, Reasoning, Search, Stamp, Text, ToolCall, ToolResult, WebSearch
from dataplane.dialects.anthropic import Anthropic
from dataplane.errors import InvalidRequest, Limited, NotFound, Overloaded, Unauthenticated
from tests.dataplane.dialects.anthropic.test_dialect import ROWS

DIALECT = Anthropic()
ANSWER = [
    Started(),
    ReasoningDelta("Let me "),
    ReasoningDelta("see"),
    ReasoningSigned("c2ln"),
    ReasoningSigned("c2VjcmV0", redacted=True),
    TextDelta("Hello "),
    TextDelta("wörld 😀"),
    ToolCallStarted("toolu_1", "Bash"),
    ToolCallDelta('{"command": '),
    ToolCallDelta('"ls"}'),
    ToolCallEnded(),
    ToolCallStarted("call_2", "now"),
    ToolCallEnded(),
    UsageSeen(Usage(input=40, cache_read=300, cache_write=7, output=55)),
    Finished("tool_calls"),
]
ASK = {
    "model": "claude-x",
    "max_tokens": 2000,
    "messages": [{"role": "user", "content": "hi"}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}


class Gateway:
    """Answers each message with `events`, one event a chunk, between keep-alives; keeps what was asked."""

    def __init__(self, events=ANSWER, error=None, broken=None):
        self.events = events
        self.error = error
        self.broken = broken
        self.call = None
        self.client = anthropic.Anthropic(
            api_key="k",
            base_url="http://gateway.test",
            max_retries=0,
            http_client=httpx2.Client(transport=httpx2.MockTransport(self.answer)),
            _strict_response_validation=True,
        )

    def answer(self, request):
        if self.error:
            status, body = DIALECT.error(self.error, "req_1")
            return httpx2.Response(status, content=body, headers={"content-type": "application/json", "request-id": "req_1"})
        if request.url.path == "/v1/models":
            return self.json(DIALECT.models(ROWS, dict(request.url.params)))
        if request.url.path.startswith("/v1/models/"):
            return self.json(DIALECT.model(ROWS[0]))
        if request.url.path.endswith("/count_tokens"):
            return self.json(DIALECT.count(DIALECT.parse_count(request.read())))
        self.call = DIALECT.parse(request.read())
        self.call.input_estimate = 21
        encoder = DIALECT.encoder(self.call, Stamp("0a1b", 1))
        chunks = [DIALECT.keepalive]
        for event in self.events:
            chunks += [encoder.feed([event]), DIALECT.heartbeat if self.call.stream and len(chunks) > 2 else b""]
        chunks.append(encoder.fail(self.broken, "req_1") if self.broken else encoder.finish())
        chunks = chunks if self.call.stream else chunks[1:]
        return httpx2.Response(200, content=iter(chunks), headers={"content-type": encoder.content_type})

    @staticmethod
    def json(body):
        return httpx2.Response(200, content=body, headers={"content-type": "application/json"})


def check(message):
    thinking, redacted, text, bash, now = message.content
    assert (thinking.type, thinking.thinking, thinking.signature) == ("thinking", "Let me see", "c2ln")
    assert (redacted.type, redacted.data) == ("redacted_thinking", "c2VjcmV0")
    assert (text.type, text.text) == ("text", "Hello wörld 😀")
    assert (bash.type, bash.id, bash.name, bash.input) == ("tool_use", "toolu_1", "Bash", {"command": "ls"})
    assert (now.type, now.id, now.name, now.input) == ("tool_use", "call_2", "now", {})
    assert (message.id, message.model, message.role) == ("msg_0a1b", "claude-x", "assistant")
    assert (message.stop_reason, message.stop_sequence) == ("tool_use", None)
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (40, 55)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (300, 7)


def test_a_stream_put_together():
    gateway = Gateway()
    with gateway.client.messages.stream(**ASK) as stream:
        kinds = [event.type for event in stream]
        check(stream.get_final_message())
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 5
    assert [kind for kind in kinds if kind in ("message_start", "message_delta", "message_stop")] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    assert {"text", "thinking", "signature", "input_json"} <= set(kinds)


def test_raw_events():
    first, *_, last = Gateway().client.messages.create(**ASK, stream=True)
    assert (first.type, first.message.usage.input_tokens, last.type) == ("message_start", 21, "message_stop")


def test_a_whole_message():
    check(Gateway().client.messages.create(**ASK))


@pytest.mark.parametrize(
    "events",
    [
        [Started(), Finished("stop")],
        [Started(), ReasoningSigned("c2ln"), Finished("refusal")],
        [Started(), ReasoningDelta("only"), Finished("length")],
        [Started(), TextDelta("x"), Finished("stop_sequence", "END")],
        [Started(), ToolCallStarted("1", "n"), ToolCallEnded(), Finished("context_exceeded")],
    ],
)
def test_odd_answers_are_the_same_streamed_and_whole(events):
    with Gateway(events).client.messages.stream(**ASK) as stream:
        streamed = stream.get_final_message()
    whole = Gateway(events).client.messages.create(**ASK)
    assert streamed.stop_reason == whole.stop_reason
    assert streamed.stop_sequence == whole.stop_sequence
    assert [block.to_dict() for block in streamed.content] == [block.to_dict() for block in whole.content]


def test_an_answer_can_be_sent_back():
    gateway = Gateway()
    message = gateway.client.messages.create(**ASK)
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [picture]},
        {"type": "tool_result", "tool_use_id": "call_2", "content": "12:00"},
    ]
    turns = [*ASK["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    gateway.client.messages.create(**{**ASK, "messages": turns})
    _, answered, given = gateway.call.turns
    assert answered.parts == [
        Reasoning("Let me see", "c2ln"),
        Reasoning(redacted="c2VjcmV0"),
        Text("Hello wörld 😀"),
        ToolCall("toolu_1", "Bash", '{"command":"ls"}'),
        ToolCall("call_2", "now", "{}"),
    ]
    assert given.parts == [ToolResult("toolu_1", [Image("image/png", "QUJD")]), ToolResult("call_2", [Text("12:00")])]
    assert (gateway.call.dropped, gateway.call.extras) == ([], {})


SEARCHED = [
    Started(),
    TextDelta("I look."),
    Searched(Search("srvtoolu_1", "tea", [Hit("A", "https://a.test", "Grün", "2 days ago"), Hit("B", "https://b.test")])),
    Searched(Search("srvtoolu_2", "more tea", error="max_uses_exceeded")),
    TextDelta("Green."),
    UsageSeen(Usage(input=40, output=55, searches=1)),
    Finished("stop"),
]
HOSTED = {**ASK, "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]}


def check_searches(message):
    before, use, result, second, refused, after = message.content
    assert (before.text, after.text, message.stop_reason) == ("I look.", "Green.", "end_turn")
    assert (use.type, use.id, use.name, use.input) == ("server_tool_use", "srvtoolu_1", "web_search", {"query": "tea"})
    first, last = result.content
    assert (result.type, result.tool_use_id, first.type) == ("web_search_tool_result", use.id, "web_search_result")
    assert (first.title, first.url, first.page_age, last.page_age) == ("A", "https://a.test", "2 days ago", None)
    assert (refused.tool_use_id, refused.content.error_code) == (second.id, "max_uses_exceeded")
    assert message.usage.server_tool_use.web_search_requests == 1


def test_a_search_streamed_and_whole_and_sent_back():
    gateway = Gateway(SEARCHED)
    with gateway.client.messages.stream(**HOSTED) as stream:
        check_searches(stream.get_final_message())
    message = gateway.client.messages.create(**HOSTED)
    check_searches(message)
    assert gateway.call.web_search == WebSearch(1)
    turns = [*ASK["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": "And?"}]
    gateway.client.messages.create(**{**HOSTED, "messages": turns})
    assert gateway.call.turns[1].parts == [
        Text("I look."),
        Search("srvtoolu_1", "tea", [Hit("A", "https://a.test", "Grün", "2 days ago"), Hit("B", "https://b.test")]),
        Search("srvtoolu_2", "more tea", error="max_uses_exceeded"),
        Text("Green."),
    ]
    assert (gateway.call.dropped, gateway.call.extras) == ([], {})


@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (InvalidRequest("model: is required", param="model"), anthropic.BadRequestError, 400),
        (Unauthenticated("no"), anthropic.AuthenticationError, 401),
        (NotFound("no"), anthropic.NotFoundError, 404),
        (Limited("no"), anthropic.RateLimitError, 429),
        (Overloaded("no"), anthropic.APIStatusError, 529),
    ],
)
def test_errors_before_the_answer(error, raised, status):
    with pytest.raises(raised) as caught:
        Gateway(error=error).client.messages.create(**ASK)
    assert caught.value.status_code == status
    assert caught.value.body["error"]["message"] == error.message
    assert caught.value.request_id == "req_1"


def test_an_error_in_the_middle_is_raised():
    gateway = Gateway(events=ANSWER[:7], broken=Overloaded("try again"))
    with pytest.raises(anthropic.APIStatusError) as caught, gateway.client.messages.stream(**ASK) as stream:
        stream.get_final_message()
    assert caught.value.body["error"] == {"type": "overloaded_error", "message": "try again"}


def test_counting():
    assert Gateway().client.messages.count_tokens(model="claude-x", messages=ASK["messages"]).input_tokens > 0


def test_models_page_by_page():
    client = Gateway().client
    assert [model.id for model in client.models.list(limit=2)] == list("abcde")
    assert client.models.retrieve("a").id == "a"
