"""Sessions over real gRPC on loopback."""

import asyncio
import contextlib
import logging
from dataclasses import replace

import grpc
import pytest

from controlplane.domain.key import KeyDraft
from controlplane.domain.limits import Payer, Period, Unit
from controlplane.domain.route import Match, Route, Target
from controlplane.rpc.admission import Admission, Server
from controlplane.rpc.session import Session
from headgate import rpc
from headgate.api.admission.v1 import admission_pb2 as nouns
from headgate.api.admission.v1 import admission_service_pb2 as pb
from headgate.api.admission.v1.admission_service_pb2_grpc import AdmissionServiceStub
from headgate.api.error.v1 import detail_pb2
from tests.controlplane.fakes import HAIKU, NOW, PROXY_KEY, SONNET

TOKEN = "token between the planes"


class Client:
    """A data plane as the contract describes it: one stream, batches, answers by id."""

    def __init__(self, stub):
        self.call = stub.Session(metadata=rpc.metadata(TOKEN))
        self.answers = {}
        self.number = 0

    async def send(self, **asks):
        """One batch; asks as `name_1=message`, where the name is the question's field."""
        questions = []
        for name, message in asks.items():
            self.number += 1
            questions.append(pb.Question(id=self.number, **{name.partition("_")[0]: message}))
        await self.call.write(pb.SessionRequest(questions=questions))
        return [question.id for question in questions]

    async def answer(self, number):
        while number not in self.answers:
            batch = await asyncio.wait_for(self.call.read(), 5)
            assert batch is not grpc.aio.EOF
            self.answers.update({answer.id: answer for answer in batch.answers})
        return self.answers[number]

    async def ask(self, **asks):
        return [await self.answer(number) for number in await self.send(**asks)]


@pytest.fixture
async def admission(world):
    return Admission(world.leasing, world.settling, world.usage, world.bulletin, "1.2.3")


@pytest.fixture
async def address(admission, free_port):
    server = Server(admission, f"127.0.0.1:{free_port}", TOKEN)
    assert not server.serving
    await server.start()
    assert server.serving
    yield f"127.0.0.1:{free_port}"
    await server.stop()
    assert not server.serving


@pytest.fixture
async def stub(address):
    async with rpc.channel(address) as channel:
        yield AdmissionServiceStub(channel)


@pytest.fixture
async def client(stub):
    made = Client(stub)
    yield made
    made.call.cancel()


def caller(credential=PROXY_KEY):
    return nouns.Caller(credential=credential)


def acquire(**given):
    return pb.Acquire(**{"caller": caller(), "request_id": "req_1", "model": "claude-sonnet-4.5", **given})


def settle(*lease_ids):
    outcomes = [nouns.Outcome(lease_id=lease_id, request_id="req_1", ending=nouns.ENDING_SERVED, status=200) for lease_id in lease_ids]
    return pb.Settle(outcomes=outcomes)


async def test_a_batch_of_everything(world, client):
    made = await world.account("one")
    _, secret = await world.keys.create(KeyDraft("team", allowed_models=("claude-*",)))
    welcome, identity, lease, reservation, refused = await client.ask(
        hello=pb.Hello(instance_id="w1"),
        identify=pb.Identify(caller=caller(secret), usage=True),
        acquire_1=acquire(),
        acquire_2=acquire(reserve_only=True),
        acquire_3=acquire(model="claude-sonet-4.5"),
    )
    assert welcome.welcome.version == "1.2.3"
    assert (identity.identity.key_name, list(identity.identity.allowed_models)) == ("team", ["claude-*"])
    assert '"totalRequests": 0' in identity.identity.usage_json
    assert lease.lease.account_id == made
    assert lease.lease.credential.access_token == "access-one"
    assert lease.lease.credential.expires_at == int(NOW) + 3600
    assert lease.lease.attributes["region"] == "us-east-1"
    assert list(lease.lease.base_urls) == ["https://chat.us-east-1.test", "https://other.us-east-1.test"]
    assert (list(lease.lease.input_types), lease.lease.strict) == (["text", "image"], False)
    assert reservation.reservation.context_window == 200_000
    assert (reservation.reservation.kind, reservation.reservation.whole) == ("kiro", False)
    assert refused.refusal.reason == detail_pb2.REASON_UNKNOWN_MODEL
    assert not refused.refusal.HasField("retry_after_seconds")
    assert "claude-sonnet-4.5" in refused.refusal.suggestions
    (settled,) = await client.ask(settle=settle(lease.lease.lease_id, reservation.reservation.lease_id))
    assert settled.WhichOneof("say") == "settled"
    assert len(world.record_store.rows) == 3
    assert world.leasing.open_leases == 0


async def test_the_gateways_own_calls_name_who_pays_and_for_what(world, client):
    await world.account("one")
    world.identities.set_internal_key("internal-key")
    made, _ = await world.keys.create(KeyDraft("team"))
    _, secret = await world.keys.create(KeyDraft("other", compression=False))
    own = nouns.Caller(credential="internal-key", for_key_id=made.id, for_request_id="req_7")
    identity, lease, reservation = await client.ask(
        identify=pb.Identify(caller=own), acquire_1=acquire(caller=own), acquire_2=acquire(caller=caller(secret), reserve_only=True)
    )
    assert (identity.identity.key_id, lease.lease.key_id) == (made.id, made.id)
    assert reservation.reservation.whole
    await client.ask(settle=settle(lease.lease.lease_id))
    (row,) = await world.rows()
    assert (row.key_id, row.cause) == (made.id, "req_7")


async def test_hundreds_at_once_are_few_messages(world, client):
    await world.account("one")
    asks = {f"acquire_{number}": acquire() for number in range(400)}
    leases = await client.ask(hello=pb.Hello(instance_id="w1"), **asks)
    assert len({answer.lease.lease_id for answer in leases[1:]}) == 400
    await client.ask(**{f"settle_{number}": settle(answer.lease.lease_id) for number, answer in enumerate(leases[1:])})
    assert len(world.record_store.rows) == 400
    assert len(world.record_store.batches) <= 4
    assert world.records.key_counters("proxy").success_requests == 400


async def test_who_must_wait_holds_up_nobody(world, client):
    await world.account("one")
    world.clock.time += 4000
    world.provider.gate.clear()
    slow, unknown = await client.send(acquire_1=acquire(), acquire_2=acquire(lease_id="none"))
    assert (await client.answer(unknown)).refusal.reason == detail_pb2.REASON_UNKNOWN_LEASE
    assert slow not in client.answers
    world.provider.gate.set()
    assert (await client.answer(slow)).lease.credential.access_token == "access-1"


async def test_renewing(world, client):
    await world.account("one")
    (lease,) = await client.ask(acquire=acquire())
    renew = pb.Renew(lease_id=lease.lease.lease_id, cause="credential_rejected", access_token="access-one")
    (renewed,) = await client.ask(renew=renew)
    assert renewed.credential.access_token == "access-1"
    (known,) = await client.ask(renew=renew)
    assert known.credential.access_token == "access-1"
    assert world.provider.traded == ["refresh-one"]


async def test_a_strict_key_makes_strict_leases(world, client):
    await world.account("one")
    key, secret = await world.keys.create(KeyDraft("team", strict=True))
    (lease,) = await client.ask(acquire=acquire(caller=caller(secret)))
    assert lease.lease.strict
    await world.keys.update(key.id, {"strict": False})
    (lease,) = await client.ask(acquire=acquire(caller=caller(secret)))
    assert not lease.lease.strict


async def test_what_an_outcome_says_of_endpoints_searches_and_facts_arrives(world, client):
    made = await world.account("one")
    (lease,) = await client.ask(acquire=acquire())
    first, second = lease.lease.base_urls
    arn = "arn:aws:codewhisperer:us-east-1:123456789012:profile/FOUND"
    attempt = nouns.Attempt(
        account_id=made,
        kind="kiro",
        model="claude-sonnet-4.5",
        endpoint=second,
        endpoints=[nouns.EndpointFault(url=first, fault="throttled", retry_after_seconds=45)],
        learned={"profile_arn": arn},
    )
    ended = nouns.Outcome(lease_id=lease.lease.lease_id, ending=nouns.ENDING_SERVED, usage=nouns.Usage(searches=3), attempts=[attempt])
    await client.ask(settle=pb.Settle(outcomes=[ended]))
    (entry,) = world.record_store.rows.values()
    assert entry.outcome.usage.searches == 3
    (lease,) = await client.ask(acquire=acquire())
    assert list(lease.lease.base_urls) == [second, first]
    assert lease.lease.attributes["profile_arn"] == arn
    assert world.seat(made).endpoints.cooling[first].until == NOW + 45


async def test_a_new_session_takes_over_from_a_broken_one(world, stub):
    made = await world.account("one")
    first = Client(stub)
    _, kept, lost = await first.ask(hello=pb.Hello(instance_id="w1"), acquire_1=acquire(), acquire_2=acquire())
    assert world.seat(made).candidate.in_flight == 2
    first.call.cancel()
    again = Client(stub)
    await again.ask(hello=pb.Hello(instance_id="w1", open_leases=[kept.lease]))
    assert world.seat(made).candidate.in_flight == 1
    # the question whose answer was lost is asked again; the outcome that was not acknowledged comes again
    (asked,) = await again.ask(acquire=acquire())
    await again.ask(settle=settle(kept.lease.lease_id, asked.lease.lease_id, lost.lease.lease_id))
    await again.ask(settle=settle(kept.lease.lease_id))
    assert world.seat(made).candidate.in_flight == 0
    assert len(world.record_store.rows) == 3
    assert world.records.key_counters("proxy").total_requests == 3
    again.call.cancel()


async def test_a_session_that_breaks_while_waiting_returns_its_place(world, client):
    made = await world.account("one")
    world.clock.time += 4000
    world.provider.gate.clear()
    await client.send(hello=pb.Hello(instance_id="w1"), acquire=acquire())
    await client.answer(1)
    assert world.seat(made).candidate.in_flight == 1
    client.call.cancel()
    for _ in range(100):
        if world.seat(made).candidate.in_flight == 0:
            break
        await asyncio.sleep(0.02)
    assert world.seat(made).candidate.in_flight == 0
    assert world.leasing.open_leases == 0
    world.provider.gate.set()


async def test_stopping_pays_what_is_owed_and_ends_the_stream(world, admission, client):
    await world.account("one")
    (lease,) = await client.ask(acquire=acquire())
    (number,) = await client.send(settle=settle(lease.lease.lease_id))
    while world.leasing.open_leases:  # noqa: ASYNC110 - nothing tells when the server has read it
        await asyncio.sleep(0.01)
    admission.stopping.set()
    assert (await client.answer(number)).WhichOneof("say") == "settled"
    assert await asyncio.wait_for(client.call.read(), 5) is grpc.aio.EOF


def broken(*_arguments):
    raise RuntimeError("a defect")


async def test_a_defect_in_one_question_is_one_refusal(world, client, monkeypatch, caplog):
    made = await world.account("one")
    monkeypatch.setattr(world.leasing, "identify", broken)
    refused, lease = await client.ask(identify=pb.Identify(caller=caller()), acquire=acquire())
    assert refused.refusal.reason == detail_pb2.REASON_NO_ACCOUNT
    assert refused.refusal.retry_after_seconds > 0
    assert lease.lease.account_id == made
    assert "a defect" in caplog.text


async def test_a_settlement_that_fails_is_not_acknowledged(world, client, monkeypatch):
    await world.account("one")
    (lease,) = await client.ask(acquire=acquire())
    with monkeypatch.context() as while_broken:
        while_broken.setattr(world.settling, "settle", broken)
        (number,) = await client.send(settle=settle(lease.lease.lease_id))
        await client.ask(identify=pb.Identify(caller=caller()))
    assert number not in client.answers
    (settled,) = await client.ask(settle=settle(lease.lease.lease_id))
    assert settled.HasField("settled")


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("reserve_only", [False, True])
async def test_an_answer_that_cannot_be_written_grants_nothing(world, client, waits, reserve_only):
    # What no message can carry: text that is not Unicode, a number that is none.
    await world.account("one")
    odd = replace(SONNET, request_fields_schema="\ud800") if not reserve_only else replace(SONNET, context_window="many")
    world.provider.offers = (odd, HAIKU)
    await world.catalogue.fetch(next(iter(world.roster)))
    if waits:
        world.clock.time += 4000
    refused, identity = await client.ask(acquire=acquire(reserve_only=reserve_only), identify=pb.Identify(caller=caller()))
    assert refused.WhichOneof("say") == "refusal"
    assert refused.refusal.reason == detail_pb2.REASON_NO_ACCOUNT
    assert identity.HasField("identity")
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 0
    assert [entry.outcome.status for entry in await world.rows()] == [503]


async def test_a_move_that_cannot_be_told_keeps_the_lease(world, client):
    await world.account("one")
    (lease,) = await client.ask(acquire=acquire())
    world.provider.offers = (replace(SONNET, request_fields_schema="\ud800"),)
    await world.catalogue.fetch(next(iter(world.roster)))
    (refused,) = await client.ask(acquire=acquire(lease_id=lease.lease.lease_id))
    assert refused.HasField("refusal")
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 1


async def test_a_wait_that_fails_is_answered(world, client, monkeypatch):
    await world.account("one")
    world.clock.time += 4000

    async def away(_seat):
        raise OSError("the database is away")

    monkeypatch.setattr(world.refreshing, "bearer", away)
    (refused,) = await client.ask(acquire=acquire())
    assert refused.refusal.reason == detail_pb2.REASON_NO_ACCOUNT
    assert world.in_flight() == {"one": 0}


async def test_figures_beyond_the_contract_are_told_as_near_as_can_be(world, client, stub):
    await world.account("one")
    world.provider.offers = (replace(SONNET, context_window=5_000_000_000, max_output=-1),)
    await world.catalogue.fetch(next(iter(world.roster)))
    lease, reservation = await client.ask(acquire_1=acquire(), acquire_2=acquire(reserve_only=True))
    assert (lease.lease.context_window, lease.lease.max_output) == (2**32 - 1, 0)
    assert reservation.reservation.context_window == 2**32 - 1
    watch = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    (model,) = (await asyncio.wait_for(watch.read(), 5)).snapshot.models
    assert (model.context_window, model.max_output) == (2**32 - 1, 0)
    watch.cancel()


async def test_a_snapshot_goes_without_a_model_that_cannot_be_told(world, stub, caplog):
    await world.account("one")
    world.provider.offers = (replace(SONNET, display_name="\ud800"), HAIKU)
    await world.catalogue.fetch(next(iter(world.roster)))
    watch = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    (model,) = (await asyncio.wait_for(watch.read(), 5)).snapshot.models
    assert model.id == HAIKU.id
    assert SONNET.id in caplog.text
    watch.cancel()


async def test_why_questions_cannot_be_read_is_logged(client, monkeypatch, caplog):
    monkeypatch.setattr(Session, "take", broken)
    await client.send(identify=pb.Identify(caller=caller()))
    assert await asyncio.wait_for(client.call.read(), 5) is grpc.aio.EOF
    assert "a defect" in caplog.text


async def test_a_client_that_goes_is_no_error(world, client, caplog):
    await client.ask(hello=pb.Hello(instance_id="w1"))
    client.call.cancel()
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_reservation_is_named_in_a_hello(world, stub):
    await world.account("one")
    first = Client(stub)
    _, named, lost = await first.ask(
        hello=pb.Hello(instance_id="w1"), acquire_1=acquire(reserve_only=True), acquire_2=acquire(reserve_only=True)
    )
    first.call.cancel()
    again = Client(stub)
    _, kept, unknown = await again.ask(
        hello=pb.Hello(instance_id="w1", open_reservation_ids=[named.reservation.lease_id]),
        acquire_1=acquire(lease_id=named.reservation.lease_id),
        acquire_2=acquire(lease_id=lost.reservation.lease_id),
    )
    assert kept.lease.lease_id == named.reservation.lease_id
    assert unknown.refusal.reason == detail_pb2.REASON_UNKNOWN_LEASE
    again.call.cancel()


async def reserved(world, key_id):
    """Tokens and credits that the key has reserved."""
    await world.holding.drain()
    (budget,) = world.ledger.read([Payer(key_id)], world.clock.now())
    leaves = {unit: leaf.reserved for unit, period, leaf in budget.leaves if period is Period.DAY}
    return leaves[Unit.REQUESTS], leaves[Unit.TOKENS], leaves[Unit.CREDITS]


async def test_what_a_reservation_holds_comes_back_with_a_hello(world, stub):
    """To a control plane that was started anew; a data plane of the previous release names the ids only."""
    await world.account("one")
    made, secret = await world.keys.create(KeyDraft("team"))
    first, again, earlier = Client(stub), Client(stub), Client(stub)
    _, kept = await first.ask(hello=pb.Hello(instance_id="w1"), acquire=acquire(caller=caller(secret), reserve_only=True))
    held = kept.reservation
    assert await reserved(world, made.id) == (1, held.tokens_reserved, held.credits_reserved)
    assert min(held.tokens_reserved, held.credits_reserved) > 0
    first.call.cancel()
    for lease in world.leases:
        world.holding.drop(lease)
    assert await reserved(world, made.id) == (0, 0, 0)

    hello = pb.Hello(instance_id="w1", open_reservation_ids=[held.lease_id], open_reservations=[held])
    await again.ask(hello=hello)
    assert await reserved(world, made.id) == (1, held.tokens_reserved, held.credits_reserved)
    again.call.cancel()
    await earlier.ask(hello=pb.Hello(instance_id="w2", open_reservation_ids=[f"ls_1.{made.id}"]))
    assert await reserved(world, made.id) == (2, held.tokens_reserved, held.credits_reserved)
    earlier.call.cancel()


async def test_a_client_that_ends_its_side_gets_its_answers(world, client):
    await world.account("one")
    numbers = await client.send(acquire=acquire(), hello=pb.Hello(instance_id="w1"))
    await client.call.done_writing()
    for number in numbers:
        await client.answer(number)
    assert await asyncio.wait_for(client.call.read(), 5) is grpc.aio.EOF


async def test_questions_of_a_later_contract_do_no_harm(client):
    await client.call.write(pb.SessionRequest(questions=[pb.Question(id=1)]))
    client.number = 1
    (welcome,) = await client.ask(hello=pb.Hello(instance_id="w1"))
    assert welcome.HasField("welcome")


async def test_without_the_shared_secret_nothing_is_said(stub):
    call = stub.Session(metadata=rpc.metadata("wrong"))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_snapshots_come_at_once_and_after_each_change(world, stub):
    await world.account("one")
    call = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    first = (await asyncio.wait_for(call.read(), 5)).snapshot
    assert [(model.kind, model.id) for model in first.models] == [("kiro", "claude-haiku-4.5"), ("kiro", "claude-sonnet-4.5")]
    model = first.models[1]
    assert (model.display_name, model.context_window, model.max_output) == ("Claude Sonnet 4.5", 200_000, 64_000)
    assert (list(model.aliases), model.created) == (["claude-sonnet-4-5"], int(NOW))
    await world.accounts.disable(world.accounts.list()[0].account.id)
    second = (await asyncio.wait_for(call.read(), 5)).snapshot
    assert second.version > first.version
    assert list(second.models) == []
    call.cancel()


async def test_a_snapshot_says_how_conversations_are_shortened(world, stub):
    call = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    first = (await asyncio.wait_for(call.read(), 5)).snapshot
    assert (first.compression.enabled, first.compression.tokens, first.compression.turns) == (True, 0, 200)
    await world.settings.change({"compressionTokens": 20_000, "summaryModel": "small"})
    second = (await asyncio.wait_for(call.read(), 5)).snapshot
    assert second.version > first.version
    assert (second.compression.tokens, second.compression.model) == (20_000, "small")
    await world.settings.change({"compressionEnabled": False})
    assert not (await asyncio.wait_for(call.read(), 5)).snapshot.compression.enabled
    call.cancel()


async def test_stopping_ends_watches(admission, stub):
    call = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    await asyncio.wait_for(call.read(), 5)
    admission.stopping.set()
    assert await asyncio.wait_for(call.read(), 5) is grpc.aio.EOF


async def test_a_taken_address_is_told(address, world):
    second = Server(Admission(world.leasing, world.settling, world.usage, world.bulletin, ""), address, TOKEN)
    with pytest.raises(RuntimeError):
        await second.start()
    with contextlib.suppress(Exception):
        await second.stop()


async def test_a_snapshot_has_the_names_of_routes(world, stub):
    await world.account("one")
    call = stub.Watch(pb.WatchRequest(instance_id="w1"), metadata=rpc.metadata(TOKEN))
    await asyncio.wait_for(call.read(), 5)
    await world.routes.replace([Route("best", Match.EXACT, (Target("kiro", "claude-sonnet-4.5"),))])
    models = {model.id: list(model.aliases) for model in (await asyncio.wait_for(call.read(), 5)).snapshot.models}
    assert models == {"claude-haiku-4.5": ["claude-haiku-4-5"], "claude-sonnet-4.5": ["claude-sonnet-4-5", "best"]}
    call.cancel()
