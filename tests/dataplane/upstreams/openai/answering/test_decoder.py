import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
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
from dataplane.conversation.model import Sampling, Tool, ToolChoice
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.openai.asking.names import names
from tests.dataplane.chunking import cuttings
from tests.dataplane.upstreams.openai.samples import (
    STOP,
    assistant,
    call,
    chat,
    chunk,
    content,
    counted,
    decoded,
    decoder,
    events_of,
    fault,
    joined,
    say,
    sse,
    tool,
    usage,
    use,
    user,
)


def called(*calls):
    """Started, arguments in one piece and Ended for each (id, name, arguments)."""
    found = []
    for key, name, arguments in calls:
        found += [ToolCallStarted(key, name), *([ToolCallDelta(arguments)] if arguments else []), ToolCallEnded()]
    return found


def merged(events):
    """Content with the pieces of one call's arguments as one."""
    found = []
    for event in content(events):
        if found and isinstance(event, ToolCallDelta | TextDelta) and type(found[-1]) is type(event):
            found[-1] = type(event)(found[-1].text + event.text)
        else:
            found.append(event)
    return found


def test_an_ordinary_answer():
    data = sse(chunk(role="assistant", content=""), say("Hel"), say("lo"), say("é漢🙂"), STOP, counted())
    events = events_of(data)
    assert events[0] == Started()
    assert content(events) == [TextDelta("Hel"), TextDelta("lo"), TextDelta("é漢🙂")]
    assert events[-1] == Finished("stop")
    assert usage(events) == Usage(input=20, output=5, input_source=Source.UPSTREAM, output_source=Source.UPSTREAM)


def test_each_chunk_is_given_on_at_once():
    reads = decoder()
    assert reads.feed(sse(say("a"), end="")) == [Started(), TextDelta("a")]
    assert reads.feed(sse(say("b"), end="")) == [TextDelta("b")]


def test_comments_and_other_line_ends():
    data = b": OPENROUTER PROCESSING\r\n\r\n" + sse(say("a"), STOP).replace(b"\n", b"\r\n") + b": bye\r\n"
    assert content(events_of(data)) == [TextDelta("a")]


@pytest.mark.parametrize("end", ["", "data: [DONE]\n\n", "data: [DONE]"])
def test_after_a_reason_nothing_else_need_come(end):
    assert events_of(sse(say("a"), STOP, end=end))[-1] == Finished("stop")


def test_a_stream_that_says_it_is_done_needs_no_reason():
    assert events_of(sse(say("a")))[-1] == Finished("stop")


def test_an_answer_without_an_end_broke_off():
    raised = fault(sse(say("a"), end=""))
    assert (raised.cause, raised.retry) == (Cause.CUT, Retry.SAME_ACCOUNT)


def test_nothing_at_all_is_an_answer_that_broke_off():
    with pytest.raises(UpstreamFault) as raised:
        decoder().finish()
    assert raised.value.cause is Cause.CUT


def test_an_answer_without_content_is_empty():
    raised = fault(sse(chunk(role="assistant", content=""), STOP))
    assert (raised.cause, raised.retry) == (Cause.EMPTY, Retry.SAME_ACCOUNT)


def test_a_model_may_say_nothing_if_it_says_so():
    assert events_of(sse(STOP, counted(20, 1)))[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("content_filter", "refusal"),
        ("sensitive", "refusal"),
        ("model_context_window_exceeded", "context_exceeded"),
        ("tool_calls", "stop"),
        ("eos", "stop"),
        ("load", "stop"),
    ],
)
def test_reasons(said, reason):
    assert events_of(sse(say("a"), chunk(said)))[-1] == Finished(reason)


@pytest.mark.parametrize(
    ("said", "cause"),
    [("abort", Cause.UNAVAILABLE), ("error", Cause.UNAVAILABLE), ("insufficient_system_resource", Cause.OVERLOADED)],
)
def test_reasons_that_are_no_end(said, cause):
    raised = fault(sse(say("a"), chunk(said)))
    assert (raised.cause, raised.retry) == (cause, Retry.OTHER_ACCOUNT)


def test_the_sequence_that_vllm_met():
    asked = call(user("hi"), sampling=Sampling(stop=["END"]))
    data = sse(say("a"), chunk("stop", choice={"stop_reason": "END"}))
    assert events_of(data, asked, "vllm")[-1] == Finished("stop_sequence", "END")
    assert events_of(sse(say("a"), chunk("stop", choice={"stop_reason": 128009})), asked, "vllm")[-1] == Finished("stop")


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
def test_thinking_beside_the_text(member):
    data = sse(chunk(**{member: "hm "}), chunk(**{member: "so"}), chunk(content="a", **{member: None}), STOP)
    assert content(events_of(data)) == [ReasoningDelta("hm "), ReasoningDelta("so"), TextDelta("a")]


def test_thinking_under_both_names_counts_once():
    data = sse(chunk(reasoning="hm", reasoning_content="hm", reasoning_details=[{"type": "reasoning.text", "text": "hm"}]), say("a"), STOP)
    assert content(events_of(data)) == [ReasoningDelta("hm"), TextDelta("a")]


def test_thinking_in_tags_by_quirk():
    data = sse(say("<thi"), say("nk>hm</think>\n\n"), say("a"), STOP)
    assert content(events_of(data, place="vllm")) == [ReasoningDelta("hm"), TextDelta("a")]
    assert content(events_of(data, place="openai"))[0] == TextDelta("<thi")


def test_content_in_parts():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "a"}]
    assert content(events_of(sse(chunk(content=parts), STOP))) == [ReasoningDelta("hm"), TextDelta("a")]


def test_a_refusal_is_text_and_a_reason():
    events = events_of(sse(chunk(refusal="I can"), chunk(refusal="not"), STOP))
    assert content(events) == [TextDelta("I can"), TextDelta("not")]
    assert events[-1] == Finished("refusal")


def test_a_refusal_stays_one_for_clients_of_the_same_protocol():
    events = events_of(sse(chunk(refusal="no"), STOP), chat())
    assert content(events) == [Vendor("openai", b'{"delta":{"refusal":"no"}}')]
    assert events[-1] == Finished("stop")


# ---- calls


CALLS = [("call_1", "Read", '{"path":"a"}'), ("call_2", "Bash", '{"command":"ls"}')]
TWO = called(*CALLS)
PAIR = Tool("Read"), Tool("Bash")
RECORDINGS = {
    "as OpenAI does": [
        tool(0, "call_1", "Read", ""),
        tool(0, arguments='{"path"'),
        tool(0, arguments=':"a"}'),
        tool(1, "call_2", "Bash", ""),
        tool(1, arguments='{"command":"ls"}'),
    ],
    "ids and names in each piece": [
        tool(0, "call_1", "Read", '{"path":'),
        tool(0, "call_1", "Read", '"a"}'),
        tool(1, "call_2", "Bash", '{"command":'),
        tool(1, "call_2", "Bash", '"ls"}'),
    ],
    "whole calls of one index": [tool(0, *CALLS[0]), tool(0, *CALLS[1])],
    "whole calls in one chunk": [
        chunk(
            tool_calls=[
                {"id": key, "type": "function", "function": {"name": name, "arguments": arguments}} for key, name, arguments in CALLS
            ]
        )
    ],
    "no index": [
        tool(None, "call_1", "Read", '{"path":'),
        tool(None, None, None, '"a"}'),
        tool(None, "call_2", "Bash", '{"command":"ls"}'),
    ],
    "arguments as an object": [tool(0, "call_1", "Read", {"path": "a"}), tool(1, "call_2", "Bash", {"command": "ls"})],
    "interleaved": [
        tool(0, "call_1", "Read", '{"path"'),
        tool(1, "call_2", "Bash", '{"comm'),
        tool(0, arguments=':"a"}'),
        tool(1, arguments='and":"ls"}'),
    ],
    "both begun first": [
        tool(0, "call_1", "Read", ""),
        tool(1, "call_2", "Bash", ""),
        tool(1, arguments='{"command":"ls"}'),
        tool(0, arguments='{"path":"a"}'),
    ],
    "a name in pieces": [
        tool(0, "call_1", "Re", ""),
        tool(0, None, "ad", ""),
        tool(0, None, "", '{"path":"a"}'),
        tool(1, "call_2", "B", None),
        tool(1, "call_2", "Bash", '{"command":"ls"}'),
    ],
}


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_two_calls_however_they_are_told(recording):
    asked = call(user("hi"), tools=[*PAIR])
    events = events_of(sse(*recording, chunk("tool_calls")), asked)
    assert merged(events) == TWO
    assert events[-1] == Finished("tool_calls")


def test_the_open_call_streams():
    reads = decoder()
    assert reads.feed(sse(tool(0, "call_1", "Read", ""), end="")) == []
    assert reads.feed(sse(tool(0, arguments='{"a"'), end="")) == [Started(), ToolCallStarted("call_1", "Read"), ToolCallDelta('{"a"')]
    assert reads.feed(sse(tool(0, arguments=":1}"), end="")) == [ToolCallDelta(":1}")]


def test_text_before_calls_and_stop_as_the_reason():
    events = events_of(sse(say("Let me see."), tool(0, *CALLS[0]), STOP))
    assert merged(events) == [TextDelta("Let me see."), *called(CALLS[0])]
    assert events[-1] == Finished("tool_calls")


def test_text_after_a_call():
    events = events_of(sse(tool(0, *CALLS[0]), say("Well"), STOP))
    assert merged(events) == [*called(CALLS[0]), TextDelta("Well")]


def test_text_in_the_middle_of_a_call_waits_for_its_end():
    events = events_of(sse(tool(0, "call_1", "Read", '{"path"'), say("We"), say("ll"), tool(0, arguments=':"a"}'), STOP))
    assert merged(events) == [*called(CALLS[0]), TextDelta("Well")]


@pytest.mark.parametrize("arguments", ["", None, " ", "null"])
def test_a_call_without_arguments(arguments):
    events = events_of(sse(tool(0, "call_1", "Now", arguments), chunk("tool_calls")))
    assert content(events) == called(("call_1", "Now", ""))


def test_calls_of_the_old_form():
    data = sse(chunk(function_call={"name": "Read", "arguments": ""}), chunk(function_call={"arguments": "{}"}), chunk("function_call"))
    started, delta, ended = content(events_of(data))
    assert (started.name, delta.text, ended) == ("Read", "{}", ToolCallEnded())
    assert started.id.startswith("call_")


def test_calls_without_ids_get_some():
    first, second = [
        event for event in content(events_of(sse(tool(0, None, "A", "{}"), tool(1, None, "A", "{}"), STOP))) if hasattr(event, "id")
    ]
    assert first.id != second.id


def test_one_id_for_two_calls_becomes_two():
    events = events_of(sse(tool(0, "call", "A", "{}"), tool(1, "call", "B", "{}"), STOP))
    assert len({event.id for event in events if isinstance(event, ToolCallStarted)}) == 2


@pytest.mark.parametrize("reason", ["length", "tool_calls", "stop"])
def test_half_a_call_is_not_finished(reason):
    """One that has gone out in part ends where it stands, and the reason forbids to run it."""
    events = events_of(sse(tool(0, "call_1", "Read", '{"path":"a'), chunk(reason)))
    assert content(events) == called(("call_1", "Read", '{"path":"a'))
    assert events[-1] == Finished("length")


def test_half_a_call_that_waited_does_not_go_out():
    events = events_of(sse(tool(0, *CALLS[0]), tool(1, "call_2", "Bash", '{"comm'), tool(2, "call_3", "Read", '{"x":'), chunk("length")))
    assert [event.id for event in content(events) if isinstance(event, ToolCallStarted)] == ["call_1", "call_2"]
    assert events[-1] == Finished("length")


def test_names_come_back_as_the_client_wrote_them():
    asked = call(user("hi"), tools=[Tool("my.tool")])
    wire = names(asked).wire["my.tool"]
    assert content(events_of(sse(tool(0, "call_1", wire, "{}"), STOP), asked))[0] == ToolCallStarted("call_1", "my.tool")


def test_a_custom_call_comes_as_a_function_with_one_text():
    asked = chat(tools=[{"type": "custom", "custom": {"name": "patch"}}])
    pieces = [
        chunk(tool_calls=[{"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "patch", "input": ""}}]),
        chunk(tool_calls=[{"index": 0, "custom": {"input": 'a "b"\n'}}]),
        chunk(tool_calls=[{"index": 0, "custom": {"input": "c"}}]),
    ]
    events = events_of(sse(*pieces, chunk("tool_calls")), asked, "openai")
    assert merged(events) == called(("call_1", "patch", json.dumps({"input": 'a "b"\nc'}, separators=(",", ":"))))


def test_only_the_first_call_where_the_endpoint_does_not_keep_that():
    asked = call(user("hi"), tools=[*PAIR], tool_choice=ToolChoice(parallel=False))
    data = sse(tool(0, *CALLS[0]), tool(0, *CALLS[1]), chunk("tool_calls"))
    assert merged(events_of(data, asked, "ollama")) == called(CALLS[0])
    assert merged(events_of(data, asked, "openai")) == TWO


def test_calls_without_end():
    many = sse(*(tool(at, f"c{at}", "A", "{}") for at in range(1001)))
    with pytest.raises(UpstreamFault) as raised:
        decoded([many])
    assert raised.value.cause is Cause.CORRUPT


# ---- figures


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 15}}, (5, 15, 0, 5, 0)),
        ({"cached_tokens": 15}, (5, 15, 0, 5, 0)),
        ({"prompt_cache_hit_tokens": 15, "prompt_cache_miss_tokens": 5}, (5, 15, 0, 5, 0)),
        ({"prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 4}}, (8, 8, 4, 5, 0)),
        ({"completion_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 25}, (20, 0, 0, 5, 3)),
        ({"completion_tokens_details": {"reasoning_tokens": 30}, "total_tokens": 55}, (20, 0, 0, 35, 30)),
        ({"prompt_tokens_details": None, "completion_tokens_details": "?"}, (20, 0, 0, 5, 0)),
        ({"cached_tokens": 10**30}, (0, 20, 0, 5, 0)),
        ({"cached_tokens": -4}, (20, 0, 0, 5, 0)),
    ],
)
def test_usage(figures, expected):
    told = usage(events_of(sse(say("a"), STOP, counted(**figures))))
    assert (told.input, told.cache_read, told.cache_write, told.output, told.reasoning) == expected
    assert told.input_source is told.output_source is Source.UPSTREAM


@pytest.mark.parametrize("name", ["logprobs", "token_ids", "matched_stop"])
def test_members_that_are_null_in_most_chunks_reach_clients_of_the_protocol_where_they_are_not(name):
    data = sse(chunk(content="a", choice={name: None}), chunk(content="b", choice={name: [1]}), STOP)
    found = [event for event in events_of(data, chat()) if isinstance(event, Vendor)]
    assert [json.loads(event.data) for event in found] == [{name: [1]}]


def test_usage_in_the_choice_and_in_every_chunk():
    data = sse(say("a"), chunk("stop", choice={"usage": {"prompt_tokens": 7, "completion_tokens": 2}}))
    assert (usage(events_of(data, place="kimi")).input, usage(events_of(data, place="kimi")).output) == (7, 2)
    growing = [chunk(content="a", top={"usage": {"prompt_tokens": 7, "completion_tokens": number}}) for number in (1, 2, 3)]
    assert usage(events_of(sse(*growing, STOP), place="vllm")).output == 3


def test_usage_is_estimated_where_nothing_is_told():
    events = events_of(sse(chunk(reasoning_content="x" * 35), say("y" * 70), chunk("stop", top={"usage": None})))
    assert usage(events) == Usage(input=1000, output=30, reasoning=10)


def test_usage_of_an_answer_that_breaks_off():
    reads = decoder()
    reads.feed(sse(say("y" * 70), end=""))
    assert (reads.usage().output, reads.usage().output_source) == (20, Source.ESTIMATED)


# ---- more for clients of the same protocol


LOGPROBS = {"content": [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}]}


def test_members_without_a_word_here():
    data = sse(chunk(content="a", choice={"logprobs": LOGPROBS}), chunk(annotations=[{"type": "url_citation"}]), STOP)
    more = [Vendor("openai", json.dumps({"logprobs": LOGPROBS}, separators=(",", ":")).encode())]
    more.append(Vendor("openai", b'{"delta":{"annotations":[{"type":"url_citation"}]}}'))
    events = content(events_of(data, chat(logprobs=True)))
    assert [json.loads(event.data) for event in events if isinstance(event, Vendor)] == [json.loads(event.data) for event in more]
    assert content(events_of(data)) == [TextDelta("a")]


def test_members_that_are_null_are_nothing():
    data = sse(chunk(content="a", choice={"logprobs": None, "content_filter_results": None}), STOP)
    assert content(events_of(data, chat())) == [TextDelta("a")]


def test_members_in_the_middle_of_a_call_wait():
    first = tool(0, "call_1", "Read", '{"path"')
    first["choices"][0]["logprobs"] = LOGPROBS
    events = content(events_of(sse(first, tool(0, arguments=':"a"}'), STOP), chat()))
    assert [type(event) for event in events if not isinstance(event, ToolCallDelta)] == [Vendor, ToolCallStarted, ToolCallEnded]


# ---- an answer that is not streamed


WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "a",
                "reasoning_content": "hm",
                "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "Read", "arguments": "{}"}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


def test_a_whole_answer_is_taken_as_well():
    events = events_of(b"\n" + json.dumps(WHOLE, indent=1).encode())
    assert content(events) == [ReasoningDelta("hm"), TextDelta("a"), *called(("call_1", "Read", "{}"))]
    assert (events[-1], usage(events).input) == (Finished("tool_calls"), 3)


def test_a_whole_error_in_a_good_answer():
    assert fault(b'{"error":{"message":"x","code":"insufficient_quota"}}').cause is Cause.QUOTA_EXHAUSTED


# ---- faults


@pytest.mark.parametrize(
    ("payload", "cause", "retry"),
    [
        ({"error": {"message": "Overloaded", "type": "overloaded_error"}}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT),
        ({"error": {"message": "Too fast", "code": 429}}, Cause.THROTTLED, Retry.OTHER_ACCOUNT),
        ({"error": "it broke"}, Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT),
        ({"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, Cause.BAD_REQUEST, Retry.NONE),
        ({"detail": "Internal Server Error"}, Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT),
    ],
)
def test_errors_inside_a_stream(payload, cause, retry):
    raised = fault(sse(say("a"), payload))
    assert (raised.cause, raised.retry, raised.status) == (cause, retry, 200)


def test_what_came_before_a_fault_is_taken_along():
    with pytest.raises(UpstreamFault) as raised:
        decoder().feed(sse(say("a"), {"error": {"message": "x"}}))
    assert raised.value.before == [Started(), TextDelta("a")]


@pytest.mark.parametrize("data", [b"data: {nope}\n\n", b'data: {"choices":[{"delta":{"content":5}}]}\n\n', b"data: [1]\n\n"])
def test_what_is_no_chunk(data):
    assert fault(data).cause is Cause.CORRUPT


def test_a_page_instead_of_events_broke_off():
    assert fault(b"<html>\n\n<body>hi</body></html>").cause is Cause.CUT


def test_half_an_emoji_is_no_reason_to_lose_the_answer():
    data = b'data: {"choices":[{"index":0,"delta":{"content":"a\\ud83d"},"finish_reason":"stop"}]}\n\n'
    assert content(events_of(data)) == [TextDelta("a\ufffd")]


def test_an_event_or_an_answer_without_end(monkeypatch):
    monkeypatch.setattr("dataplane.upstreams.openai.answering.decoder.LONGEST_ANSWER", 100)
    with pytest.raises(UpstreamFault) as raised:
        decoded([sse(*[say("a")] * 3)])
    assert raised.value.cause is Cause.CORRUPT
    monkeypatch.undo()
    monkeypatch.setattr("dataplane.wire.sse.MAX_EVENT_BYTES", 100)
    with pytest.raises(UpstreamFault) as raised:
        decoded([sse(say("a" * 100))])
    assert raised.value.cause is Cause.CORRUPT


def test_other_choices_are_passed_over():
    assert content(events_of(sse(chunk(content="b", choice={"index": 1}), say("a"), STOP))) == [TextDelta("a")]


# ---- what a quirk leaves to the gateway


def test_stop_sequences_where_there_is_no_member():
    asked = call(user("hi"), sampling=Sampling(stop=["END"]))
    data = sse(say("one E"), say("ND two"), STOP)
    events = events_of(data, asked, "openai thinking")
    assert (merged(events), events[-1]) == ([TextDelta("one ")], Finished("stop_sequence", "END"))
    assert events_of(data, asked, "openai")[-1] == Finished("stop")


def test_figures_after_the_answer_is_over_count():
    asked = call(user("hi"), sampling=Sampling(stop=["END"]))
    reads = decoder(asked, "openai thinking")
    reads.feed(sse(say("one END two"), end=""))
    assert reads.over
    assert reads.finish()[-1] == Finished("stop_sequence", "END")
    assert reads.feed(sse(say("three"), STOP, counted(9, 4))) == []
    assert (reads.usage().input, reads.usage().output) == (9, 4)


def test_history_does_not_confuse_the_names():
    asked = call(user("hi"), assistant(use("1", "my.tool")), tools=[Tool("my_tool")])
    assert content(events_of(sse(tool(0, "c", "my_tool", "{}"), STOP), asked))[0] == ToolCallStarted("c", "my_tool")


def test_usage_is_seen_before_the_end():
    events = events_of(sse(say("a"), STOP))
    assert [type(event) for event in events[-2:]] == [UsageSeen, Finished]


# ---- any stream


DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": st.one_of(st.none(), st.text("a <think>/\n", max_size=9)),
        "reasoning_content": st.one_of(st.none(), st.text("ab", max_size=3)),
        "refusal": st.one_of(st.none(), st.text("no", max_size=2)),
        "annotations": st.just([{"type": "url_citation"}]),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.integers(0, 2),
                    "id": st.sampled_from(["c1", "c2", ""]),
                    "function": st.fixed_dictionaries(
                        {},
                        optional={
                            "name": st.sampled_from(["Re", "ad", "Read", "Bash", ""]),
                            "arguments": st.sampled_from(["", "{", '"a":1', "}", "{}", " ", {"b": 2}, None]),
                        },
                    ),
                },
            ),
            max_size=2,
        ),
    },
)
ENDS = st.sampled_from(["stop", "length", "tool_calls", None])


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(st.lists(DELTAS, max_size=6), ENDS, st.booleans())
def test_any_stream_gives_legal_events_however_it_is_cut(deltas, reason, own):
    """Delivered calls hold whole objects, or the reason forbids to run them."""
    data = sse(*(chunk(**delta) for delta in deltas), chunk(reason))
    asked = chat() if own else call(user("hi"), tools=[*PAIR])
    first, *_, last = cuttings(data)
    try:
        events = decoded(first, asked)
    except UpstreamFault as raised:
        assert raised.cause is Cause.EMPTY  # noqa: PT017 - most streams have none
        return
    assert joined(decoded(last, asked)) == joined(events)
    if events[-1].reason != "length":
        for event in joined(events):
            assert not isinstance(event, ToolCallDelta) or isinstance(json.loads(event.text), dict)
