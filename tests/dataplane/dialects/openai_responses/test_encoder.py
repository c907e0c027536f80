"""Events into answers: the order of a stream, the exact bytes of a delta, and the whole answer."""

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import ResponseError

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
    UsageSeen,
    Vendor,
)
from dataplane.conversation.model import Call, Hit, Search
from dataplane.conversation.order import Order
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.answer import CODES
from dataplane.dialects.openai_responses.encoder import StreamEncoder
from dataplane.dialects.openai_responses.output import FINISH
from dataplane.errors import ContextTooLong, Kind, Limited, Overloaded
from tests.dataplane import sse
from tests.dataplane.dialects.openai_responses.answers import (
    STAMP,
    USAGE,
    answers,
    ask,
    official_event,
    official_response,
    read,
    streamed,
    whole,
)

HELLO = [Started(), TextDelta("Hel"), TextDelta('lo "you"\n'), UsageSeen(USAGE), Finished("stop")]


def names(events):
    return [event["type"].removeprefix("response.") for event in events]


def test_a_text_answer_event_by_event():
    told = streamed(HELLO)
    assert names(told) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert {(event["item_id"], event["output_index"], event["content_index"]) for event in told[3:8]} == {("msg_0a1b_0", 0, 0)}
    assert [event["delta"] for event in told[4:6]] == ["Hel", 'lo "you"\n']
    assert told[6]["text"] == 'Hello "you"\n'
    assert told[2]["item"] == {"id": "msg_0a1b_0", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    assert told[8]["item"] == {
        "id": "msg_0a1b_0",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": 'Hello "you"\n'}],
    }


def test_the_exact_bytes_of_a_delta():
    made = OpenAIResponses().encoder(ask(stream=True), STAMP)
    made.feed([Started(), TextDelta("a")])
    assert made.feed([TextDelta('"b"')]) == (
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"msg_0a1b_0","output_index":0,'
        b'"content_index":0,"logprobs":[],"delta":"\\"b\\"","sequence_number":5}\n\n'
    )


def test_the_whole_answer():
    answer = whole(HELLO, temperature=0.5, instructions="Be kind.", metadata={"a": "b"}, store=False)
    assert answer["output"][0]["content"][0]["text"] == 'Hello "you"\n'
    assert answer["usage"] == {
        "input_tokens": 21,
        "input_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 4},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 30,
    }
    told = (
        "id",
        "created_at",
        "model",
        "status",
        "error",
        "incomplete_details",
        "temperature",
        "instructions",
        "metadata",
        "store",
        "top_p",
    )
    assert [answer[name] for name in told] == [
        "resp_0a1b",
        1700000000,
        "claude-sonnet-4.5",
        "completed",
        None,
        None,
        0.5,
        "Be kind.",
        {"a": "b"},
        False,
        1,
    ]


def test_the_last_event_holds_the_whole_answer():
    told = streamed(HELLO)
    assert told[-1]["response"] == {**whole(HELLO)}
    begun = told[0]["response"]
    assert begun == told[1]["response"] == {**whole(HELLO), "status": "in_progress", "output": [], "usage": None}


def test_thinking_is_told_as_a_summary_and_carries_its_proof():
    told = streamed([Started(), ReasoningDelta("h"), ReasoningDelta("m"), ReasoningSigned("c2ln"), TextDelta("a"), Finished("stop")])
    assert names(told)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    thought, message = told[-1]["response"]["output"]
    assert (thought["summary"], "c2ln" in thought["encrypted_content"]) == ([{"type": "summary_text", "text": "hm"}], True)
    assert (message["id"], told[9]["output_index"]) == ("msg_0a1b_1", 1)


def test_a_proof_alone_and_thinking_without_proof():
    told = streamed([Started(), ReasoningSigned("AbC=", redacted=True), ReasoningDelta("hm"), Finished("stop")])
    hidden, open_ = told[-1]["response"]["output"]
    assert (hidden["summary"], "AbC=" in hidden["encrypted_content"]) == ([], True)
    assert "encrypted_content" not in open_


def call(name, *pieces):
    return [ToolCallStarted("call_1", name), *map(ToolCallDelta, pieces), ToolCallEnded()]


def test_a_function_call():
    told = streamed([Started(), *call("bash", '{"comm', 'and":"ls"}'), Finished("tool_calls")])
    assert names(told)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert told[2]["item"] == {
        "id": "fc_0a1b_0",
        "type": "function_call",
        "status": "in_progress",
        "call_id": "call_1",
        "name": "bash",
        "arguments": "",
    }
    assert told[6]["item"] == {**told[2]["item"], "status": "completed", "arguments": '{"command":"ls"}'}


def test_a_call_without_arguments_has_an_empty_object():
    told = streamed([Started(), *call("bash"), Finished("tool_calls")])
    assert (told[3]["delta"], told[4]["arguments"], told[5]["item"]["arguments"]) == ("{}", "{}", "{}")


def test_a_custom_call_comes_back_as_its_text():
    told = streamed([Started(), *call("patch", '{"input":"*** Be', 'gin\\n"}'), Finished("tool_calls")])
    assert names(told)[2:-1] == ["output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done", "output_item.done"]
    assert (told[3]["delta"], told[4]["input"]) == ("*** Begin\n", "*** Begin\n")
    assert told[5]["item"] == {"id": "ctc_0a1b_0", "type": "custom_tool_call", "call_id": "call_1", "name": "patch", "input": "*** Begin\n"}
    assert names(streamed([Started(), *call("patch"), Finished("tool_calls")])).count("custom_tool_call_input.delta") == 0


def test_half_a_call_is_incomplete():
    events = [Started(), *call("bash", '{"x":'), UsageSeen(USAGE), Finished("length")]
    told = streamed(events)
    assert names(told)[2:-1] == ["output_item.added", "function_call_arguments.delta", "output_item.done"]
    assert told[4]["item"] == {**told[2]["item"], "status": "incomplete", "arguments": '{"x":'}
    assert told[-1]["response"]["status"] == "incomplete"
    assert whole(events)["output"] == told[-1]["response"]["output"] == [told[4]["item"]]


def test_half_a_custom_call_is_never_done():
    events = [Started(), *call("patch", '{"input":"rm -rf /srv'), TextDelta("on"), Finished("length")]
    told = streamed(events)
    assert names(told)[2:4] == ["output_item.added", "output_item.added"]
    assert [event["output_index"] for event in told if event["type"] == "response.output_item.added"] == [0, 1]
    assert [item["type"] for item in told[-1]["response"]["output"]] == ["message"]
    assert whole(events)["output"] == told[-1]["response"]["output"]
    assert b"rm -rf" not in json.dumps(told).encode()


def test_calls_of_tools_in_a_namespace_come_back_with_it():
    events = [Started(), *call("agents__close", "{}"), *call("agents__tell", '{"input":"x"}'), Finished("tool_calls")]
    told = [(item["type"], item["namespace"], item["name"]) for item in whole(events)["output"]]
    assert told == [("function_call", "agents", "close"), ("custom_tool_call", "agents", "tell")]


PAGES = Search("s1", "cats", [Hit("A", "https://a.example/x"), Hit("B", "https://b.example")])
SEARCHING = [Started(), TextDelta("I look."), Searched(PAGES), TextDelta("See https://a.exa"), TextDelta("mple/x."), Finished("stop")]
CITED = [
    {"type": "url_citation", "end_index": 23, "start_index": 4, "title": "A", "url": "https://a.example/x"},
    {"type": "url_citation", "end_index": 24, "start_index": 24, "title": "B", "url": "https://b.example"},
]


def test_a_search_is_an_item_and_its_pages_are_cited_in_the_text_that_follows():
    told = streamed(SEARCHING)
    first, search, second = told[-1]["response"]["output"]
    assert (first["content"][0]["annotations"], second["content"][0]["annotations"]) == ([], CITED)
    assert search == {
        "id": "ws_0a1b_1",
        "type": "web_search_call",
        "status": "completed",
        "action": {
            "type": "search",
            "query": "cats",
            "queries": ["cats"],
            "sources": [{"type": "url", "url": "https://a.example/x"}, {"type": "url", "url": "https://b.example"}],
        },
    }
    assert names(told)[9:12] == ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"]
    notes = [event for event in told if event["type"] == "response.output_text.annotation.added"]
    assert [(note["annotation_index"], note["annotation"]) for note in notes] == list(enumerate(CITED))


def test_pages_are_cited_once():
    events = [*SEARCHING[:-1], *call("bash", "{}"), TextDelta("See https://a.example/x."), Finished("stop")]
    for answer in (whole(events), streamed(events)[-1]["response"]):
        texts = [item["content"][0] for item in answer["output"] if item["type"] == "message"]
        assert [len(text["annotations"]) for text in texts] == [0, 2, 0]


def test_a_search_that_failed_is_not_completed():
    told = streamed([Started(), Searched(Search("s1", "cats", error="unavailable")), TextDelta("a"), Finished("stop")])
    assert "web_search_call.completed" not in names(told)
    assert told[-1]["response"]["output"][0]["status"] == "failed"


@pytest.mark.parametrize("reason", get_args(FinishReason))
def test_every_reason_ends_the_stream(reason):
    told = streamed([Started(), ReasoningDelta("hm"), TextDelta("a"), Finished(reason)])
    status, why = FINISH[reason]
    answer = told[-1]["response"]
    assert (told[-1]["type"], answer["status"]) == (f"response.{status}", status)
    assert answer["incomplete_details"] == ({"reason": why} if why else None)
    assert answer["output"][1]["status"] == status


def test_reasons():
    assert FINISH == {
        "stop": ("completed", ""),
        "tool_calls": ("completed", ""),
        "length": ("incomplete", "max_output_tokens"),
        "stop_sequence": ("completed", ""),
        "refusal": ("incomplete", "content_filter"),
        "context_exceeded": ("incomplete", "max_output_tokens"),
    }


def test_every_event_has_a_step():
    assert set(StreamEncoder._STEPS) == set(get_args(Event))


def test_what_other_protocols_say_is_passed_over():
    events = [Started(), TextDelta("a"), Vendor("anthropic", b"{}"), TextDelta("b"), Finished("stop")]
    assert streamed(events) == streamed([event for event in events if not isinstance(event, Vendor)])
    assert [item["content"][0]["text"] for item in whole(events)["output"]] == ["ab"]


def test_the_settings_are_told_in_one_line_as_the_client_wrote_them():
    body = b'{\n"model": "m",\r\n "input": "Hi", "stream": true, "text": null,\n "instructions": "a\\nb",\n "tools": [\n]}'
    made = OpenAIResponses().encoder(OpenAIResponses().parse(body), STAMP)
    answer = read(made.feed([Started()]))[0]["response"]
    assert (answer["instructions"], answer["tools"], answer["text"]) == ("a\nb", [], {"format": {"type": "text"}})


def test_a_call_that_was_not_read_from_a_body_has_the_usual_settings():
    made = OpenAIResponses().encoder(Call('we"ird%s/ü', [], "openai-responses"), STAMP)
    made.feed([Started(), Finished("stop")])
    answer = json.loads(made.finish())
    assert (answer["model"], answer["tools"], answer["store"], made.kept) == ('we"ird%s/ü', [], True, None)


def test_a_broken_stream_says_so_and_keeps_what_was_complete():
    made = OpenAIResponses().encoder(ask(stream=True), STAMP)
    out = made.feed([Started(), *call("bash", "{}"), TextDelta("Hel")]) + made.fail(Overloaded("busy"), "req_1")
    last = read(out)[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {"code": "server_error", "message": "busy"}
    assert [item["type"] for item in last["response"]["output"]] == ["function_call"]
    assert made.kept is None
    official_event(last)


def test_a_stream_that_is_broken_before_it_began():
    (event,) = read(OpenAIResponses().encoder(ask(stream=True), STAMP).fail(ContextTooLong(5, 4), "req_1"))
    assert event["response"]["error"]["code"] == "context_length_exceeded"


def test_when_to_try_again_is_told_where_codex_looks_for_it():
    made = OpenAIResponses().encoder(ask(stream=True), STAMP)
    (event,) = read(made.fail(Limited("Too many requests.", retry_after=7), "req_1"))
    assert event["response"]["error"] == {"code": "rate_limit_exceeded", "message": "Too many requests. Please try again in 7s."}


def test_every_error_has_a_code_that_clients_know():
    known = set(get_args(ResponseError.model_fields["code"].annotation))
    assert set(CODES) == set(Kind)
    assert set(CODES.values()) - known == {"context_length_exceeded", "insufficient_quota"}


def test_a_broken_whole_answer_is_the_error_itself():
    assert json.loads(OpenAIResponses().encoder(ask(), STAMP).fail(Overloaded("busy"), "req_1"))["error"]["code"] == "server_overloaded"


def test_content_types_and_comments():
    dialect = OpenAIResponses()
    assert dialect.encoder(ask(stream=True), STAMP).content_type == "text/event-stream"
    assert dialect.encoder(ask(), STAMP).content_type == "application/json"
    assert (dialect.name, dialect.headers) == ("openai-responses", ())
    assert sse.Parser().feed(dialect.keepalive + dialect.heartbeat) == []


@settings(max_examples=150)
@given(answers(), st.data())
def test_any_answer_is_official_and_the_same_streamed_or_whole(events, data):
    Order().follow(events)
    made = OpenAIResponses().encoder(ask(stream=True), STAMP)
    cut = data.draw(st.integers(0, len(events)))
    told = read(made.feed(events[:cut]) + made.feed(events[cut:]) + made.finish())
    for event in told:
        official_event(event)
    answer = whole(events)
    official_response(answer)
    assert told[-1]["response"] == answer
    assert rebuilt(told) == answer["output"]


def rebuilt(told):
    """The output as a client puts it together from the events, with every delta in its place."""
    items = {}
    for event in told:
        place = event.get("output_index")
        match event["type"].removeprefix("response."):
            case "output_item.added":
                assert place == len(items)
                items[place] = (event["item"]["id"], [])
            case "output_text.delta" | "reasoning_summary_text.delta" | "function_call_arguments.delta" | "custom_tool_call_input.delta":
                items[place][1].append(event["delta"])
            case "output_item.done":
                assert items[place][0] == event["item"]["id"]
                assert "".join(items[place][1]) == words(event["item"])
                items[place] = event["item"]
        assert "item_id" not in event or event["item_id"] == items[place][0]
    # A call that was begun and cut never gets further.
    return [item for item in items.values() if isinstance(item, dict)]


def words(item):
    match item["type"]:
        case "message":
            return item["content"][0]["text"]
        case "reasoning":
            return "".join(part["text"] for part in item["summary"])
        case "function_call":
            return item["arguments"]
        case "custom_tool_call":
            return item["input"]
        case _:
            return ""
