"""The official client reads what the encoders write, without a network."""

import httpx2
import openai
import pydantic
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
    UsageSeen,
)
from dataplane.conversation.kept import Recalled
from dataplane.conversation.model import Hit, OutputFormat, Reasoning, Search, Stamp, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.errors import InvalidRequest, Limited, NotFound, Overloaded, Unauthenticated
from tests.dataplane.dialects.openai_responses.answers import TOOLS, USAGE

DIALECT = OpenAIResponses()
TEXT = [Started(), ReasoningDelta("hm"), ReasoningSigned("c2ln"), TextDelta("Hel"), TextDelta("lo"), UsageSeen(USAGE), Finished("stop")]
CALLS = [
    Started(),
    TextDelta("Look"),
    ToolCallStarted("call_1", "bash"),
    ToolCallDelta('{"command":'),
    ToolCallDelta('"ls"}'),
    ToolCallEnded(),
    ToolCallStarted("call_2", "patch"),
    ToolCallDelta('{"input":"*** Begin"}'),
    ToolCallEnded(),
    ToolCallStarted("call_3", "agents__close"),
    ToolCallEnded(),
    UsageSeen(USAGE),
    Finished("tool_calls"),
]


class Gateway:
    """Answers as the data plane would: keeps answers, and what it was asked."""

    def __init__(self, events=(), error=None, broken=False):
        self.events, self.error, self.broken = events, error, broken
        self.call = None
        self.items = {}
        self.history = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.error and not self.broken:
            return self.refuse(self.error)
        body = request.read()
        try:
            self.call = DIALECT.parse(body, self.recalled(DIALECT.recalls(body)))
        except (InvalidRequest, NotFound) as error:
            return self.refuse(error)
        encoder = DIALECT.encoder(self.call, Stamp(f"{len(self.history):x}", 1700000000))
        content = b"".join(self.pieces(encoder))
        self.keep(encoder.kept)
        return httpx2.Response(200, content=content, headers={"content-type": encoder.content_type})

    def refuse(self, error):
        status, body = DIALECT.error(error, "req_1")
        return httpx2.Response(status, content=body, headers={"content-type": "application/json"})

    def pieces(self, encoder):
        if self.call.stream:
            yield DIALECT.keepalive
        for event in self.events:
            yield encoder.feed([event])
            if self.call.stream:
                yield DIALECT.heartbeat
        yield encoder.fail(self.error, "req_1") if self.broken else encoder.finish()

    def recalled(self, wanted):
        if wanted is None:
            return None
        return Recalled(self.history.get(wanted.answer, []), [self.items[name] for name in wanted.items if name in self.items])

    def keep(self, kept):
        if kept is not None:
            self.history[kept.id] = [*self.history.get(kept.previous, []), *kept.input, *kept.output]
            self.items.update({item.id: item for item in (*kept.input, *kept.output)})


@pytest.fixture
def connect():
    opened = []

    def made(answer):
        opened.append(httpx2.Client(transport=httpx2.MockTransport(answer)))
        return openai.OpenAI(api_key="k", base_url="http://gateway.test/v1", max_retries=0, http_client=opened[-1]).responses

    yield made
    for client in opened:
        client.close()


ASK = {"model": "claude-sonnet-4.5", "input": "Hi"}


def test_a_stream(connect):
    events = list(connect(Gateway(TEXT)).create(**ASK, stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hello"
    final = events[-1].response
    assert (final.output_text, final.model, final.status, final.usage.total_tokens) == ("Hello", "claude-sonnet-4.5", "completed", 30)
    assert (final.usage.input_tokens_details.cached_tokens, final.usage.input_tokens_details.cache_write_tokens) == (7, 4)


def test_the_assembling_stream(connect):
    with connect(Gateway(TEXT)).stream(**ASK) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.snapshot for event in events if event.type == "response.output_text.delta"] == ["Hel", "Hello"]
    assert final.output_text == "Hello"
    assert final.output[0].summary[0].text == "hm"


def test_the_assembling_stream_puts_calls_together(connect):
    with connect(Gateway(CALLS)).stream(**ASK, tools=TOOLS) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.function_call_arguments.delta"]
        _, bash, patch, close = stream.get_final_response().output
    assert snapshots == ['{"command":', '{"command":"ls"}', "{}"]
    assert (bash.call_id, bash.name, bash.arguments) == ("call_1", "bash", '{"command":"ls"}')
    assert (patch.call_id, patch.name, patch.input) == ("call_2", "patch", "*** Begin")
    assert (close.namespace, close.name, close.arguments) == ("agents", "close", "{}")


def test_a_whole_answer(connect):
    answer = connect(Gateway(TEXT)).create(**ASK, metadata={"a": "b"}, instructions="Be kind.")
    assert (answer.output_text, answer.id, answer.metadata, answer.instructions) == ("Hello", "resp_0", {"a": "b"}, "Be kind.")


def test_an_answer_comes_back_as_it_was_given(connect):
    gateway = Gateway([*TEXT[:3], *CALLS[1:]])
    client = connect(gateway)
    output = client.create(**ASK, tools=TOOLS, store=False).output
    result = {"type": "function_call_output", "call_id": "call_1", "output": "a.txt"}
    client.create(model="m", input=[{"role": "user", "content": "Hi"}, *output, result], tools=TOOLS)
    assert gateway.call.turns == [
        Turn("user", [Text("Hi")]),
        Turn(
            "assistant",
            [
                Reasoning("hm", "c2ln"),
                Text("Look"),
                ToolCall("call_1", "bash", '{"command":"ls"}'),
                ToolCall("call_2", "patch", '{"input":"*** Begin"}'),
                ToolCall("call_3", "agents__close", "{}"),
            ],
        ),
        Turn("user", [ToolResult("call_1", [Text("a.txt")])]),
    ]
    assert gateway.call.dropped == []


def test_parsed_output_comes_back_too(connect):
    gateway = Gateway(CALLS)
    client = connect(gateway)
    strict = [{"type": "function", "name": "bash", "strict": True, "parameters": {"type": "object", "properties": {}}}, *TOOLS[1:]]
    output = client.parse(**ASK, tools=strict).output
    assert output[1].parsed_arguments == {"command": "ls"}
    client.create(model="m", input=output, tools=strict)
    assert gateway.call.dropped == []


def test_conversations_that_are_kept(connect):
    gateway = Gateway(TEXT)
    client = connect(gateway)
    first = client.create(**ASK)
    second = client.create(model="m", input="And?", previous_response_id=first.id)
    third = client.create(model="m", input=[{"type": "item_reference", "id": second.output[1].id}, {"role": "user", "content": "So?"}])
    assert second.previous_response_id == first.id
    assert third.output_text == "Hello"
    assert gateway.call.turns == [Turn("assistant", [Text("Hello")]), Turn("user", [Text("So?")])]
    with pytest.raises(openai.NotFoundError) as caught:
        client.create(**ASK, previous_response_id="resp_unknown")
    assert caught.value.code == "previous_response_not_found"


PAGES = Search("s1", "cats", [Hit("Cats", "https://cats.example")])


def test_citations(connect):
    events = [Started(), Searched(PAGES), TextDelta("See https://cats.example."), Finished("stop")]
    with connect(Gateway(events)).stream(**ASK, tools=[{"type": "web_search"}]) as stream:
        search, message = stream.get_final_response().output
    assert (search.action.query, search.action.sources[0].url) == ("cats", "https://cats.example")
    (cited,) = message.content[0].annotations
    assert (cited.title, message.content[0].text[cited.start_index : cited.end_index]) == ("Cats", "https://cats.example")


class Reply(pydantic.BaseModel):
    """What the test asks for."""

    city: str


def test_an_answer_in_the_form_that_was_asked_for(connect):
    gateway = Gateway([Started(), TextDelta('{"city":'), TextDelta('"Oslo"}'), Finished("stop")])
    client = connect(gateway)
    assert client.parse(**ASK, text_format=Reply).output_parsed == Reply(city="Oslo")
    asked = gateway.call.output_format
    assert isinstance(asked, OutputFormat)
    assert (asked.kind, asked.name, b'"city"' in asked.schema, gateway.call.dropped) == ("json_schema", "Reply", True, [])
    with client.stream(**ASK, text_format=Reply) as stream:
        assert stream.get_final_response().output_parsed == Reply(city="Oslo")


@pytest.mark.parametrize(("reason", "why"), [("length", "max_output_tokens"), ("refusal", "content_filter")])
def test_an_answer_that_was_cut(connect, reason, why):
    gateway = Gateway([*TEXT[:-1], Finished(reason)])
    answer = connect(gateway).create(**ASK)
    assert (answer.status, answer.incomplete_details.reason, answer.output_text) == ("incomplete", why, "Hello")
    assert [event.type for event in connect(gateway).create(**ASK, stream=True)][-1] == "response.incomplete"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest("wrong", param="input"), openai.BadRequestError),
        (Unauthenticated("who?"), openai.AuthenticationError),
        (NotFound("no such model"), openai.NotFoundError),
        (Limited("later"), openai.RateLimitError),
        (Overloaded("busy"), openai.InternalServerError),
    ],
)
def test_errors(connect, error, kind):
    with pytest.raises(kind) as caught:
        connect(Gateway(error=error)).create(**ASK)
    assert (caught.value.body["message"], caught.value.param) == (error.message, error.param)


def test_an_error_in_the_middle_of_a_stream(connect):
    events = list(connect(Gateway(TEXT[:4], Overloaded("busy"), broken=True)).create(**ASK, stream=True))
    last = events[-1]
    assert (last.type, last.response.status, last.response.error.code) == ("response.failed", "failed", "server_error")
    with connect(Gateway(TEXT[:4], Overloaded("busy"), broken=True)).stream(**ASK) as stream, pytest.raises(RuntimeError):
        stream.get_final_response()
