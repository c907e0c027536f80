"""Hosted web searches: the answer goes on in another stream."""

import json

import pytest

from dataplane.conversation.events import Finished, ReasoningDelta, Searched, Source, Started, TextDelta, ToolCallEnded, ToolCallStarted
from dataplane.conversation.model import Hit, OutputFormat, Reasoning, Sampling, Search, Text, Thinking, Tool, ToolChoice, WebSearch
from dataplane.conversation.order import Order
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest, Reply
from dataplane.upstreams.kiro import search
from dataplane.upstreams.kiro.answering.decoder import KiroDecoder
from dataplane.upstreams.kiro.provenance import mark
from tests.dataplane.chunking import cuttings
from tests.dataplane.upstreams.kiro.answers import content, finish, usage
from tests.dataplane.upstreams.kiro.samples import STAMP, TAIL, assistant, call, decoded, frame, lease, said, stream, thought, tool, user

HIT = Hit("Kites", "https://kites.test/a", "All about kites.")
FOUND = json.dumps({"results": [{"title": HIT.title, "url": HIT.url, "snippet": HIT.text}]})


def mcp(status=200, text=FOUND):
    result = {"content": [{"type": "text", "text": text}], "isError": False}
    return Reply(status, {}, json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode())


def asks(id, query="kites", **more):
    return tool(id, "web_search", json.dumps({"query": query}), stop=True, **more)


class Conversation:
    """A decoder with what surrounds it: an account that answers searches, and the streams that follow."""

    def __init__(self, *streams, replies=(), **asked):
        self.asked = call(user("hi"), **({"web_search": WebSearch()} | asked))
        self.decoder = KiroDecoder(self.asked, lease(), STAMP, self._chat, lambda given: given)
        self.streams = list(streams)
        self.replies = list(replies)
        self.searches = []
        self.continued = []
        self.events = []

    def _chat(self, call):
        self.continued.append(call)
        return (yield HttpRequest("POST", "chat", {}))

    def listen(self, pieces):
        """One stream, and what leads to the next; None when there is none."""
        for piece in pieces:
            self.events += self.decoder.feed(piece)
        self.events += self.decoder.finish()
        plan = self.decoder.onward()
        assert (plan is None) == isinstance(self.events[-1] if self.events else None, Finished)
        return plan

    def follow(self, plan):
        request = next(plan)
        while request.url != "chat":
            self.searches.append(json.loads(request.body)["params"]["arguments"]["query"])
            request = plan.send(self.replies.pop(0) if self.replies else mcp())
        with pytest.raises(StopIteration):
            plan.send(Reply(200, {}))

    def run(self, cut=lambda data: [data]):
        for data in self.streams:
            plan = self.listen(cut(data))
            if plan is not None:
                self.follow(plan)
        Order().follow(self.events)
        return self


def test_a_search_is_no_call_and_the_answer_goes_on():
    first, second = stream(said("Let me see. "), asks("s1")), stream(said("Kites fly."))
    expected = [TextDelta("Let me see. "), Searched(Search("s1", "kites", [HIT])), TextDelta("Kites fly.")]
    for pieces in cuttings(first):
        talk = Conversation(first, second).run(lambda data, pieces=pieces: pieces if data is first else [data])
        assert content(talk.events) == expected
        assert (finish(talk.events), talk.searches) == ("stop", ["kites"])
    for pieces in cuttings(second):
        talk = Conversation(first, second).run(lambda data, pieces=pieces: pieces if data is second else [data])
        assert content(talk.events) == expected


def test_what_was_found_comes_with_the_first_of_the_next_stream():
    talk = Conversation()
    plan = talk.listen([stream(asks("s1"))])
    assert talk.events == []
    talk.follow(plan)
    data = frame(*said("Kites fly."))
    assert talk.decoder.feed(data[:5]) == [Started(), Searched(Search("s1", "kites", [HIT]))]
    assert talk.decoder.feed(data[5:]) == [TextDelta("Kites fly.")]


def test_the_model_reads_the_answer_so_far_again():
    talk = Conversation(
        stream(thought(text="hm", signature="s"), said("Let me see."), asks("s1")),
        stream(said("More."), asks("s2", "wind")),
        stream(said("x")),
    ).run()
    *before, turn = talk.continued[-1].turns
    assert before == talk.asked.turns
    assert turn.role == "assistant"
    assert turn.parts == [
        *(Reasoning("hm", mark("s", lease())), Text("Let me see."), Search("s1", "kites", [HIT])),
        *(Text("More."), Search("s2", "wind", [HIT])),
    ]
    assert talk.continued[0].turns[-1].parts == turn.parts[:3]


def test_several_searches_at_once():
    talk = Conversation(stream(asks("s1"), asks("s2", "wind")), stream(said("x"))).run()
    assert talk.searches == ["kites", "wind"]
    assert content(talk.events) == [Searched(Search("s1", "kites", [HIT])), Searched(Search("s2", "wind", [HIT])), TextDelta("x")]


def test_searches_beyond_the_bound_are_answered_with_an_error():
    talk = Conversation(stream(asks("s1")), stream(asks("s2"), asks("s3")), stream(said("x")), web_search=WebSearch(max_uses=2)).run()
    errors = [event.search.error for event in talk.events if isinstance(event, Searched)]
    assert (errors, talk.searches) == (["", "", "max_uses_exceeded"], ["kites", "kites"])
    assert usage(talk.events).searches == 2


@pytest.mark.parametrize("arguments", ["{}", '{"query":" "}', '{"query":5}', ""])
def test_a_search_without_a_query_is_not_made(arguments):
    talk = Conversation(stream(tool("s1", "web_search", arguments, stop=True)), stream(said("x"))).run()
    (searched, _) = content(talk.events)
    assert (searched.search.error, talk.searches) == ("invalid_tool_input", [])


def test_the_clients_own_calls_win():
    frames = (asks("s1"), tool("1", "Read", stop=True), asks("s2"))
    talk = Conversation(stream(*frames), tools=[Tool("Read")]).run()
    assert content(talk.events) == [ToolCallStarted("1", "Read"), ToolCallEnded()]
    assert (finish(talk.events), talk.continued) == ("tool_calls", [])


def test_a_client_may_act_after_a_search():
    talk = Conversation(stream(asks("s1")), stream(tool("1", "Read", stop=True)), tools=[Tool("Read")]).run()
    assert [type(event) for event in content(talk.events)] == [Searched, ToolCallStarted, ToolCallEnded]
    assert finish(talk.events) == "tool_calls"


def test_a_tool_of_the_client_of_that_name_is_a_tool():
    talk = Conversation(stream(asks("1")), tools=[Tool("web_search")], web_search=None).run()
    assert content(talk.events)[0] == ToolCallStarted("1", "web_search")
    assert finish(talk.events) == "tool_calls"


def test_a_search_that_is_no_longer_offered_is_ignored():
    """Only the history knows it."""
    asked = call(user("hi"), assistant(Search("s0", "kites", [HIT])), user("and now?"))
    events = decoded([stream(said("x"), asks("s1"))], asked)
    assert (content(events), finish(events)) == ([TextDelta("x")], "stop")


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "CONTENT_FILTERED", "MODEL_CONTEXT_WINDOW_EXCEEDED"])
def test_an_answer_that_ended_for_a_reason_does_not_go_on(reason):
    talk = Conversation(stream(said("x"), asks("s1"), tail=(("metadataEvent", {"stopReason": reason}),))).run()
    assert content(talk.events) == [TextDelta("x")]
    assert finish(talk.events) in {"length", "refusal", "context_exceeded"}


def test_a_stream_without_closing_reports_goes_on_all_the_same():
    talk = Conversation(stream(asks("s1"), tail=()), stream(said("x"))).run()
    assert finish(talk.events) == "stop"


def test_a_second_stream_that_is_cut():
    talk = Conversation(stream(asks("s1")), stream(said("x"), tail=())).run()
    assert finish(talk.events) == "length"
    broken = Conversation()
    broken.follow(broken.listen([stream(asks("s1"))]))
    broken.decoder.feed(stream(said("x"))[:-1])
    with pytest.raises(UpstreamFault) as raised:
        broken.decoder.finish()
    assert raised.value.cause is Cause.CUT


@pytest.mark.parametrize("last", [stream(), stream(said("")), stream(said(" \n")), b""])
@pytest.mark.parametrize("more", [(), (stream(asks("s2")),)])
def test_Q11_an_answer_of_nothing_but_searches_is_empty(more, last):
    with pytest.raises(UpstreamFault) as raised:
        Conversation(stream(asks("s1")), *more, last).run()
    assert (raised.value.cause, raised.value.retry) == (Cause.EMPTY, Retry.SAME_ACCOUNT)


@pytest.mark.parametrize("last", [stream(), stream(said(" \n")), b""])
@pytest.mark.parametrize("before", [said("Let me see."), thought(text="hm"), thought(signature="s"), thought(redactedContent="r")])
def test_an_answer_that_stays_away_after_a_search_is_cut(before, last):
    talk = Conversation(stream(before, asks("s1")), stream(asks("s2")), last).run()
    assert [type(event) for event in content(talk.events)[-2:]] == [Searched, Searched]
    assert finish(talk.events) == "length"


def test_an_answer_of_nothing_after_a_search_keeps_its_reason():
    talk = Conversation(stream(asks("s1")), stream(tail=(("metadataEvent", {"stopReason": "CONTENT_FILTERED"}),))).run()
    assert finish(talk.events) == "refusal"


def test_forbidden_calls_are_no_searches():
    talk = Conversation(stream(said("x"), asks("s1")), tool_choice=ToolChoice("none")).run()
    assert (content(talk.events), talk.continued) == ([TextDelta("x")], [])


def test_ids_that_are_made_up_differ_from_stream_to_stream():
    nameless = ("toolUseEvent", {"name": "web_search", "input": '{"query":"kites"}', "stop": True})
    talk = Conversation(stream(nameless), stream(nameless), stream(said("x"))).run()
    first, second = (event.search.id for event in talk.events if isinstance(event, Searched))
    assert first != second


def test_the_figures_are_those_of_all_streams():
    tail = (("contextUsageEvent", {"contextUsagePercentage": 2.0}), ("meteringEvent", {"usage": 0.5, "unit": "credit"}))
    talk = Conversation(stream(said("x" * 350), asks("s1")), stream(said("y" * 35), tail=tail)).run()
    found = usage(talk.events)
    first = round((350 + len("web_search") + len('{"query": "kites"}')) / 3.5)
    assert found.output == first + 10
    assert found.input == (2000 - first) + (4000 - 10)
    assert (found.input_source, found.output_source) == (Source.DERIVED, Source.ESTIMATED)
    assert (found.credits, found.searches) == (0.75, 1)


def test_a_prompt_of_which_nothing_is_known_holds_what_came_before():
    talk = Conversation(stream(said("x" * 350), asks("s1"), tail=TAIL[:1]), stream(said("y"), tail=TAIL[:1])).run()
    first = round((350 + len("web_search") + len('{"query": "kites"}')) / 3.5)
    told = round(len(search.told(Search("s1", "kites", [HIT]))) / 3.5)
    assert usage(talk.events).input == 1000 + (1000 + first + told)
    assert usage(talk.events).input_source is Source.ESTIMATED


def test_between_streams_the_figures_are_those_of_the_first():
    talk = Conversation()
    plan = talk.listen([stream(said("x" * 35), asks("s1"))])
    between = talk.decoder.usage()
    talk.follow(plan)
    after = talk.decoder.usage()
    assert (after.input, after.output, after.credits) == (between.input, between.output, 0.25)
    assert (between.searches, after.searches) == (0, 1)


def test_a_search_that_failed_does_not_count():
    talk = Conversation(stream(asks("s1")), stream(said("x")), replies=[mcp(status=500)]).run()
    (searched, _) = content(talk.events)
    assert (searched.search.error, usage(talk.events).searches) == ("unavailable", 0)


def test_the_clients_limits_hold_for_the_whole_answer():
    talk = Conversation(stream(said("abcde"), asks("s1")), stream(said("fghij")), sampling=Sampling(max_tokens=20)).run()
    assert finish(talk.events) == "stop"
    short = Conversation(stream(said("abcde"), asks("s1")), stream(said("fghij")), sampling=Sampling(max_tokens=2)).run()
    assert "".join(event.text for event in content(short.events) if isinstance(event, TextDelta)) == "abcdefg"
    assert finish(short.events) == "length"


def test_a_search_does_not_begin_beyond_the_limit():
    talk = Conversation(stream(said("abcdefg"), asks("s1")), sampling=Sampling(max_tokens=2)).run()
    assert (finish(talk.events), talk.continued, talk.decoder.over) == ("length", [], True)


def test_a_stop_sequence_does_not_reach_over_a_search():
    talk = Conversation(stream(said("a EN"), asks("s1")), stream(said("D b")), sampling=Sampling(stop=["END"])).run()
    assert [event.text for event in content(talk.events) if isinstance(event, TextDelta)] == ["a ", "EN", "D b"]
    assert finish(talk.events) == "stop"


def test_a_stop_sequence_before_a_search_ends_the_answer():
    waits = Conversation(stream(said("a EN"), asks("s1")), sampling=Sampling(stop=["EN", "END"])).run()
    assert (waits.events[-1], waits.continued) == (Finished("stop_sequence", "EN"), [])


def test_json_comes_after_the_searches():
    talk = Conversation(
        stream(said("Let me see."), asks("s1")), stream(said('Here: {"a":1}.')), output_format=OutputFormat("json_object")
    ).run()
    assert [event.text for event in content(talk.events) if isinstance(event, TextDelta)] == ['{"a":1}']


def test_each_stream_may_open_with_thinking_in_tags():
    streams = stream(said("<think>a</think>\n\nb"), asks("s1")), stream(said("<think>c</think>\n\nd"))
    talk = Conversation(*streams, thinking=Thinking("enabled", budget=2000)).run()
    found = content(talk.events)
    assert found[:2] + found[3:] == [ReasoningDelta("a"), TextDelta("b"), ReasoningDelta("c"), TextDelta("d")]


def test_a_throttled_account_may_give_way_as_long_as_nothing_went_out():
    for streams, replies in (([stream(asks("s1"))], []), ([stream(asks("s1")), stream(asks("s2"))], [mcp()])):
        early = Conversation(*streams, replies=[*replies, mcp(status=429)])
        with pytest.raises(UpstreamFault) as raised:
            early.run()
        assert raised.value.cause is Cause.THROTTLED
    late = Conversation(stream(said("x"), asks("s1")), stream(said("y")), replies=[mcp(status=429)]).run()
    assert content(late.events)[1].search.error == "too_many_requests"


def test_what_all_streams_wrote_counts_against_what_is_reserved():
    talk = Conversation(stream(said("x" * 35), asks("s1")), stream(said("y" * 70)))
    plan = talk.listen([talk.streams[0]])
    first = talk.decoder.written
    assert first == pytest.approx(10 + len('web_search{"query": "kites"}') / 3.5)
    talk.follow(plan)
    talk.events += talk.decoder.feed(frame(*said("y" * 70)))
    assert talk.decoder.written == pytest.approx(first + 20)
    talk.decoder.truncate(15)
    talk.events += talk.decoder.finish()
    assert talk.decoder.written == pytest.approx(first + 5)
    assert (usage(talk.events).output, talk.events[-1]) == (18 + 5, Finished("length"))


@pytest.mark.parametrize(("tail", "source"), [(TAIL, Source.UPSTREAM), (TAIL[:2], None)])
def test_credits_are_told_when_every_stream_told_them(tail, source):
    talk = Conversation(stream(said("x"), asks("s1"), tail=tail), stream(said("y"))).run()
    assert usage(talk.events).credits_source is source
