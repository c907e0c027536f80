"""When conversations go to the summarizer, and what becomes of those that do."""

import json
from dataclasses import replace

import pytest

from dataplane.compression import Compression, fits
from dataplane.conversation.estimate import media, prompt_tokens, turn_tokens
from dataplane.conversation.model import Call, Document, Image, Sampling, Text, ToolResult, Turn
from dataplane.errors import ContextTooLong
from dataplane.exchange import exchange
from dataplane.ports import Policy, Reservation
from dataplane.progress import Progress
from tests.dataplane.fakes import (
    FakeClient,
    FakeControl,
    FakeDialect,
    FakeFacts,
    FakeSummarizer,
    FakeTransport,
    line,
    request,
)

GOOD = (200, [b"t Hel\n", b"t lo\nu 2\n", b"f stop\n"])
POLICY = Policy(enabled=True, tokens=10_000, turns=200, seconds=60)
WORD = 35 * "x"  # 10 tokens


def call(tokens=20_000, turns=10, **more):
    """Of about so many tokens."""
    each = Turn("user", [Text(WORD * (tokens // turns // 10))])
    made = Call(model="m", turns=[each] * turns, family="fake", raw=b"{}", **more)
    made.input_estimate = prompt_tokens(made)
    return made


def sent(**headers):
    return replace(request(), sent={name.replace("_", "-").encode(): value.encode() for name, value in headers.items()})


def body(text, **more):
    return json.dumps({"stream": True, "text": text, **more}).encode()


def concerns(made, facts, **headers):
    return Compression(FakeSummarizer(), facts, 180).concerns(sent(**headers), made)


@pytest.mark.parametrize(
    ("made", "policy", "window", "expected"),
    [
        (call(9_000), POLICY, 0, False),
        (call(11_000), POLICY, 0, True),
        (call(11_000), replace(POLICY, enabled=False), 0, False),
        (call(11_000), replace(POLICY, tokens=0), 0, False),  # half of a usual window
        (call(101_000), replace(POLICY, tokens=0), 0, True),
        (call(11_000), replace(POLICY, tokens=0), 20_000, True),
        (call(2_000, 200), POLICY, 0, False),
        (call(2_010, 201), POLICY, 0, True),
        (call(9_000), POLICY, 12_000, True),  # it would not fit
        (call(5_000), POLICY, 12_000, False),
    ],
)
def test_a_conversation_is_long_by_tokens_by_turns_or_because_it_does_not_fit(made, policy, window, expected):
    assert concerns(made, FakeFacts(policy, window)) is expected


def test_a_client_may_refuse():
    assert not concerns(call(), FakeFacts(POLICY), x_headgate_compress="off")
    assert not concerns(call(), FakeFacts(POLICY), x_headgate_compress="OFF")
    assert concerns(call(), FakeFacts(POLICY), x_headgate_compress="on")


def test_a_client_that_compacts_by_itself_is_helped_only_where_it_does_not_fit():
    claude = {"user_agent": "claude-cli/2.1.0 (external, cli)"}
    assert not concerns(call(20_000), FakeFacts(POLICY, 200_000), **claude)
    assert concerns(call(190_000), FakeFacts(POLICY, 200_000), **claude)


@pytest.mark.parametrize(
    ("tokens", "answer", "expected"), [(8_000, None, True), (14_000, None, False), (8_000, 9_000, True), (8_500, 9_000, False)]
)
def test_the_answer_needs_room_too(tokens, answer, expected):
    assert fits(call(tokens, sampling=Sampling(max_tokens=answer)), 18_000) is expected
    assert fits(call(tokens), 0)


async def shorten(made, reservation, summarizer, policy=POLICY, client=None, **headers):
    client = client or FakeClient()
    progress = Progress(sent(**headers), made)
    got = await Compression(summarizer, FakeFacts(policy), 180).shorten(made, reservation, progress, client)
    return got, progress, client


async def test_a_shorter_conversation_takes_its_place_and_the_client_is_told():
    made = call()
    got, progress, client = await shorten(made, Reservation("l", "key-1"), FakeSummarizer(keep=3))
    assert [turn.parts[0].text[:7] for turn in got.turns] == ["summary", *["x" * 7] * 3]
    assert (got.raw, got.input_estimate) == (b"", prompt_tokens(got))
    assert made.input_estimate == got.input_estimate, "what the client is told of the size is of what is sent"
    assert client.said["x-headgate-compressed"] == "turns=7;saved=90"
    assert (progress.shortened.how, progress.shortened.replaced_turns, progress.shortened.spent_tokens) == ("model", 7, 7)
    assert made.turns == [made.turns[0]] * 10, "the client's own conversation stays as it was"


async def test_what_the_summarizer_is_told():
    summarizer = FakeSummarizer()
    made = call(system=[WORD * 3], sampling=Sampling(max_tokens=1_000))
    await shorten(made, Reservation("l", "key-1", 21_500, kind="openai"), summarizer)
    (ask,) = summarizer.asked
    assert (ask.key_id, ask.request_id, ask.overhead_tokens, ask.room_tokens) == ("key-1", "req_1", 30, 20_500)
    assert (ask.only_to_fit, ask.policy, ask.seconds, ask.threshold_tokens) == (False, POLICY, 60, 10_000)


async def test_half_of_the_window_is_long_however_much_of_it_the_answer_needs():
    summarizer = FakeSummarizer()
    for answer in (None, 10_000):
        made = call(sampling=Sampling(max_tokens=answer))
        await shorten(made, Reservation("l", "key-1", 30_000), summarizer, replace(POLICY, tokens=0))
    assert [ask.threshold_tokens for ask in summarizer.asked] == [15_000, 15_000]


async def test_pictures_that_were_replaced_are_no_longer_fitted():
    made = call()
    made.turns = [Turn("user", [Image(data="a")]), *made.turns, Turn("user", [ToolResult("1", [Image(data="b")]), Document(text="c")])]
    got, _, _ = await shorten(made, Reservation("l", "key-1"), FakeSummarizer(keep=1))
    assert got.media == [Image(data="b"), Document(text="c")]


@pytest.mark.parametrize("how", ["unavailable", "late", "budget", "no-gain"])
async def test_any_failure_passes_the_conversation_as_it_came(how):
    made = call()
    got, progress, client = await shorten(made, Reservation("l", "key-1", 200_000), FakeSummarizer(how=how))
    assert got is made
    assert (got.raw, progress.shortened.how) == (b"{}", how)
    assert not client.said.get("x-headgate-compressed")


async def test_one_that_cannot_fit_is_refused_as_too_long_and_not_cut():
    with pytest.raises(ContextTooLong) as told:
        await shorten(call(), Reservation("l", "key-1", 15_000), FakeSummarizer(how="model-failed"))
    assert "20" in told.value.message
    assert "15000" in told.value.message


async def test_one_that_may_fit_is_tried():
    made = call(16_000)
    got, _, _ = await shorten(made, Reservation("l", "key-1", 15_000), FakeSummarizer(how="model-failed"))
    assert got is made


async def test_a_key_may_want_its_conversations_whole():
    summarizer, made = FakeSummarizer(keep=1), call()
    got, progress, _ = await shorten(made, Reservation("l", "key-1", 200_000, whole=True), summarizer)
    assert (got, summarizer.asked, progress.shortened) == (made, [], None)
    got, _, _ = await shorten(made, Reservation("l", "key-1", 15_000, whole=True), summarizer)
    assert got is made, "whether it is too long is the upstream's to say, as with the header"


def test_pictures_and_scans_are_not_what_makes_a_conversation_long():
    made = call(5_000)
    scan = Document(media_type="application/pdf", data="A" * 4_000_000)
    made.turns = [Turn("user", [scan, *[Image(data="A")] * 100, ToolResult("1", [Image(data="B")])]), *made.turns]
    made.media = media(made.turns)
    made.input_estimate = prompt_tokens(made)
    assert made.input_estimate > 300_000
    assert not concerns(made, FakeFacts(POLICY, 200_000))
    assert turn_tokens(made.turns[0]) < 10
    made.turns.append(Turn("user", [Document(media_type="text/plain", data="A" * 100_000)]))
    made.media = media(made.turns)
    made.input_estimate = prompt_tokens(made)
    assert concerns(made, FakeFacts(POLICY, 200_000)), "text is text, wherever it stands"


def test_nobody_asks_about_very_many_turns():
    assert not concerns(call(30_000, 20_001), FakeFacts(POLICY))


async def test_the_same_family_is_shortened_only_to_fit():
    summarizer, made = FakeSummarizer(keep=1), call()
    got, _, _ = await shorten(made, Reservation("l", "key-1", 200_000, kind="fake"), summarizer)
    assert (got, summarizer.asked) == (made, [])
    got, _, _ = await shorten(made, Reservation("l", "key-1", 22_000, kind="fake"), summarizer)
    assert summarizer.asked[0].only_to_fit
    assert len(got.turns) == 2


async def test_a_window_that_is_larger_than_was_thought_needs_no_summary():
    summarizer, made = FakeSummarizer(keep=1), call()
    policy = replace(POLICY, tokens=0)
    assert (await shorten(made, Reservation("l", "key-1", 1_000_000), summarizer, policy))[0] is made
    assert summarizer.asked == []


async def test_a_summary_may_take_half_of_the_time_at_most():
    summarizer = FakeSummarizer()
    await shorten(call(), Reservation("l", "key-1"), summarizer, replace(POLICY, seconds=300))
    assert summarizer.asked[0].seconds == pytest.approx(90, abs=1)


async def test_headers_that_go_out_meanwhile_say_that_it_is_under_way():
    client, seen = FakeClient(), []
    summarizer = FakeSummarizer(keep=1)
    summarizer.meanwhile = lambda: seen.append(client.said["x-headgate-compressed"])
    await shorten(call(), Reservation("l", "key-1"), summarizer, client=client)
    assert seen == ["pending"]


async def test_only_the_reservation_is_held_meanwhile():
    control, summarizer = FakeControl("acc-1"), FakeSummarizer(keep=1)
    made = line(control, FakeTransport(GOOD), summarizer=summarizer, facts=FakeFacts(POLICY))
    summarizer.meanwhile = lambda: held.append([ask.reserve_only for ask in control.asks])
    held: list[list[bool]] = []
    client = FakeClient()
    await exchange(made, FakeDialect(), request(body(WORD * 2_000)), client)
    assert held == [[True]]
    assert [(ask.reserve_only, ask.lease_id) for ask in control.asks] == [(True, ""), (False, "lease-1")]
    assert control.outcomes[0].shortened.how == "model"
    assert client.said["x-headgate-compressed"] == "turns=0;saved=90"


async def test_a_short_conversation_is_not_asked_about():
    control, summarizer = FakeControl("acc-1"), FakeSummarizer(keep=1)
    await exchange(
        line(control, FakeTransport(GOOD), summarizer=summarizer, facts=FakeFacts(POLICY)), FakeDialect(), request(body("hi")), FakeClient()
    )
    assert (summarizer.asked, [ask.reserve_only for ask in control.asks]) == ([], [False])
    assert control.outcomes[0].shortened is None


async def test_too_long_is_settled_without_an_account():
    control = FakeControl("acc-1", reservation=Reservation("lease-1", "key-1", 4_000))
    made = line(control, FakeTransport(GOOD), facts=FakeFacts(POLICY, 4_000))
    with pytest.raises(ContextTooLong):
        await exchange(made, FakeDialect(), request(body(WORD * 2_000)), FakeClient())
    assert [(each.error, each.attempts, each.shortened.how) for each in control.outcomes] == [("context_too_long", [], "unavailable")]
    assert [ask.reserve_only for ask in control.asks] == [True]
