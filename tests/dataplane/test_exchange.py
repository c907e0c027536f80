"""The line against fakes: whatever happens, there is one answer and exactly one settlement."""

import asyncio

import pytest

from dataplane import admission, relay
from dataplane.conversation.model import Call, Image, Text, Turn
from dataplane.errors import (
    Cause,
    EndpointFault,
    GatewayError,
    InvalidRequest,
    Kind,
    Limited,
    NotFound,
    Unauthenticated,
    Unavailable,
    UpstreamTimeout,
)
from dataplane.exchange import exchange
from dataplane.ports import Ending
from dataplane.upstreams.base import MediaRules
from tests.dataplane.fakes import FakeClient, FakeControl, FakeDialect, FakeTransport, fault, line, request

GOOD = (200, [b"t Hel\n", b"t lo\nu 2\n", b"f stop\n"])
WHOLE = b'{"stream":false}'


async def run(control, transport, client=None, body=b'{"stream":true}', **limits):
    client = client or FakeClient()
    await exchange(line(control, transport, **limits), FakeDialect(), request(body), client)
    return client


def settled(control: FakeControl):
    assert len(control.outcomes) == 1
    return control.outcomes[0]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(admission, "MOMENT_SECONDS", 0.001)


async def test_a_stream_is_forwarded_piece_by_piece():
    control, transport = FakeControl(), FakeTransport(GOOD)
    client = await run(control, transport)
    assert client.pieces == [b"<Hel>", b"<lo>", b"."]
    assert client.complete
    assert client.said["x-headgate-model"] == "fake/model-1"
    outcome = settled(control)
    assert (outcome.ending, outcome.status, outcome.usage.output, outcome.finish_reason) == (Ending.SERVED, 200, 2, "stop")
    assert outcome.lease_id == "lease-1"
    assert [(each.account_id, each.fault, each.status) for each in outcome.attempts] == [("acc-1", "", 200)]
    assert transport.closed == 1


async def test_a_whole_answer_is_sent_at_once():
    control = FakeControl()
    client = await run(control, FakeTransport(GOOD), body=WHOLE)
    assert client.pieces == [b"<Hel><lo>."]
    assert settled(control).ending is Ending.SERVED


async def test_bytes_one_at_a_time():
    pieces = [bytes([byte]) for byte in b"t Hel\nt lo\nu 2\nf stop\n"]
    client = await run(FakeControl(), FakeTransport((200, pieces)))
    assert b"".join(client.pieces) == b"<Hel><lo>."


async def test_another_account_takes_over_after_a_refusal():
    control = FakeControl("acc-1", "acc-2")
    client = await run(control, FakeTransport((429, [b"throttled"]), GOOD))
    assert b"".join(client.pieces) == b"<Hel><lo>."
    assert client.said["x-headgate-attempts"] == "2"
    again = control.asks[1]
    assert again.lease_id == "lease-1"
    assert again.excluded_account_ids == ("acc-1",)
    assert [(each.account_id, each.fault, each.status) for each in again.failed] == [("acc-1", "throttled", 429)]
    assert [each.fault for each in settled(control).attempts] == ["throttled", ""]


async def test_a_fault_inside_the_stream_before_any_content_fails_over():
    control = FakeControl("acc-1", "acc-2")
    client = await run(control, FakeTransport((200, [b"x throttled\n"]), GOOD))
    assert b"".join(client.pieces) == b"<Hel><lo>."


async def test_usage_alone_does_not_commit():
    control = FakeControl("acc-1", "acc-2")
    client = await run(control, FakeTransport((200, [b"u 1\n", b"x unavailable\n"]), GOOD))
    assert b"".join(client.pieces) == b"<Hel><lo>."


async def test_a_whole_answer_fails_over_even_after_content():
    control = FakeControl("acc-1", "acc-2")
    client = await run(control, FakeTransport((200, [b"t Hel\n", b"x unavailable\n"]), GOOD), body=WHOLE)
    assert client.pieces == [b"<Hel><lo>."]
    assert settled(control).usage.output == 2


async def test_after_content_a_stream_is_cut_and_not_repeated():
    control = FakeControl("acc-1", "acc-2")
    client = FakeClient()
    with pytest.raises(GatewayError):
        await run(control, FakeTransport((200, [b"t Hello, world\n", b"x unavailable\n"])), client)
    assert client.pieces == [b"<Hello, world>"]
    assert not client.complete
    outcome = settled(control)
    assert (outcome.ending, outcome.status) == (Ending.CUT, 200)
    assert outcome.usage.output == 3, "what had come is estimated when the upstream gave no figures"
    assert len(control.asks) == 1


async def test_all_accounts_failing_tells_the_last_truth():
    control = FakeControl("acc-1", "acc-2", "acc-3")
    with pytest.raises(Limited) as caught:
        await run(control, FakeTransport(*[(429, [b"throttled"])] * 3))
    assert caught.value.retry_after == 7
    outcome = settled(control)
    assert (outcome.ending, outcome.status, len(outcome.attempts)) == (Ending.FAILED, 429, 3)


async def test_the_earliest_free_account_decides_the_waiting_time():
    busy = Limited("all busy", kind=Kind.ACCOUNTS_BUSY, retry_after=3)
    control = FakeControl("acc-1", busy)
    with pytest.raises(Limited) as caught:
        await run(control, FakeTransport((429, [b"throttled"])))
    assert caught.value.retry_after == 3


async def test_without_another_account_a_passing_fault_is_tried_once_more_on_the_same():
    control = FakeControl("acc-1", Unavailable("nobody else"), "acc-1")
    client = await run(control, FakeTransport((503, [b"unavailable"]), GOOD))
    assert client.complete
    assert control.asks[2].excluded_account_ids == ()


async def test_a_refused_bearer_is_renewed_once():
    control = FakeControl("acc-1", renewals=["fresh"])
    transport = FakeTransport((403, [b"credential_rejected"]), GOOD)
    await run(control, transport)
    assert control.renewed == ["credential_rejected"]
    assert [each.headers["authorization"] for each in transport.requests] == ["token-acc-1", "fresh"]


async def test_a_bearer_refused_again_means_another_account():
    control = FakeControl("acc-1", "acc-2", renewals=["fresh"])
    refused = (403, [b"credential_rejected"])
    client = await run(control, FakeTransport(refused, refused, GOOD))
    assert client.complete
    assert control.asks[1].excluded_account_ids == ("acc-1",)
    assert len(control.asks[1].failed) == 2


async def test_a_lost_credential_means_another_account():
    control = FakeControl("acc-1", "acc-2", renewals=[fault("unavailable")])
    client = await run(control, FakeTransport((403, [b"credential_rejected"]), GOOD))
    assert client.complete
    assert [each.fault for each in settled(control).attempts] == ["credential_rejected", "unavailable", ""]


async def test_an_empty_answer_is_tried_again_on_the_same_account():
    control = FakeControl("acc-1")
    client = await run(control, FakeTransport((200, [b"x empty\n"]), GOOD))
    assert client.complete
    assert len(control.asks) == 1


async def test_a_bad_request_is_tried_once():
    control = FakeControl("acc-1", "acc-2")
    with pytest.raises(InvalidRequest):
        await run(control, FakeTransport((400, [b"bad_request"])))
    assert len(control.asks) == 1
    assert settled(control).status == 400


async def test_attempts_are_capped():
    control = FakeControl("acc-1", "acc-2", "acc-3")
    with pytest.raises(GatewayError):
        await run(control, FakeTransport(*[(503, [b"unavailable"])] * 2), attempts=2)
    assert len(control.asks) == 2


async def test_no_figure_keeps_a_request_from_being_settled():
    control = FakeControl()
    await run(control, FakeTransport((200, [b"t hello\nu -5\nf stop\n"])))
    assert settled(control).ending is Ending.SERVED


async def test_a_refused_request_is_not_settled_by_the_data_plane():
    control = FakeControl(NotFound("no such model"))
    with pytest.raises(NotFound):
        await run(control, FakeTransport())
    assert control.outcomes == []


async def test_a_malformed_body_is_recorded_for_its_key_and_asks_for_no_lease():
    control = FakeControl()
    with pytest.raises(InvalidRequest):
        await run(control, FakeTransport(), body=b"{")
    assert control.asks == []
    outcome = settled(control)
    assert (outcome.lease_id, outcome.status, outcome.error) == ("dp_req_1.key-1", 400, "invalid_request")


async def test_a_malformed_body_with_a_wrong_key_is_about_the_key():
    control = FakeControl(identity=Unauthenticated("no such key"))
    with pytest.raises(Unauthenticated):
        await run(control, FakeTransport(), body=b"{")
    assert control.outcomes == []


async def test_a_strangers_large_body_is_not_even_parsed():
    control, dialect = FakeControl(identity=Unauthenticated("no such key")), FakeDialect()
    dialect.parse = None
    with pytest.raises(Unauthenticated):
        await exchange(line(control, FakeTransport()), dialect, request(b" " * (1024 * 1024 + 1)), FakeClient())


async def test_a_malformed_body_is_told_even_if_nobody_can_check_the_key():
    control = FakeControl(identity=Unavailable("away", kind=Kind.STANDBY))
    with pytest.raises(InvalidRequest):
        await run(control, FakeTransport(), body=b"{")
    assert control.outcomes == []


async def test_the_time_limit_holds_for_all_attempts_of_a_whole_answer():
    async def silence():
        await asyncio.sleep(30)

    control = FakeControl("acc-1", "acc-2", "acc-3")
    began = asyncio.get_running_loop().time()
    with pytest.raises(GatewayError):
        await run(control, FakeTransport((200, [b"t Hel\n", b"x unavailable\n"]), (200, [silence])), body=WHOLE, first_token=0.2)
    assert asyncio.get_running_loop().time() - began < 5
    assert settled(control).first_event_ms is None


async def test_what_a_plan_had_to_leave_out_is_said_too():
    control, transport = FakeControl(), FakeTransport(GOOD)
    transport.noted = {"dropped": ("messages[].thinking",)}
    client = await run(control, transport, body=b'{"stream":true,"top_k":5}')
    assert client.said["x-headgate-dropped"] == "top_k,messages[].thinking"
    assert settled(control).dropped == ["top_k", "messages[].thinking"]


async def test_a_client_that_leaves_is_settled_as_cancelled():
    control, transport = FakeControl(), FakeTransport(GOOD)
    with pytest.raises(asyncio.CancelledError):
        await run(control, transport, FakeClient(leave_after=1))
    assert settled(control).ending is Ending.CANCELLED
    assert transport.closed == 1


async def test_what_a_failed_attempt_dropped_is_not_said_of_the_one_that_served():
    control, transport = FakeControl("acc-1", "acc-2"), FakeTransport((200, [b"x throttled\n"]), GOOD)
    transport.noted = {"dropped": ("messages[].thinking",)}
    follow = transport.follow

    def following(*asked):
        stream = follow(*asked)
        transport.noted = {}
        return stream

    transport.follow = following
    client = await run(control, transport)
    assert "x-headgate-dropped" not in client.said
    assert list(settled(control).dropped) == []


async def test_names_without_bounds_go_nowhere():
    control = FakeControl()
    with pytest.raises(NotFound):
        await run(control, FakeTransport(), body=b'{"model":"%s"}' % (b"m" * 500))
    assert control.asks == []


async def test_what_a_client_names_is_recorded_within_bounds():
    control, transport = FakeControl(), FakeTransport(GOOD)
    transport.noted = {"dropped": tuple("x" * 5000 for _ in range(500))}
    await run(control, transport)
    dropped = settled(control).dropped
    assert len(dropped) <= 100
    assert max(map(len, dropped)) <= 200


async def test_a_crash_is_settled_too():
    control = FakeControl()
    with pytest.raises(ZeroDivisionError):
        await run(control, FakeTransport((200, [ZeroDivisionError()])))
    outcome = settled(control)
    assert (outcome.ending, outcome.error) == (Ending.FAILED, "internal")


async def test_silence_before_the_first_event_ends_the_request():
    async def silence():
        await asyncio.sleep(30)

    control = FakeControl("acc-1", "acc-2")
    with pytest.raises(UpstreamTimeout):
        await run(control, FakeTransport((200, [silence])), first_token=0.05)
    outcome = settled(control)
    assert [each.fault for each in outcome.attempts] == ["timeout"]


async def test_the_first_event_lifts_the_time_limit():
    async def later():
        await asyncio.sleep(0.2)
        return b"t lo\nf stop\n"

    client = await run(FakeControl(), FakeTransport((200, [b"t Hel\n", later])), first_token=0.1)
    assert b"".join(client.pieces) == b"<Hel><lo>."


async def test_what_has_no_seat_upstream_is_said():
    control = FakeControl()
    client = await run(control, FakeTransport(GOOD), body=b'{"stream":true,"top_k":5}')
    assert client.said["x-headgate-dropped"] == "top_k"
    assert settled(control).dropped == ["top_k"]


async def test_an_answer_may_go_on_in_another_exchange():
    control = FakeControl()
    transport = FakeTransport((200, [b"t Hel\n", b"o http://onward\n"]), (200, [b"t lo\nu 2\n", b"f stop\n"]))
    client = await run(control, transport)
    assert client.pieces == [b"<Hel>", b"<lo>", b"."]
    assert [each.url for each in transport.requests] == ["http://upstream", "http://onward"]
    assert settled(control).usage.output == 2
    assert transport.closed == 2


async def test_a_fault_after_an_answer_went_on_without_content_still_fails_over():
    control = FakeControl("acc-1", "acc-2")
    transport = FakeTransport((200, [b"u 1\n", b"o http://onward\n"]), (200, [b"x unavailable\n"]), GOOD)
    client = await run(control, transport)
    assert b"".join(client.pieces) == b"<Hel><lo>."
    assert [each.fault for each in settled(control).attempts] == ["unavailable", ""]


async def test_a_search_alone_commits_to_nothing():
    control = FakeControl("acc-1", "acc-2")
    client = await run(control, FakeTransport((200, [b"w kiro\n", b"x unavailable\n"]), GOOD))
    assert b"".join(client.pieces) == b"<Hel><lo>."


async def test_an_answer_that_is_over_is_finished_at_once_and_counted_to_its_end():
    control, client = FakeControl(), FakeClient()

    async def tail():
        assert client.complete, "the client does not wait for figures"
        return b"u 7\n"

    await run(control, FakeTransport((200, [b"t Hel\ne\n", tail])), client)
    assert b"".join(client.pieces) == b"<Hel>."
    outcome = settled(control)
    assert (outcome.ending, outcome.finish_reason, outcome.usage.output) == (Ending.SERVED, "length", 7)


@pytest.mark.parametrize("end", [b"x unavailable\n", asyncio.CancelledError()], ids=["fault", "cancel"])
async def test_what_happens_after_the_client_has_everything_does_not_unserve_it(end):
    control = FakeControl()
    try:
        await run(control, FakeTransport((200, [b"t Hel\ne\n", end])))
    except asyncio.CancelledError:
        assert isinstance(end, asyncio.CancelledError)
    outcome = settled(control)
    assert (outcome.ending, outcome.status, outcome.error) == (Ending.SERVED, 200, "")


async def test_reading_on_for_figures_has_an_end(monkeypatch):
    async def never():
        await asyncio.sleep(30)

    monkeypatch.setattr(relay, "TAIL_SECONDS", 0.02)
    control = FakeControl()
    await run(control, FakeTransport((200, [b"t Hello, you\ne\n", never])))
    assert settled(control).usage.output == 2, "estimated, as the figures did not come"


async def test_a_strict_key_is_refused_what_would_be_dropped():
    control = FakeControl(strict=True)
    with pytest.raises(InvalidRequest) as caught:
        await run(control, FakeTransport(GOOD), body=b'{"stream":true,"top_k":5}')
    assert caught.value.param == "top_k"
    assert settled(control).status == 400
    assert (await run(FakeControl(strict=True), FakeTransport(GOOD))).complete


async def test_what_came_out_about_endpoints_and_account_is_reported():
    control, transport = FakeControl(), FakeTransport(GOOD)
    bad = EndpointFault("http://one", Cause.THROTTLED, 3)
    transport.noted = {"endpoint": "http://two", "failed": (bad,), "learned": {"profile_arn": "arn"}}
    await run(control, transport)
    (attempt,) = settled(control).attempts
    assert (attempt.endpoint, attempt.endpoints, attempt.learned) == ("http://two", (bad,), {"profile_arn": "arn"})


async def test_pictures_are_fitted_before_the_plan():
    control, transport = FakeControl(), FakeTransport(GOOD)
    wired = line(control, transport)
    rules = MediaRules(frozenset({"image/png"}), 1000, 100, 20, 50)
    wired.upstreams["fake"].rules = rules
    dialect, image = FakeDialect(), Image(url="http://x", where="messages[0]")
    call = Call("m", [Turn("user", [image])], "fake", media=[image])
    dialect.parse = lambda *_: call
    seen = []
    wired.upstreams["fake"].dropped = lambda call, _: []
    plan = wired.upstreams["fake"].plan
    wired.upstreams["fake"].plan = lambda call, lease, stamp: seen.append(call) or plan(call, lease, stamp)
    wired.converter.places["messages[0]"] = [Text("a note"), Image("image/png", "AAAA")]
    await exchange(wired, dialect, request(), FakeClient())
    assert wired.converter.asked == [((image,), rules)]
    assert seen[0].turns[0].parts == [Text("a note"), Image("image/png", "AAAA")]
    assert seen[0].media == [Image("image/png", "AAAA")]
    assert call.turns[0].parts == [image], "another upstream may take the original"


async def test_a_conversation_without_a_name_is_known_by_how_it_begins():
    control = FakeControl("acc-1", "acc-1", "acc-1")
    for text in ("hi", "hi", "ho"):
        await run(control, FakeTransport(GOOD), body=b'{"stream":true,"text":"%s"}' % text.encode())
    first, again, other = (ask.session for ask in control.asks)
    assert first == again != other


async def test_a_conversation_in_which_the_model_reasons_sticks_to_its_account():
    control = FakeControl("acc-1", "acc-1")
    await run(control, FakeTransport(GOOD), body=b'{"stream":true,"model":"m-thinking"}')
    await run(control, FakeTransport(GOOD))
    assert [ask.sticky for ask in control.asks] == [True, False]


@pytest.mark.parametrize(("model", "thinks"), [("m-thinking", True), ("m-thinking[1m]", True), ("m", False)])
async def test_a_name_that_asks_for_thinking_is_heard(model, thinks):
    seen = []
    wired = line(FakeControl(), FakeTransport(GOOD))
    wired.upstreams["fake"].dropped = lambda call, _: seen.append(call.thinking is not None) or []
    await exchange(wired, FakeDialect(), request(b'{"stream":true,"model":"%s"}' % model.encode()), FakeClient())
    assert seen == [thinks]
