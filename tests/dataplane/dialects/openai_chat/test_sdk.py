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
    Usage,
    UsageSeen,
)
from dataplane.conversation.model import Hit, OutputFormat, Search, Stamp, Text, ToolCall, ToolResult, Turn, WebSearch
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import InvalidRequest, Limited, NotFound, Overloaded, Unauthenticated
from dataplane.ports import ModelFacts

DIALECT = OpenAIChat()
STAMP = Stamp("0a1b", 1700000000)
MESSAGES = [{"role": "user", "content": "Hi"}]
TOOLS = [{"type": "function", "function": {"name": "bash", "parameters": {"type": "object", "properties": {}}}}]
USAGE = UsageSeen(Usage(input=10, cache_read=7, cache_write=4, output=9, reasoning=3))
TEXT = [Started(), ReasoningDelta("hm"), ReasoningSigned("c2ln"), TextDelta("Hel"), TextDelta("lo"), USAGE, Finished("stop")]
CALLS = [
    Started(),
    TextDelta("Look"),
    ToolCallStarted("call_1", "bash"),
    ToolCallDelta('{"command":'),
    ToolCallDelta('"ls"}'),
    ToolCallEnded(),
    ToolCallStarted("call_2", "bash"),
    ToolCallEnded(),
    USAGE,
    Finished("tool_calls"),
]


class Gateway:
    """Answers as the data plane would, and keeps what it was asked."""

    def __init__(self, events=(), error=None, broken=False):
        self.events, self.error, self.broken = events, error, broken
        self.call = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.error and not self.broken:
            status, body = DIALECT.error(self.error, "req_1")
            return httpx2.Response(status, content=body, headers={"content-type": "application/json"})
        self.call = DIALECT.parse(request.read())
        encoder = DIALECT.encoder(self.call, STAMP)
        return httpx2.Response(200, content=b"".join(self.pieces(encoder)), headers={"content-type": encoder.content_type})

    def pieces(self, encoder):
        if self.call.stream:
            yield DIALECT.keepalive
        for event in self.events:
            yield encoder.feed([event])
            if self.call.stream:
                yield DIALECT.heartbeat
        yield encoder.fail(self.error, "req_1") if self.broken else encoder.finish()


@pytest.fixture
def connect():
    opened = []

    def made(answer):
        opened.append(httpx2.Client(transport=httpx2.MockTransport(answer)))
        return openai.OpenAI(api_key="k", base_url="http://gateway.test/v1", max_retries=0, http_client=opened[-1])

    yield made
    for client in opened:
        client.close()


def create(client, **options):
    return client.chat.completions.create(model="claude-sonnet-4.5", messages=MESSAGES, **options)


def test_a_stream(connect):
    chunks = list(create(connect(Gateway(TEXT)), stream=True, stream_options={"include_usage": True}))
    assert {(chunk.id, chunk.model, chunk.object) for chunk in chunks} == {("chatcmpl-0a1b", "claude-sonnet-4.5", "chat.completion.chunk")}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Hello"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1] if chunk.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].choices, chunks[-1].usage.prompt_tokens, chunks[-1].usage.prompt_tokens_details.cached_tokens) == ([], 21, 7)


def test_the_assembling_stream(connect):
    client = connect(Gateway(TEXT))
    with client.chat.completions.stream(model="claude-sonnet-4.5", messages=MESSAGES, stream_options={"include_usage": True}) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    assert [event.delta for event in events if event.type == "content.delta" and event.delta] == ["Hel", "lo"]
    assert [event.content for event in events if event.type == "content.done"] == ["Hello"]
    assert (final.choices[0].message.content, final.choices[0].finish_reason, final.usage.total_tokens) == ("Hello", "stop", 30)
    assert final.choices[0].message.reasoning_content == "hm"


def test_the_assembling_stream_puts_calls_together(connect):
    client = connect(Gateway(CALLS))
    with client.chat.completions.stream(model="claude-sonnet-4.5", messages=MESSAGES, tools=TOOLS) as stream:
        done = [event.name for event in stream if event.type == "tool_calls.function.arguments.done"]
        message = stream.get_final_completion().choices[0].message
    assert done == ["bash", "bash"]
    assert message.content == "Look"
    assert [(call.id, call.function.arguments) for call in message.tool_calls] == [("call_1", '{"command":"ls"}'), ("call_2", "{}")]


def test_the_assembling_stream_raises_at_a_cut_answer(connect):
    client = connect(Gateway([*TEXT[:-1], Finished("length")]))
    strict = [{"type": "function", "function": {**TOOLS[0]["function"], "strict": True}}]
    with (
        client.chat.completions.stream(model="m", messages=MESSAGES, tools=strict) as stream,
        pytest.raises(openai.LengthFinishReasonError),
    ):
        stream.until_done()


def test_a_whole_answer(connect):
    completion = create(connect(Gateway(TEXT)))
    assert (completion.id, completion.created, completion.model) == ("chatcmpl-0a1b", 1700000000, "claude-sonnet-4.5")
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == ("Hello", "stop")
    assert completion.choices[0].message.reasoning_content == "hm"
    assert completion.usage.completion_tokens_details.reasoning_tokens == 3


def test_an_answer_comes_back_as_it_was_given(connect):
    gateway = Gateway(CALLS)
    client = connect(gateway)
    message = create(client, tools=TOOLS).choices[0].message
    result = {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"}
    client.chat.completions.create(model="m", messages=[*MESSAGES, message, result], tools=TOOLS)
    assert gateway.call.turns == [
        Turn("user", [Text("Hi")]),
        Turn("assistant", [Text("Look"), ToolCall("call_1", "bash", '{"command":"ls"}'), ToolCall("call_2", "bash", "{}")]),
        Turn("user", [ToolResult("call_1", [Text("a.txt")])]),
    ]
    assert gateway.call.dropped == []


SEARCHED = Searched(Search("s1", "cats", [Hit("Cats", "https://cats.example"), Hit("Dogs", "https://dogs.example")]))
SEARCHING = [Started(), TextDelta("See "), SEARCHED, TextDelta("https://cats."), TextDelta("example."), USAGE, Finished("stop")]


def test_citations_of_a_whole_answer_go_there_and_back(connect):
    gateway = Gateway(SEARCHING)
    client = connect(gateway)
    message = create(client, web_search_options={}).choices[0].message
    assert gateway.call.web_search == WebSearch()
    cited = [annotation.url_citation for annotation in message.annotations]
    assert [(each.title, each.url, message.content[each.start_index : each.end_index]) for each in cited] == [
        ("Cats", "https://cats.example", "https://cats.example"),
        ("Dogs", "https://dogs.example", ""),
    ]
    client.chat.completions.create(model="m", messages=[*MESSAGES, message, *MESSAGES], web_search_options={})
    assert (gateway.call.turns[1], gateway.call.dropped) == (Turn("assistant", [Text("See https://cats.example.")]), [])


def test_the_assembling_stream_keeps_citations(connect):
    client = connect(Gateway(SEARCHING))
    with client.chat.completions.stream(model="m", messages=MESSAGES, web_search_options={}) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.content == "See https://cats.example."
    assert [annotation.url_citation.title for annotation in message.annotations] == ["Cats", "Dogs"]


PATCH = [{"type": "custom", "custom": {"name": "patch", "format": {"type": "text"}}}]
PATCHING = [Started(), ToolCallStarted("call_1", "patch"), ToolCallDelta('{"input":'), ToolCallDelta('"*** Begin"}'), ToolCallEnded()]


def test_a_custom_call_goes_there_and_back(connect):
    gateway = Gateway([*PATCHING, USAGE, Finished("tool_calls")])
    client = connect(gateway)
    message = create(client, tools=PATCH).choices[0].message
    (call,) = message.tool_calls
    assert (call.type, call.id, call.custom.name, call.custom.input) == ("custom", "call_1", "patch", "*** Begin")
    client.chat.completions.create(model="m", messages=[*MESSAGES, message], tools=PATCH)
    assert gateway.call.turns[1:] == [Turn("assistant", [ToolCall("call_1", "patch", '{"input":"*** Begin"}')])]


def test_a_custom_call_in_a_stream(connect):
    chunks = create(connect(Gateway([*PATCHING, USAGE, Finished("tool_calls")])), tools=PATCH, stream=True)
    deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(delta.index, delta.type, delta.id) for delta in deltas] == [(0, "custom", "call_1"), (0, None, None)]
    assert "".join(delta.custom["input"] for delta in deltas) == "*** Begin"


class Reply(pydantic.BaseModel):
    """What the test asks for."""

    city: str


def test_an_answer_in_the_form_that_was_asked_for(connect):
    gateway = Gateway([Started(), TextDelta('{"city":'), TextDelta('"Oslo"}'), USAGE, Finished("stop")])
    parsed = connect(gateway).chat.completions.parse(model="m", messages=MESSAGES, response_format=Reply)
    assert parsed.choices[0].message.parsed == Reply(city="Oslo")
    asked = gateway.call.output_format
    assert isinstance(asked, OutputFormat)
    assert (asked.kind, asked.name, b'"city"' in asked.schema, gateway.call.dropped) == ("json_schema", "Reply", True, [])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest("wrong", param="n"), openai.BadRequestError),
        (Unauthenticated("who?"), openai.AuthenticationError),
        (NotFound("no such model"), openai.NotFoundError),
        (Limited("later"), openai.RateLimitError),
        (Overloaded("busy"), openai.InternalServerError),
    ],
)
def test_errors(connect, error, kind):
    with pytest.raises(kind) as caught:
        create(connect(Gateway(error=error)))
    assert caught.value.body["message"] == error.message
    assert caught.value.param == error.param


@pytest.mark.parametrize("options", [{"stream": True}, {"stream": True, "tools": TOOLS}])
def test_an_error_in_the_middle_of_a_stream_is_raised(connect, options):
    got = []
    with pytest.raises(openai.APIError, match="busy") as caught:
        got.extend(create(connect(Gateway(TEXT[:4], Overloaded("busy"), broken=True)), **options))
    assert [chunk.choices[0].delta.content for chunk in got][-1] == "Hel"
    assert (caught.value.type, caught.value.code) == ("overloaded_error", "server_overloaded")


def test_the_model_list(connect):
    facts = ModelFacts("kiro", "claude-sonnet-4.5", "Claude Sonnet 4.5", 200000, 64000, (), 1700000000)
    listed = (facts.id, facts)

    def answer(request):
        return httpx2.Response(200, content=DIALECT.models([listed], {}) if request.url.path.endswith("models") else DIALECT.model(listed))

    client = connect(answer)
    assert [(each.id, each.owned_by, each.created) for each in client.models.list()] == [("claude-sonnet-4.5", "kiro", 1700000000)]
    assert client.models.retrieve("claude-sonnet-4.5").context_window == 200000
