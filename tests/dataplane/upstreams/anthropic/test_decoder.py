"""Streams of the Messages API, whole, cut at each place and byte by byte, against the events they stand for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Searched,
    Source,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
    Vendor,
)
from dataplane.conversation.model import Hit, OutputFormat, Sampling, Search, Tool
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.anthropic import Anthropic
from dataplane.upstreams.anthropic.answering import decoder as reading
from dataplane.upstreams.anthropic.answering.payloads import MOST_SEARCHES
from dataplane.upstreams.figures import MOST_TOKENS
from tests.dataplane.upstreams.anthropic.samples import (
    STAMP,
    block,
    call,
    decoded,
    end,
    error,
    events_of,
    lease,
    mark,
    messages,
    said,
    start,
    stream,
)

USAGE = Usage(25, 300, 7, 15, input_source=Source.UPSTREAM, output_source=Source.UPSTREAM)
DONE = [UsageSeen(USAGE), Finished("stop")]
THOUGHT = block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "Let me "},
    {"type": "thinking_delta", "thinking": "see"},
    {"type": "signature_delta", "signature": "EqQB+/=="},
)
USE = block(
    1,
    {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}},
    {"type": "input_json_delta", "partial_json": ""},
    {"type": "input_json_delta", "partial_json": '{"city": "Ulm'},
    {"type": "input_json_delta", "partial_json": '"}'},
)
SEARCH = [
    *block(
        0,
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query": "wea'},
        {"type": "input_json_delta", "partial_json": 'ther"}'},
    ),
    *block(
        1,
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": [
                {"type": "web_search_result", "title": "T", "url": "https://a.test", "encrypted_content": "Zz", "page_age": "1 day"}
            ],
        },
    ),
]


def test_text():
    assert events_of(stream(start(), {"type": "ping"}, *said("Hé", "llo 😀"), *end())) == [
        Started(),
        TextDelta("Hé"),
        TextDelta("llo 😀"),
        *DONE,
    ]


def test_thinking_and_a_call():
    found = events_of(stream(start(), *THOUGHT, *USE, *end("tool_use")), call(tools=[Tool("get_weather")]))
    usage = found[-2].usage
    assert found == [
        Started(),
        ReasoningDelta("Let me "),
        ReasoningDelta("see"),
        ReasoningSigned(mark("EqQB+/==")),
        ToolCallStarted("toolu_1", "get_weather"),
        ToolCallDelta('{"city": "Ulm'),
        ToolCallDelta('"}'),
        ToolCallEnded(),
        UsageSeen(usage),
        Finished("tool_calls"),
    ]
    assert (usage.output, usage.reasoning) == (15, 3)


def test_thinking_that_is_not_shown_keeps_its_signature_in_its_place():
    hidden = [block(n, {"type": "thinking", "thinking": ""}, {"type": "signature_delta", "signature": f"s{n}"}) for n in range(2)]
    redacted = block(2, {"type": "redacted_thinking", "data": "blob"})
    assert events_of(stream(start(), *hidden[0], *hidden[1], *redacted, *said("a"), *end()))[:-2] == [
        Started(),
        ReasoningSigned(mark("s0")),
        ReasoningSigned(mark("s1")),
        ReasoningSigned(mark("blob"), redacted=True),
        TextDelta("a"),
    ]


def test_arguments_that_come_with_the_beginning_and_those_that_never_come():
    whole = block(0, {"type": "tool_use", "id": "1", "name": "f", "input": {"a": [1, 2.50]}})
    none = block(1, {"type": "tool_use", "id": "2", "name": "g", "input": {}})
    assert events_of(stream(start(), *whole, *none, *end("end_turn")))[1:] == [
        ToolCallStarted("1", "f"),
        ToolCallDelta('{"a": [1, 2.5]}'),
        ToolCallEnded(),
        ToolCallStarted("2", "g"),
        ToolCallEnded(),
        DONE[0],
        Finished("tool_calls"),
    ]


def test_a_call_comes_under_the_clients_own_name():
    asked = call(tools=[Tool("web_search"), Tool("läuft")])
    wire = "l_uft_" + reading.names(asked).wire["läuft"].removeprefix("l_uft_")
    assert events_of(stream(start(), *block(0, {"type": "tool_use", "id": "1", "name": wire, "input": {}}), *end()), asked)[
        1
    ] == ToolCallStarted("1", "läuft")


def test_a_search_is_an_event_of_ours_for_other_families():
    assert events_of(stream(start(), *SEARCH, *said("Sun"), *end(server_tool_use={"web_search_requests": 1})))[1:-2] == [
        Searched(Search("srvtoolu_1", "weather", [Hit("T", "https://a.test", age="1 day")])),
        TextDelta("Sun"),
    ]


def test_a_search_that_failed():
    failed = {"type": "web_search_tool_result", "tool_use_id": "x", "content": {"type": "e", "error_code": "max_uses_exceeded"}}
    assert events_of(stream(start(), *block(0, failed), *said("a"), *end()))[1] == Searched(Search("x", "", error="max_uses_exceeded"))


def vendors(events):
    return [json.loads(event.data) for event in events if isinstance(event, Vendor)]


def test_a_search_stays_as_it_is_for_the_same_family():
    found = events_of(stream(start(), *SEARCH, *said("Sun"), *end()), messages())
    assert vendors(found) == [{**SEARCH[0]["content_block"], "input": {"query": "weather"}}, SEARCH[4]["content_block"]]


def test_citations_stay_with_their_text():
    quote = {"type": "web_search_result_location", "url": "https://a.test", "cited_text": "sun"}
    cited = block(
        0,
        {"type": "text", "text": "", "citations": []},
        {"type": "citations_delta", "citation": quote},
        {"type": "text_delta", "text": "It is sunny"},
    )
    data = stream(start(), *cited, *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": ", I think."}), *end())
    assert events_of(data, messages())[1:-2] == [
        Vendor("anthropic", b'{"type":"text","text":"","citations":[]}'),
        Vendor("anthropic", b'{"type":"citations_delta","citation":' + json.dumps(quote, separators=(",", ":")).encode() + b"}"),
        TextDelta("It is sunny"),
        Vendor("anthropic", b'{"type":"text","text":""}'),
        TextDelta(", I think."),
    ]
    assert events_of(data)[1:-2] == [TextDelta("It is sunny"), TextDelta(", I think.")]


def test_blocks_without_a_word_here_are_put_together():
    compaction = block(0, {"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "All so far"})
    data = stream(start(), *compaction, *said("a"), *end())
    assert vendors(events_of(data, messages())) == [{"type": "compaction", "content": "All so far"}]
    assert events_of(data)[1] == TextDelta("a")


def test_the_end_says_to_the_same_family_what_it_said():
    more = {"container": {"id": "c", "expires_at": "x"}, "stop_details": None}
    data = stream(start(), *said("a"), *end("pause_turn", more=more))
    *_, told, _, finished = events_of(data, messages())
    assert vendors([told]) == [{"type": "message_delta", "stop_reason": "pause_turn", "container": more["container"]}]
    assert finished == Finished("length")
    assert vendors(events_of(data)) == []
    assert events_of(data)[-1] == Finished("length")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context_exceeded"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
def test_reasons(reason, finish):
    sequence = "END" if reason == "stop_sequence" else None
    assert decoded([stream(start(), *said("a"), *end(reason, sequence))])[-1] == Finished(finish, sequence)


def test_an_empty_answer_is_an_answer():
    assert events_of(stream(start(), *end())) == [Started(), *DONE]


@pytest.mark.parametrize("last", [1, 3, -2])
def test_without_its_end_an_answer_is_cut(last):
    events = [start(), *said("abc"), *end()]
    with pytest.raises(UpstreamFault) as caught:
        decoded([stream(*events[: last + 1] if last > 0 else events[:-1])])
    assert (caught.value.cause, caught.value.retry) == (Cause.CUT, Retry.SAME_ACCOUNT)


def test_a_whole_answer_instead_of_a_stream():
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }
    found = events_of(b"\n " + json.dumps(body).encode())
    assert found[:-2] == [
        Started(),
        ReasoningDelta("hm"),
        ReasoningSigned(mark("s")),
        TextDelta("Hi"),
        ToolCallStarted("1", "f"),
        ToolCallDelta('{"a": 1}'),
        ToolCallEnded(),
    ]
    assert found[-1] == Finished("tool_calls")


@pytest.mark.parametrize(
    "end_members", [{"stop_reason": "pause_turn", "container": {"id": "c"}}, {"stop_reason": "brand_new"}, {"stop_reason": "end_turn"}]
)
def test_a_whole_answers_end_says_to_the_same_family_what_it_said(end_members):
    content = [{"type": "text", "text": "A"}]
    body = {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": content, "stop_sequence": None, **end_members}
    told = json.dumps({**body, "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
    found = [json.loads(event.data) for event in events_of(told, messages()) if isinstance(event, Vendor)]
    assert found == ([] if end_members["stop_reason"] == "end_turn" else [{"type": "message_delta", **end_members}])
    assert not any(isinstance(event, Vendor) for event in events_of(told))


def half(*pieces, begun=None):
    deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
    return block(0, {"type": "tool_use", "id": "1", "name": "f", "input": begun or {}}, *deltas)


@pytest.mark.parametrize("call_block", [half('{"a":'), half('{"a"', ":1}}"), half("[1]"), half(begun=[1])])
@pytest.mark.parametrize(("reason", "finish"), [("tool_use", "length"), ("end_turn", "length"), ("refusal", "refusal")])
def test_half_a_call_is_none_to_run(call_block, reason, finish):
    whole = block(1, {"type": "tool_use", "id": "2", "name": "g", "input": {}})
    for more in ([], whole):
        found = events_of(stream(start(), *call_block, *more, *end(reason)))
        assert found[-1] == Finished(finish)
        assert sum(isinstance(event, ToolCallEnded) for event in found) == 1 + bool(more)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("overloaded_error", Cause.OVERLOADED),
        ("api_error", Cause.UNAVAILABLE),
        ("rate_limit_error", Cause.THROTTLED),
        ("invalid_request_error", Cause.BAD_REQUEST),
        ("new_error", Cause.UNAVAILABLE),
    ],
)
def test_an_error_inside_a_stream(kind, cause):
    decoder = Anthropic().decoder(call(), lease(), STAMP)
    with pytest.raises(UpstreamFault) as caught:
        decoder.feed(stream(start(), *said("so far")[:2], error(kind, "secret words")))
    assert caught.value.cause is cause
    assert list(caught.value.before) == [Started(), TextDelta("so far")]
    assert "secret" in caught.value.detail
    assert "secret" not in caught.value.error.message


@pytest.mark.parametrize(
    "data", [b"data: {\n\n", b'data: {"type": 5}\n\n', b'{"type":"message"', b'{"error":{"type":"x"}}', stream(*block(0, {"type": 5}))]
)
def test_nonsense_is_a_fault(data):
    with pytest.raises(UpstreamFault):
        decoded([data])


def test_an_answer_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_ANSWER", 100)
    with pytest.raises(UpstreamFault):
        decoded([b": ping\n\n"] * 20)


def test_blank_stop_sequences_and_forms_in_words_are_kept_here():
    data = stream(start(), *said("Here: {", '"a": 1} done', "\n\nmore"), *end())
    asked = call(sampling=Sampling(stop=["\n\n", "X"]))
    found = events_of(data, asked)
    assert "".join(event.text for event in found if isinstance(event, TextDelta)) == 'Here: {"a": 1} done'
    assert found[-1] == Finished("stop_sequence", "\n\n")
    form = call(output_format=OutputFormat("json_object"))
    assert "".join(event.text for event in events_of(data, form) if isinstance(event, TextDelta)) == '{"a": 1}'


def test_the_same_familys_text_is_nobodys_to_cut():
    asked = messages(stop_sequences=["\n\n"], output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}})
    assert events_of(stream(start(), *said("a {", "}\n\nb"), *end()), asked)[1:-2] == [TextDelta("a {"), TextDelta("}\n\nb")]


def test_an_answer_that_is_truncated_ends_with_its_length_and_is_counted_on():
    decoder = Anthropic().decoder(call(), lease(), STAMP)
    decoder.feed(stream(start(), *said("x" * 35)[:2]))
    assert decoder.written == pytest.approx(10)
    decoder.truncate(4)
    assert decoder.over
    assert decoder.written == pytest.approx(6)
    assert [type(event) for event in decoder.finish()] == [UsageSeen, Finished]
    assert decoder.feed(stream(*said("y"), *end(output_tokens=99))) == []
    assert decoder.usage().output == 99


def test_figures_before_the_end_are_ours():
    decoder = Anthropic().decoder(call(input_estimate=77), lease(), STAMP)
    assert (decoder.usage().input, decoder.usage().input_source) == (77, Source.ESTIMATED)
    decoder.feed(stream(start(output_tokens=1), *said("x" * 35)[:2]))
    assert decoder.usage() == Usage(25, 300, 7, 10, input_source=Source.UPSTREAM)


def test_later_figures_count_and_what_they_leave_out_stays():
    told = end(input_tokens=30, output_tokens_details={"thinking_tokens": 4}, server_tool_use={"web_search_requests": 2})
    usage = decoded([stream(start(), *said("a"), *told)])[-2].usage
    assert (usage.input, usage.cache_read, usage.output, usage.reasoning, usage.searches) == (30, 300, 15, 4, 2)


FIGURES = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


READABLE = ["-1", "-1e308", "1000000000000000", "12.5"]
UNREADABLE = ["1e999", "9" * 400, "-" + "9" * 400, '"many"', "null", "[]"]


@pytest.mark.parametrize("figure", READABLE + UNREADABLE)
def test_odd_figures_are_cut_to_what_can_be_or_passed_over(figure):
    usage = "{" + ",".join(f'"{name}":{figure}' for name in FIGURES) + f',"output_tokens_details":{{"thinking_tokens":{figure}}}'
    usage += f',"server_tool_use":{{"web_search_requests":{figure}}}}}'
    tail = f'data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{usage}}}\n\ndata: {{"type":"message_stop"}}\n\n'
    found = decoded([stream({"type": "message_start", "message": {"usage": None}}, *said("a" * 350)) + tail.encode()])
    seen = found[-2].usage
    for count in (seen.input, seen.output, seen.cache_read, seen.cache_write, seen.reasoning):
        assert 0 <= count <= MOST_TOKENS
    assert 0 <= seen.searches <= MOST_SEARCHES
    assert seen.output_source is (Source.UPSTREAM if figure in READABLE else Source.ESTIMATED)


def test_figures_that_are_no_figures_lose_no_answer():
    for usage in ("many", [1], 5, {"input_tokens": {}}, {"input_tokens": 12.0, "server_tool_use": 3}):
        found = decoded([stream({"type": "message_start", "message": {"usage": usage}}, *said("a"), *end())])
        assert found[1] == TextDelta("a")
        assert found[-2].usage.input == (12 if isinstance(usage, dict) and usage["input_tokens"] else 1000)


def test_members_that_are_null_are_not_there():
    nothing = dict.fromkeys(("text", "thinking", "signature", "partial_json"))
    blocks = [
        *block(0, {"type": "text", "text": None}, {"type": "text_delta", **nothing}, {"type": "text_delta", **nothing, "text": "a"}),
        *block(1, {"type": "new", "text": None}, {"type": "new_delta", **nothing}),
    ]
    assert events_of(stream(start(), *blocks, *end()))[1:-2] == [TextDelta("a")]
    assert events_of(b'{"type":"message","content":null,"stop_reason":"end_turn"}')[0] == Started()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "{", '{"query": "q"}', "text"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["query", "type", "text", "url", "error_code"]), inner, max_size=3)
    ),
    max_leaves=5,
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "server_tool_use", "web_search_tool_result", "redacted_thinking", "new"])},
    optional=dict.fromkeys(("text", "thinking", "signature", "id", "input", "content", "citations", "tool_use_id", "data"), JSON)
    | {"name": st.just("web_search") | JSON},
)
DELTA = st.dictionaries(st.sampled_from(["text", "thinking", "signature", "partial_json", "citation", "content", "type"]), JSON, max_size=3)
EVENT = st.one_of(
    st.builds(lambda begun: {"type": "content_block_start", "index": 0, "content_block": begun}, BLOCK),
    st.builds(lambda delta: {"type": "content_block_delta", "index": 0, "delta": delta}, DELTA | JSON),
    st.sampled_from([{"type": "content_block_stop"}, {"type": "ping"}, {"type": "new_event"}, start(), *end()]),
    st.builds(lambda delta: {"type": "message_delta", "delta": delta}, DELTA),
)


@given(events=st.lists(EVENT, max_size=8), asked=st.sampled_from([call(), messages()]))
def test_whatever_comes_is_an_answer_in_order_or_a_fault(events, asked):
    try:
        found = decoded([stream(*events)], asked)
    except UpstreamFault:
        return
    assert isinstance(found[-1], Finished)
