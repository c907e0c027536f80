"""Events into chat completion answers: the exact bytes, and back again."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import (
    Event,
    Finished,
    FinishReason,
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
from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Hit, Search, Stamp, Thinking, Tool, WebSearch
from dataplane.conversation.order import Order
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_chat.encoder import FINISH, StreamEncoder
from dataplane.errors import Overloaded
from tests.dataplane import sse

STAMP = Stamp("0a1b", 1700000000)
USAGE = Usage(input=10, cache_read=7, cache_write=4, output=9, reasoning=3)
CALL = [ToolCallStarted("call_1", "bash"), ToolCallDelta('{"comm'), ToolCallDelta('and":"ls"}'), ToolCallEnded()]
HEAD = b'data: {"id":"chatcmpl-0a1b","object":"chat.completion.chunk","created":1700000000,"model":"claude-sonnet-4.5",'


def encoder(**options):
    return OpenAIChat().encoder(Call("claude-sonnet-4.5", [], "openai", **options), STAMP)


def streamed(events, **options):
    made = encoder(stream=True, **options)
    return made.feed(events) + made.finish()


def chunk(delta: bytes, finish: bytes = b"null") -> bytes:
    return HEAD + b'"choices":[{"index":0,"delta":' + delta + b',"finish_reason":' + finish + b"}]}\n\n"


def whole(events, **options):
    made = encoder(**options)
    assert made.feed(events) == b""
    return json.loads(made.finish())


def test_a_text_answer():
    assert streamed([Started(), TextDelta("Hel"), TextDelta('lo "you"\n'), Finished("stop")]) == (
        chunk(b'{"role":"assistant","content":""}')
        + chunk(b'{"content":"Hel"}')
        + chunk(b'{"content":"lo \\"you\\"\\n"}')
        + chunk(b"{}", b'"stop"')
        + b"data: [DONE]\n\n"
    )


def test_a_tool_call():
    assert streamed([Started(), *CALL, Finished("tool_calls")]) == (
        chunk(b'{"role":"assistant","content":""}')
        + chunk(b'{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"bash","arguments":""}}]}')
        + chunk(b'{"tool_calls":[{"index":0,"function":{"arguments":"{\\"comm"}}]}')
        + chunk(b'{"tool_calls":[{"index":0,"function":{"arguments":"and\\":\\"ls\\"}"}}]}')
        + chunk(b"{}", b'"tool_calls"')
        + b"data: [DONE]\n\n"
    )


def test_a_second_call_has_the_next_index_and_no_arguments_are_an_empty_object():
    out = streamed([Started(), *CALL, ToolCallStarted("call_2", "now"), ToolCallEnded(), Finished("tool_calls")])
    assert (
        chunk(b'{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"now","arguments":""}}]}')
        + chunk(b'{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}')
        in out
    )
    assert out.count(b'"arguments":"{}"') == 1


def test_thinking_is_shown_and_its_signature_is_not():
    out = streamed([Started(), ReasoningDelta("hm"), ReasoningSigned("c2ln"), TextDelta("a"), Finished("stop")])
    assert chunk(b'{"reasoning_content":"hm"}') + chunk(b'{"content":"a"}') in out
    assert b"c2ln" not in out


def test_thinking_can_be_left_out():
    events = [Started(), ReasoningDelta("hm"), TextDelta("a"), Finished("stop")]
    hidden = Thinking("enabled", display="omitted")
    assert b"hm" not in streamed(events, thinking=hidden)
    assert "reasoning_content" not in whole(events, thinking=hidden)["choices"][0]["message"]
    assert b"hm" in streamed(events, thinking=Thinking("enabled"))


def test_usage_only_when_asked_for():
    events = [Started(), UsageSeen(Usage(input=1)), TextDelta("a"), UsageSeen(USAGE), Finished("stop")]
    assert b"usage" not in streamed(events)
    assert streamed(events, include_usage=True).endswith(
        chunk(b"{}", b'"stop"') + HEAD + b'"choices":[],"usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30,'
        b'"prompt_tokens_details":{"cached_tokens":7},"completion_tokens_details":{"reasoning_tokens":3}}}\n\n'
        b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize("reason", get_args(FinishReason))
def test_every_reason_has_a_word(reason):
    assert streamed([Started(), Finished(reason)]).count(b'"finish_reason":"%b"' % FINISH[reason].encode()) == 1
    assert whole([Started(), Finished(reason)])["choices"][0]["finish_reason"] == FINISH[reason]


def test_reasons():
    assert FINISH == {
        "stop": "stop",
        "tool_calls": "tool_calls",
        "length": "length",
        "stop_sequence": "stop",
        "refusal": "content_filter",
        "context_exceeded": "length",
    }


def test_every_event_has_a_step():
    assert set(StreamEncoder._STEPS) == set(get_args(Event))


def test_a_batch_is_one_piece_and_nothing_is_held_back():
    made = encoder(stream=True)
    assert made.feed([]) == b""
    assert made.feed([Started(), TextDelta("a"), TextDelta("b")]).count(b"\n\n") == 3


def test_a_model_name_is_repeated_as_it_was_asked_for():
    made = OpenAIChat().encoder(Call('we"ird%s/ü', [], "openai", stream=True), STAMP)
    (event,) = sse.Parser().feed(made.feed([Started()]))
    assert json.loads(event.data)["model"] == 'we"ird%s/ü'


def test_a_broken_stream_ends_with_an_error_and_no_done():
    assert encoder(stream=True).fail(Overloaded("busy"), "req_1") == (
        b'data: {"error":{"message":"busy","type":"overloaded_error","param":null,"code":"server_overloaded"}}\n\n'
    )


def test_a_broken_whole_answer_is_the_error_itself():
    assert json.loads(encoder().fail(Overloaded("busy"), "req_1"))["error"]["code"] == "server_overloaded"


def test_a_whole_answer():
    assert whole([Started(), ReasoningDelta("hm"), TextDelta("Hel"), TextDelta("lo"), UsageSeen(USAGE), Finished("stop")]) == {
        "id": "chatcmpl-0a1b",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "claude-sonnet-4.5",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None, "reasoning_content": "hm"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 21,
            "completion_tokens": 9,
            "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 7},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        "system_fingerprint": None,
    }


def test_a_whole_answer_keeps_text_beside_calls():
    message = whole([Started(), TextDelta("Look"), *CALL, TextDelta("ing"), Finished("tool_calls")])["choices"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": "Looking",
        "refusal": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}],
    }


def test_content_is_null_beside_calls_and_empty_without_anything():
    assert whole([Started(), *CALL, Finished("tool_calls")])["choices"][0]["message"]["content"] is None
    assert whole([Started(), Finished("stop")])["choices"][0]["message"]["content"] == ""


PAGES = Search("s1", "cats", [Hit("A", "https://a.example/x"), Hit("B", "https://b.example"), Hit("A again", "https://a.example/x")])
SEARCHING = [Started(), TextDelta("I look. "), Searched(PAGES), TextDelta("See https://a.exa"), TextDelta("mple/x, all."), Finished("stop")]
CITED = [
    {"type": "url_citation", "url_citation": {"end_index": 31, "start_index": 12, "title": "A", "url": "https://a.example/x"}},
    {"type": "url_citation", "url_citation": {"end_index": 37, "start_index": 37, "title": "B", "url": "https://b.example"}},
]


def test_pages_that_a_search_found_are_cited_in_a_last_delta():
    out = streamed(SEARCHING, web_search=WebSearch())
    cited = json.dumps(CITED, separators=(",", ":")).encode()
    assert out.endswith(
        chunk(b'{"content":"mple/x, all."}') + chunk(b'{"annotations":' + cited + b"}") + chunk(b"{}", b'"stop"') + b"data: [DONE]\n\n"
    )
    assert out.count(b"annotations") == 1


def test_pages_that_a_search_found_are_cited_in_a_whole_answer():
    message = whole(SEARCHING, web_search=WebSearch())["choices"][0]["message"]
    assert (message["content"], message["annotations"]) == ("I look. See https://a.example/x, all.", CITED)


@pytest.mark.parametrize("search", [Search("s1", "cats"), Search("s1", "cats", error="unavailable")])
def test_a_search_without_pages_leaves_no_trace(search):
    events = [Started(), Searched(search), TextDelta("a"), Finished("stop")]
    plain = [Started(), TextDelta("a"), Finished("stop")]
    assert streamed(events, web_search=WebSearch()) == streamed(plain)
    assert whole(events, web_search=WebSearch()) == whole(plain)


def test_a_longer_address_is_another_page():
    search = Search("s1", "q", [Hit("A", "https://a.example/x")])
    events = [Started(), Searched(search), TextDelta("https://a.example/xy https://a.example/x."), Finished("stop")]
    (found,) = whole(events, web_search=WebSearch())["choices"][0]["message"]["annotations"]
    assert (found["url_citation"]["start_index"], found["url_citation"]["end_index"]) == (21, 40)


PATCH = {"tools": [Tool("patch", custom=True), Tool("bash")]}
PATCHING = [
    Started(),
    ToolCallStarted("call_1", "patch"),
    ToolCallDelta('{"input":"*** Be'),
    ToolCallDelta('gin\\n"}'),
    ToolCallEnded(),
    Finished("tool_calls"),
]


def test_a_custom_call_comes_back_as_a_custom_call():
    assert streamed(PATCHING, **PATCH) == (
        chunk(b'{"role":"assistant","content":""}')
        + chunk(b'{"tool_calls":[{"index":0,"id":"call_1","type":"custom","custom":{"name":"patch","input":""}}]}')
        + chunk(b'{"tool_calls":[{"index":0,"custom":{"input":"*** Begin\\n"}}]}')
        + chunk(b"{}", b'"tool_calls"')
        + b"data: [DONE]\n\n"
    )
    assert whole(PATCHING, **PATCH)["choices"][0]["message"]["tool_calls"] == [
        {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin\n"}}
    ]


def test_half_a_custom_call_has_no_text():
    events = [Started(), ToolCallStarted("call_1", "patch"), ToolCallDelta('{"input":"rm -rf /srv'), ToolCallEnded(), Finished("length")]
    assert b"rm" not in streamed(events, **PATCH)
    assert whole(events, **PATCH)["choices"][0]["message"]["tool_calls"][0]["custom"]["input"] == ""


OLD = {"asked": {Feature.TOOLS: ["functions"]}}


def test_clients_of_the_old_form_get_calls_of_the_old_form():
    second = [ToolCallStarted("call_2", "bash"), ToolCallDelta("{}"), ToolCallEnded()]
    for more in ([], second):
        events = [Started(), *CALL, *more, Finished("tool_calls")]
        assert streamed(events, **OLD) == (
            chunk(b'{"role":"assistant","content":""}')
            + chunk(b'{"function_call":{"name":"bash","arguments":""}}')
            + chunk(b'{"function_call":{"arguments":"{\\"comm"}}')
            + chunk(b'{"function_call":{"arguments":"and\\":\\"ls\\"}"}}')
            + chunk(b"{}", b'"function_call"')
            + b"data: [DONE]\n\n"
        )
        (choice,) = whole(events, **OLD)["choices"]
        assert choice["finish_reason"] == "function_call"
        assert choice["message"]["function_call"] == {"name": "bash", "arguments": '{"command":"ls"}'}
        assert "tool_calls" not in choice["message"]


def test_a_call_of_the_old_form_without_arguments_has_an_empty_object():
    events = [Started(), ToolCallStarted("call_1", "bash"), ToolCallEnded(), Finished("tool_calls")]
    assert chunk(b'{"function_call":{"arguments":"{}"}}') in streamed(events, **OLD)
    assert whole([Started(), TextDelta("a"), Finished("stop")], **OLD)["choices"][0]["finish_reason"] == "stop"


def test_functions_beside_custom_tools_stay_functions():
    events = [*PATCHING[:-1], ToolCallStarted("call_2", "bash"), ToolCallDelta('{"a":1}'), ToolCallEnded(), Finished("tool_calls")]
    assert chunk(b'{"tool_calls":[{"index":1,"function":{"arguments":"{\\"a\\":1}"}}]}') in streamed(events, **PATCH)
    assert [call["type"] for call in whole(events, **PATCH)["choices"][0]["message"]["tool_calls"]] == ["custom", "function"]


def test_content_types_and_comments():
    assert (encoder(stream=True).content_type, encoder().content_type) == ("text/event-stream", "application/json")
    dialect = OpenAIChat()
    assert (dialect.name, dialect.keepalive, dialect.heartbeat) == ("openai-chat", b": \n\n", b": \n\n")
    assert sse.Parser().feed(dialect.keepalive + dialect.heartbeat) == []


def decode(data: bytes) -> list[Event]:
    """The events behind a stream, as far as this protocol can tell."""
    parser = sse.Parser()
    events: list[Event] = []
    for item in parser.feed(data):
        if item.data == b"[DONE]":
            break
        read(json.loads(item.data), events)
    assert not parser.pending()
    return events


def read(body: dict, events: list[Event]) -> None:
    if not body["choices"]:
        events.append(UsageSeen(Usage(input=body["usage"]["prompt_tokens"], output=body["usage"]["completion_tokens"])))
        return
    choice = body["choices"][0]
    delta = choice["delta"]
    if "role" in delta:
        events.append(Started())
    elif "reasoning_content" in delta:
        events.append(ReasoningDelta(delta["reasoning_content"]))
    elif "content" in delta:
        events.append(TextDelta(delta["content"]))
    for call in delta.get("tool_calls", ()):
        function = call["function"]
        events.append(ToolCallStarted(call["id"], function["name"]) if "id" in call else ToolCallDelta(function["arguments"]))
    if choice["finish_reason"]:
        events.append(Finished(choice["finish_reason"]))


SOME = st.text(min_size=1)
BLOCKS = st.one_of(
    st.lists(SOME.map(TextDelta), min_size=1, max_size=4),
    st.lists(SOME.map(ReasoningDelta), min_size=1, max_size=4),
    st.tuples(st.builds(ToolCallStarted, SOME, SOME), st.lists(SOME.map(ToolCallDelta), min_size=1, max_size=4)).map(
        lambda both: [both[0], *both[1], ToolCallEnded()]
    ),
)
ANSWERS = st.lists(BLOCKS, max_size=6).map(lambda blocks: [Started(), *(event for block in blocks for event in block), Finished("stop")])


@given(ANSWERS, st.data())
def test_what_was_encoded_can_be_decoded(events, data):
    Order().follow(events)
    made = encoder(stream=True, include_usage=True)
    cut = data.draw(st.integers(0, len(events)))
    out = made.feed(events[:cut]) + made.feed(events[cut:]) + made.finish()
    expected = [event for event in events if not isinstance(event, ToolCallEnded)]
    assert decode(out) == [*expected, UsageSeen(Usage())]
