import pytest

from dataplane.conversation.events import Source, UsageSeen
from dataplane.conversation.model import ToolChoice
from dataplane.upstreams.figures import MOST_TOKENS
from dataplane.upstreams.kiro import Kiro
from dataplane.upstreams.kiro.answering import payloads
from tests.dataplane.upstreams.kiro.answers import finish, usage
from tests.dataplane.upstreams.kiro.samples import STAMP, TAIL, call, decoded, events_of, frame, lease, said, stream, thought, tool, user


def test_reported_counts_are_the_usage():
    tokens = {"uncachedInputTokens": 10, "outputTokens": 20, "totalTokens": 60, "cacheReadInputTokens": 25, "cacheWriteInputTokens": 5}
    tail = (("metadataEvent", {"tokenUsage": tokens}), *TAIL[1:], ("meteringEvent", {"usage": 0.5, "unit": "Credit"}))
    found = usage(events_of(stream(thought(text="hm" * 10), said("x"), tail=(*tail, ("meteringEvent", {"usage": 9, "unit": "token"})))))
    assert (found.input, found.cache_read, found.cache_write, found.output) == (10, 25, 5, 20)
    assert (found.input_source, found.output_source, found.credits) == (Source.UPSTREAM, Source.UPSTREAM, 0.75)
    assert found.reasoning == 6


@pytest.mark.parametrize(
    ("tail", "source"),
    [
        (TAIL, Source.UPSTREAM),
        (TAIL[:2], None),
        ((*TAIL[:2], ("meteringEvent", {"usage": 0, "unit": "CREDIT"})), Source.UPSTREAM),
        ((*TAIL[:2], ("meteringEvent", {"usage": 9, "unit": "token"})), None),
    ],
)
def test_whether_the_upstream_told_its_credits(tail, source):
    assert usage(events_of(stream(said("x"), tail=tail))).credits_source is source


def test_the_share_of_the_window_gives_the_prompt():
    found = usage(events_of(stream(said("x" * 350))))
    assert (found.input, found.output) == (2000 - 100, 100)
    assert (found.input_source, found.output_source) == (Source.DERIVED, Source.ESTIMATED)


@pytest.mark.parametrize(
    ("tail", "window"), [(TAIL, 0), (TAIL[:1], 200_000), ((("contextUsageEvent", {"contextUsagePercentage": 0.01}),), 200_000)]
)
def test_without_a_sensible_share_the_estimate_stays(tail, window):
    found = usage(events_of(stream(said("x" * 350), tail=tail), context_window=window))
    assert (found.input, found.input_source) == (1000, Source.ESTIMATED)


def test_the_share_may_stand_in_the_metadata():
    tail = (("metadataEvent", {"tokenUsage": {"contextUsagePercentage": 2}}),)
    assert usage(events_of(stream(said("x"), tail=tail))).input == 4000


def test_arguments_count_as_output():
    found = usage(events_of(stream(tool("1", "Read", '{"path":"' + "a" * 100 + '"}', stop=True))))
    assert found.output == round((4 + 111) / 3.5)


def test_cut_and_ignored_calls_count_as_output_too():
    cut = events_of(stream(tool("1", "Read", "x" * 35, stop=True), tool("2", "Read", '{"a' + "x" * 32), tail=()))
    assert usage(cut).output == 20
    ignored = events_of(stream(tool("1", "Read", "{}", stop=True)), call(user("hi"), tool_choice=ToolChoice("none")))
    assert usage(ignored).output == round((4 + 2) / 3.5)


def test_unreadable_reports_do_not_spoil_an_answer():
    tail = (
        ("metadataEvent", {"tokenUsage": "many"}),
        ("contextUsageEvent", {"contextUsagePercentage": "9"}),
        ("meteringEvent", {"usage": []}),
    )
    events = events_of(stream(said("x"), tail=tail))
    assert finish(events) == "stop"


@pytest.mark.parametrize("figure", ["1e308", "1e999", "-1e308", "-5", "9" * 400, "-" + "9" * 400, "-0.0"])
def test_odd_figures_are_cut_to_what_can_be(figure):
    tokens = f'{{"uncachedInputTokens":{figure},"outputTokens":{figure},"cacheReadInputTokens":{figure},"contextUsagePercentage":{figure}}}'
    odd = b"".join(
        frame(kind, payload.encode())
        for kind, payload in (
            ("metadataEvent", f'{{"tokenUsage":{tokens}}}'),
            ("metadataEvent", f'{{"tokenUsage":{{"contextUsagePercentage":{figure}}}}}'),
            ("contextUsageEvent", f'{{"contextUsagePercentage":{figure}}}'),
            ("meteringEvent", f'{{"usage":{figure},"amount":{figure},"unit":"credit"}}'),
        )
    )
    found = usage(decoded([frame(*said("x")) + odd]))
    for count in (found.input, found.output, found.cache_read, found.cache_write, found.reasoning):
        assert 0 <= count <= MOST_TOKENS
    assert 0.0 <= found.credits <= payloads.MOST_CREDITS


def test_credits_do_not_add_up_beyond_what_can_be():
    odd = frame("meteringEvent", b'{"usage":9999,"unit":"credit"}') * 50
    assert usage(decoded([frame(*said("x")) + odd])).credits == payloads.MOST_CREDITS


def test_a_share_beyond_the_window_is_the_window():
    for odd in ("1e308", "250"):
        found = usage(decoded([frame(*said("x" * 350)) + frame("contextUsageEvent", b'{"contextUsagePercentage":%s}' % odd.encode())]))
        assert found.input == 200_000 - 100


@pytest.mark.parametrize(
    "tokens",
    [
        {"uncachedInputTokens": "x"},
        {"outputTokens": "12"},
        "many",
        [1],
    ],
)
def test_the_members_of_a_report_are_read_apart(tokens):
    events = events_of(stream(said("x"), tail=(("metadataEvent", {"stopReason": "MAX_TOKENS", "tokenUsage": tokens}),)))
    assert (finish(events), usage(events).input_source) == ("length", Source.ESTIMATED)
    counted = {"uncachedInputTokens": 10, "outputTokens": 20, "cacheReadInputTokens": "x"}
    tail = (("metadataEvent", {"stopReason": 5, "tokenUsage": counted}), ("meteringEvent", {"usage": "x", "amount": 2, "unit": "credit"}))
    found = usage(events_of(stream(said("x"), tail=tail)))
    assert (found.input, found.output, found.cache_read, found.credits) == (10, 20, 0, 2.0)


def test_figures_may_be_asked_for_at_any_time():
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
    assert (decoder.usage().input, decoder.usage().output) == (1000, 0)
    decoder.feed(stream(said("x" * 35), tool("1", "Write", "y" * 35), tail=()))
    assert [decoder.usage().output for _ in range(2)] == [20, 20]
    assert decoder.finish()[-2] == UsageSeen(decoder.usage())
    assert decoder.usage().output == 20
