"""What is put in front of a request, and what is kept of its answer."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.kept import Item, KeptAnswer, Said
from dataplane.conversation.model import Call, Image, Text, Turn
from dataplane.errors import InvalidRequest, Kind, Limited, NotFound, TooLarge, Unauthenticated, Unavailable
from dataplane.exchange import exchange
from dataplane.memory import latest, said
from dataplane.ports import Policy, Shortened
from tests.dataplane.fakes import (
    FakeClient,
    FakeControl,
    FakeConversations,
    FakeDialect,
    FakeFacts,
    FakeSummarizer,
    FakeTransport,
    line,
    request,
)

GOOD = (200, [b"t Hel\n", b"t lo\nu 2\n", b"f stop\n"])
AWAY = Unavailable("the store is away", kind=Kind.STORE_AWAY)


def world(*scripts, store=None, room=1000, control=None):
    made = line(control or FakeControl(), FakeTransport(*(scripts or (GOOD,))), conversations=store or FakeConversations())
    made.upstreams["fake"].characters = room
    return made


async def run(made, body, client=None, **changed):
    client = client or FakeClient()
    await exchange(made, FakeDialect(), replace(request(body), **changed), client)
    return client


def sent(made):
    """The turns of the last call that went upstream, as (role, text)."""
    return [(turn.role, part.text) for turn in made.upstreams["fake"].calls[-1].turns for part in turn.parts]


BEN = b'{"stream":true,"user":"ben","text":"and now?"}'
BEFORE = [Said(False, "first"), Said(True, "answer")]


async def test_a_users_session_goes_in_front_and_grows():
    store = FakeConversations()
    store.said["key-1", "ben"] = list(BEFORE)
    made = world(store=store)
    await run(made, BEN)
    assert sent(made) == [("user", "first"), ("assistant", "answer"), ("user", "and now?")]
    assert made.upstreams["fake"].calls[-1].raw == b""
    assert store.said["key-1", "ben"] == [*BEFORE, Said(False, "and now?"), Said(True, "Hello")]
    assert store.ended == [("ben", 2)]


async def test_the_first_turn_of_a_session_is_as_the_client_wrote_it():
    store = FakeConversations()
    made = world(store=store)
    await run(made, BEN)
    assert sent(made) == [("user", "and now?")]
    assert made.upstreams["fake"].calls[-1].raw == BEN
    assert store.said["key-1", "ben"] == [Said(False, "and now?"), Said(True, "Hello")]


async def test_a_summary_of_what_the_client_said_does_not_end_its_session():
    """It is followed by an answer of the gateway's own."""

    class Shortening(FakeSummarizer):
        async def compress(self, call, ask):
            turns = [Turn("user", [Text("summary")]), Turn("assistant", [Text("Understood.")]), Turn("user", [Text("and now?")])]
            return turns, Shortened("model", 5, 10)

    store = FakeConversations()
    store.said["key-1", "ben"] = list(BEFORE)
    facts = FakeFacts(Policy(enabled=True, tokens=10_000))
    made = line(FakeControl(), FakeTransport(GOOD), conversations=store, summarizer=Shortening(), facts=facts)
    made.upstreams["fake"].characters = 1000
    await run(made, b'{"stream":true,"user":"ben","text":"%s"}' % (b"word " * 10_000))
    assert [text for _, text in sent(made)] == ["first", "answer", "summary", "Understood.", "and now?"]
    assert store.ended == [("ben", 2)]


@pytest.mark.parametrize(
    ("body", "changed", "room"),
    [
        (BEN, {"remembers": False}, 1000),
        (BEN, {}, None),
        (b'{"stream":true}', {}, 1000),
        (b'{"stream":true,"user":"ben","by_user":false}', {}, 1000),
    ],
    ids=["switched off", "an upstream that is sent everything", "no user", "a protocol that means no session"],
)
async def test_no_session_is_meant(body, changed, room):
    store = FakeConversations()
    store.said["key-1", "ben"] = list(BEFORE)
    made = world(store=store, room=room)
    await run(made, body, **changed)
    assert len(sent(made)) == 1
    assert (store.taken, store.ended) == ([], [])


async def test_a_request_with_a_history_of_its_own_needs_no_session():
    store = FakeConversations()
    store.answers["key-1", "a"] = KeptAnswer("a", "", b"{}", [], [Item("", b"own history")])
    made = world(store=store)
    await run(made, b'{"stream":true,"user":"ben","follows":"a"}')
    assert sent(made) == [("assistant", "own history"), ("user", "hi")]
    assert store.taken == []


async def test_a_session_is_taken_once_for_all_attempts():
    store = FakeConversations()
    store.said["key-1", "ben"] = list(BEFORE)
    made = world((429, [b"throttled"]), GOOD, store=store, control=FakeControl("acc-1", "acc-2"))
    await run(made, BEN)
    assert [len(call.turns) for call in made.upstreams["fake"].calls] == [3, 3]
    assert store.ended == [("ben", 2)]
    assert store.said["key-1", "ben"][-1] == Said(True, "Hello")


async def test_a_request_that_fails_gives_the_session_back_as_it_was():
    store = FakeConversations()
    made = world((200, [b"t half\n", b"x unavailable\n"]), store=store)
    with pytest.raises(Exception, match="failed"):
        await run(made, BEN)
    assert store.ended == [("ben", 0)]
    assert store.said["key-1", "ben"] == []


async def test_a_client_that_leaves_gives_the_session_back():
    store = FakeConversations()
    with pytest.raises(asyncio.CancelledError):
        await run(world(store=store), BEN, FakeClient(leave_after=1))
    assert store.ended == [("ben", 0)]


async def test_without_the_store_no_session_is_answered_as_if_nothing_had_been_said():
    store = FakeConversations()
    store.away = AWAY
    control = FakeControl()
    with pytest.raises(Unavailable):
        await run(world(store=store, control=control), BEN)
    assert [each.error for each in control.outcomes] == ["store_away"]


async def test_a_session_that_cannot_be_kept_does_not_cost_the_answer():
    store = FakeConversations()
    store.refusal = AWAY
    client = await run(world(store=store), BEN)
    assert b"".join(client.pieces) == b"<Hel><lo>."
    assert store.ended == [("ben", 2)]


KEEP = b'{"keep":true}'


async def test_an_answer_is_kept_before_the_client_has_its_end():
    store, client = FakeConversations(), FakeClient()
    seen = []

    async def finish(data):
        seen.append(dict(store.answers))
        client.pieces.append(data)

    client.finish = finish
    await run(world(store=store), KEEP, client)
    assert list(seen[0]) == [("key-1", "answer-1")]


async def test_an_answer_that_failed_is_not_kept():
    store = FakeConversations()
    with pytest.raises(InvalidRequest):
        await run(world((200, [b"t half\n", b"x bad_request\n"]), store=store), KEEP)
    assert store.answers == {}


async def test_what_builds_on_an_answer_finds_it():
    store = FakeConversations()
    made = world(GOOD, GOOD, store=store, room=None, control=FakeControl("acc-1", "acc-1"))
    await run(made, KEEP)
    await run(made, b'{"follows":"answer-1","text":"go on"}')
    assert sent(made) == [("assistant", "what was answered"), ("user", "go on")]


async def test_an_answer_of_another_key_is_not_found_and_the_refusal_is_recorded():
    store, control = FakeConversations(), FakeControl()
    store.answers["key-2", "answer-1"] = KeptAnswer("answer-1", "", b"{}")
    with pytest.raises(NotFound) as refused:
        await run(world(store=store, control=control), b'{"follows":"answer-1"}')
    assert refused.value.code == "previous_response_not_found"
    assert [each.error for each in control.outcomes] == ["not_kept"]


async def test_without_the_store_what_builds_on_it_is_refused():
    store = FakeConversations()
    store.away = AWAY
    with pytest.raises(Unavailable):
        await run(world(store=store), b'{"follows":"answer-1"}')


async def test_an_answer_that_will_not_be_kept_says_so():
    client = await run(world(store=FakeConversations(reachable=False)), KEEP)
    assert client.said["x-headgate-dropped"] == "store"


async def test_a_strict_key_wants_its_answers_kept_and_is_told_to_try_again():
    with pytest.raises(Unavailable) as refused:
        await run(world(store=FakeConversations(reachable=False), control=FakeControl(strict=True)), KEEP)
    assert (refused.value.kind, refused.value.retry_after) == (Kind.STORE_AWAY, 1)


async def test_a_store_that_is_away_is_not_asked_to_keep():
    store = FakeConversations(reachable=False)
    await run(world(store=store), KEEP)
    assert store.answers == {}


# Sessions that somebody else has


async def test_nobody_holds_an_account_while_he_waits_for_the_turn_before():
    store, control = FakeConversations(), FakeControl("acc-1", "acc-2")
    store.busy = 1
    await run(world(store=store, control=control), BEN)
    assert store.waits == [0, 30.0]
    first, rest, second = control.asks
    assert (first.reserve_only, rest.reserve_only, second.reserve_only) == (False, True, False)
    assert (rest.lease_id, second.lease_id) == ("lease-1", "lease-1")
    assert second.excluded_account_ids == ()
    assert [attempt.account_id for attempt in control.outcomes[0].attempts] == ["acc-2"]


async def test_who_waits_too_long_is_told_to_come_again():
    store, control = FakeConversations(), FakeControl()
    store.busy = 2
    with pytest.raises(Limited):
        await run(world(store=store, control=control), BEN)
    assert store.ended == []
    assert [each.error for each in control.outcomes] == ["rate_limited"]


# What a session costs


async def test_what_was_said_before_is_reserved_and_counted():
    store = FakeConversations()
    store.said["key-1", "ben"] = [Said(False, "x" * 700), Said(True, "y" * 200)]
    control = FakeControl("acc-1", "acc-2", reserved=100, extensions=[100])
    made = world((429, [b"throttled"]), GOOD, store=store, control=control)
    await run(made, BEN)
    first, second = made.upstreams["fake"].calls
    assert first.input_estimate == second.input_estimate > 250
    (asked,) = control.extends
    assert -asked == round((first.input_estimate - control.asks[0].estimated_input_tokens) * 1.1)


async def test_a_session_beyond_the_keys_limit_is_refused_before_it_is_sent():
    store = FakeConversations()
    store.said["key-1", "ben"] = [Said(False, "x" * 700), Said(True, "y" * 200)]
    made = world(store=store, control=FakeControl(reserved=100))
    with pytest.raises(Limited):
        await run(made, BEN)
    assert made.upstreams["fake"].calls == []
    assert store.ended == [("ben", 0)]


async def test_a_session_that_outgrew_the_upstream_loses_its_oldest_turns():
    store = FakeConversations()
    store.said["key-1", "ben"] = [said for n in range(9) for said in (Said(False, f"{n}" * 50), Said(True, f"a{n}" * 50))]
    made = world(store=store, room=500)
    await run(made, BEN)
    kept = sent(made)
    assert kept[0] == ("user", "6" * 50)
    assert kept[-1] == ("user", "and now?")
    assert len(kept) == 7


@pytest.mark.parametrize("room", [-10, 0, 5])
def test_no_room_for_what_was_said(room):
    assert list(latest(BEFORE, room)) == []


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=9))), st.integers(0, 80))
def test_what_is_left_of_a_session(before, room):
    before = [Said(by, text) for by, text in before]
    left = list(latest(before, room))
    assert left == before[len(before) - len(left) :]
    assert sum(len(each.text) for each in left) <= room
    assert not left or not left[0].by_assistant


@pytest.mark.parametrize("refusal", [AWAY, TooLarge("too large to be kept")])
async def test_an_answer_that_could_not_be_kept_says_so(refusal):
    store, control = FakeConversations(), FakeControl()
    store.refusal = refusal
    client = await run(world(store=store, control=control), KEEP)
    assert client.said["x-headgate-dropped"] == "store"
    assert client.pieces == [b"<Hel><lo>."]
    assert list(control.outcomes[0].dropped) == ["store"]


def test_what_was_said_by_pictures_alone_is_no_turn_of_a_session():
    call = Call(
        "m", [Turn("user", [Image(url="http://x")]), Turn("system", [Text("be brief")]), Turn("user", [Text("a"), Text("b")])], "fake"
    )
    assert said(call, "ok") == [Said(False, "a\n\nb"), Said(True, "ok")]


async def test_a_wrong_key_is_identified_once():
    control = FakeControl(identity=Unauthenticated("no"))
    asked = []
    identify = control.identify
    control.identify = lambda caller, **more: asked.append(caller) or identify(caller, **more)
    with pytest.raises(Unauthenticated):
        await run(world(control=control), b'{"follows":"answer-1"}')
    assert len(asked) == 1
