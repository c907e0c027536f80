"""The admission session against a real gRPC server that follows a script."""

import asyncio
import time

import pytest

from dataplane.catalogue import Catalogue
from dataplane.clients import control as module
from dataplane.clients.control import ControlPlane
from dataplane.clients.holdings import Holdings
from dataplane.conversation.events import Source, Usage
from dataplane.errors import Cause, Kind, Limited, NotFound, Retry, Unavailable, UpstreamFault, UpstreamTimeout
from dataplane.ports import Ask, Attempt, Caller, Ending, Outcome
from dataplane.windows import Window, Windows
from headgate import rpc
from headgate.api.admission.v1 import admission_pb2 as pb
from headgate.api.admission.v1 import admission_service_pb2 as service
from headgate.api.admission.v1 import snapshot_pb2
from headgate.api.admission.v1.admission_service_pb2_grpc import AdmissionServiceServicer, add_AdmissionServiceServicer_to_server
from headgate.api.error.v1 import detail_pb2
from headgate.api.limit.v1 import window_pb2

TOKEN = "shared"
WINDOWS = window_pb2.Windows(tokens=window_pb2.Window(limit=100, left=3, resets_at_ms=7))
REFUSALS = {
    "nope": detail_pb2.Refusal(reason=detail_pb2.REASON_UNKNOWN_MODEL, message="no model nope.", suggestions=["yes"]),
    "spent": detail_pb2.Refusal(
        reason=detail_pb2.REASON_QUOTA_EXHAUSTED, message="the total is spent", retry_after_seconds=86_400, windows=WINDOWS
    ),
}


class Scripted(AdmissionServiceServicer):
    """Answers by `answer`; `hold` keeps all answers back, `slow` those to some requests; `cut` ends the
    session after a batch; with `full` no outcome is acknowledged.
    """

    def __init__(self):
        self.batches, self.hellos, self.settled = [], [], []
        self.hold = asyncio.Event()
        self.hold.set()
        self.cut = self.full = False
        self.reservation = "l"
        self.slow = set()

    def answer(self, question):
        kind = question.WhichOneof("ask")
        if kind == "hello":
            self.hellos.append(question.hello)
            return service.Answer(id=question.id, welcome=service.Welcome(version="t"))
        if kind == "settle":
            self.settled += question.settle.outcomes
            return service.Answer(id=question.id, settled=service.Settled())
        if kind == "acquire" and question.acquire.reserve_only:
            held = {"tokens_reserved": 700, "credits_reserved": 80}
            reservation = service.Reservation(lease_id=self.reservation, key_id="k", context_window=9, **held)
            return service.Answer(id=question.id, reservation=reservation)
        if kind == "acquire" and question.acquire.model in REFUSALS:
            return service.Answer(id=question.id, refusal=REFUSALS[question.acquire.model])
        if kind == "extend":
            return service.Answer(id=question.id, **self.extension(question.extend.output_tokens))
        if kind == "acquire":
            limits = {"output_reserved": 4096, "tokens_reserved": 5000, "windows": WINDOWS} if question.acquire.model == "limited" else {}
            lease = pb.Lease(
                lease_id="l-" + question.acquire.request_id,
                account_id="a",
                kind="kiro",
                base_urls=["http://u"],
                credential=pb.Credential(access_token="t"),
                attributes={"profile_arn": "arn"},
                **limits,
            )
            return service.Answer(id=question.id, lease=lease)
        if kind == "renew" and question.renew.access_token == "dead":
            refusal = detail_pb2.Refusal(reason=detail_pb2.REASON_CREDENTIAL_LOST, message="sign in again")
            return service.Answer(id=question.id, refusal=refusal)
        if kind == "renew":
            return service.Answer(id=question.id, credential=pb.Credential(access_token="new", expires_at=5))
        return service.Answer(id=question.id, identity=service.Identity(key_id="k", usage_json="{}"))

    @staticmethod
    def extension(tokens):
        if tokens > 5000:
            return {"refusal": detail_pb2.Refusal(reason=detail_pb2.REASON_QUOTA_EXHAUSTED, message="no more")}
        return {"extension": service.Extension(output_reserved=4096 + tokens)}

    async def Session(self, requests, context):
        async for batch in requests:
            self.batches.append(batch)
            hello = batch.questions[0].WhichOneof("ask") == "hello"
            if not hello:
                await self.hold.wait()
            if self.cut and not hello:
                return
            answers = [self.answer(question) for question in batch.questions if question.acquire.request_id not in self.slow]
            answers = [each for each in answers if not (self.full and each.HasField("settled"))]
            if answers:
                yield service.SessionResponse(answers=answers)

    async def Watch(self, request, context):
        snapshot = snapshot_pb2.Snapshot(version=1, models=[snapshot_pb2.Model(kind="kiro", id="m", context_window=7, aliases=["x"])])
        yield service.WatchResponse(snapshot=snapshot)
        await asyncio.sleep(30)


async def start(scripted, port=0):
    server = rpc.server(f"127.0.0.1:{port}", TOKEN)
    add_AdmissionServiceServicer_to_server(scripted, server)
    await server.start()
    return server


@pytest.fixture
async def peers(free_port, monkeypatch):
    monkeypatch.setattr(module, "RECONNECT_SECONDS", 0.02)
    scripted = Scripted()
    server = await start(scripted, free_port)
    control = ControlPlane(f"127.0.0.1:{free_port}", TOKEN, Catalogue())
    control.start()
    yield scripted, control
    scripted.hold.set()
    await control.close(0.5)
    await server.stop(None)


def ask(model="m", request_id="req_1", **more) -> Ask:
    return Ask(Caller("key", "1.2.3.4"), request_id, model, 10, received_at_ms=1_700_000_000_000, dialect="fake", **more)


def outcome(lease_id="l", request_id="req_1") -> Outcome:
    return Outcome(lease_id, request_id, Ending.SERVED, 200, 1, 2, "fake", True)


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("did not happen")


async def test_questions_are_answered(peers):
    _, control = peers
    lease = await control.acquire(ask())
    assert (lease.account_id, lease.credential.access_token, lease.attributes["profile_arn"]) == ("a", "t", "arn")
    assert (await control.reserve(ask(reserve_only=True))).context_window == 9
    assert (await control.identify(Caller("k", ""))).key_id == "k"
    assert (await control.renew(lease, "credential_rejected")).access_token == "new"


async def test_refusals_are_raised_as_what_clients_are_told(peers):
    _, control = peers
    with pytest.raises(NotFound, match="no model nope") as caught:
        await control.acquire(ask("nope"))
    assert caught.value.kind is Kind.MODEL_NOT_FOUND
    lease = await control.acquire(ask())
    lease.credential.access_token = "dead"
    with pytest.raises(UpstreamFault) as lost:
        await control.renew(lease, "credential_rejected")
    assert (lost.value.cause, lost.value.retry) == (Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT)


async def test_what_the_limits_of_a_key_mean_for_a_request(peers):
    _, control = peers
    free = await control.acquire(ask())
    assert (free.output_reserved, free.windows) == (None, None)
    lease = await control.acquire(ask("limited"))
    assert (lease.output_reserved, lease.windows) == (4096, Windows(tokens=Window(100, 3, 7)))
    with pytest.raises(Limited) as caught:
        await control.acquire(ask("spent"))
    assert (caught.value.kind, caught.value.retry_after) == (Kind.QUOTA_EXHAUSTED, 86_400)
    assert caught.value.windows == lease.windows


async def test_more_output_is_reserved_or_refused_and_a_hello_knows_of_it(peers):
    scripted, control = peers
    lease = await control.acquire(ask("limited"))
    assert await control.extend(lease.lease_id, 4000) == 8096
    with pytest.raises(Limited, match="no more"):
        await control.extend(lease.lease_id, 6000)
    scripted.cut = True
    asking = asyncio.ensure_future(control.identify(Caller("k", "")))
    await until(lambda: len(scripted.hellos) > 1)
    scripted.cut = False
    await asking
    [held] = scripted.hellos[-1].open_leases
    assert (held.output_reserved, held.tokens_reserved) == (8096, 9000)


def test_a_longer_prompt_is_part_of_what_a_lease_holds():
    held = Holdings()
    held.take(service.Question(), service.Answer(lease=pb.Lease(lease_id="l", output_reserved=4096, tokens_reserved=5000)))
    longer = service.Question(extend=service.Extend(lease_id="l", input_tokens=700))
    held.take(longer, service.Answer(extension=service.Extension(output_reserved=4096)))
    assert (held.leases["l"].output_reserved, held.leases["l"].tokens_reserved) == (4096, 5700)


def test_a_lease_whose_account_was_given_back_is_a_reservation():
    held = Holdings()
    held.take(service.Question(), service.Answer(lease=pb.Lease(lease_id="l")))
    reservation = service.Reservation(lease_id="l", tokens_reserved=5000)
    held.take(service.Question(), service.Answer(reservation=reservation))
    assert (held.leases, held.reservations) == ({}, {"l": reservation})
    held.take(service.Question(), service.Answer(lease=pb.Lease(lease_id="l")))
    assert (list(held.leases), held.reservations) == (["l"], {})


async def test_an_extension_that_nobody_waits_for_is_forgotten(peers):
    scripted, control = peers
    lease = await control.acquire(ask("limited"))
    scripted.hold.clear()
    asking = asyncio.ensure_future(control.extend(lease.lease_id, 4000))
    await asyncio.sleep(0.02)
    asking.cancel()
    control.settle(outcome(lease.lease_id))
    scripted.hold.set()
    await until(lambda: scripted.settled)
    await until(lambda: not control._pending)
    assert [each.lease_id for each in scripted.settled] == [lease.lease_id]


async def test_outcomes_are_numbered_once_and_a_hello_says_how_far_they_came(peers):
    scripted, control = peers
    await control.acquire(ask())
    for name in ("one", "two"):
        control.settle(outcome(name))
    await until(lambda: len(scripted.settled) == 2 and not control._outbox)
    scripted.cut = True
    control.settle(outcome("three"))
    await until(lambda: len(scripted.hellos) > 1)
    control.settle(outcome("four"))
    scripted.cut = False
    await until(lambda: len(scripted.settled) == 4 and not control._outbox)
    assert {each.lease_id: each.sequence for each in scripted.settled} == {"one": 1, "two": 2, "three": 3, "four": 4}
    assert [hello.settled_through for hello in scripted.hellos[:2]] == [0, 2]
    assert control._outbox.settled_through == 4


@pytest.mark.parametrize(("source", "sent"), [(None, 0), (Source.UPSTREAM, 1)])
async def test_whether_credits_were_told_is_reported(peers, source, sent):
    scripted, control = peers
    control.settle(Outcome("l", "r", Ending.SERVED, 200, 1, 2, "fake", True, usage=Usage(output=1, credits_source=source)))
    await until(lambda: scripted.settled)
    assert scripted.settled[0].usage.credits_source == sent


async def test_a_request_waits_for_its_account_no_longer_than_it_may(peers):
    """The control plane may hold an answer back for a minute; the limit to the first token still rules."""
    assert module.ANSWER_SECONDS > 60
    scripted, control = peers
    await control.acquire(ask())
    scripted.slow.add("queued")
    with pytest.raises(UpstreamTimeout):
        await control.acquire(ask(request_id="queued", until=time.monotonic() + 0.1))
    [(number, _)] = control._pending.items()
    control._receive(service.Answer(id=number, lease=pb.Lease(lease_id="l-queued", account_id="a")))
    await until(lambda: scripted.settled)
    assert scripted.settled[0].lease_id == "l-queued"


async def test_who_waits_in_the_queue_of_a_control_plane_that_restarts_is_asked_for_again(peers, monkeypatch):
    monkeypatch.setattr(module, "AWAY_SECONDS", 1.0)
    scripted, control = peers
    await control.acquire(ask())
    scripted.slow.add("queued")
    asking = asyncio.ensure_future(control.acquire(ask(request_id="queued")))
    await until(lambda: control._pending)
    [(_, pending)] = control._pending.items()
    pending.asked -= 30
    scripted.cut = True
    other = asyncio.ensure_future(control.identify(Caller("k", "")))
    await until(lambda: not control.connected)
    assert control._overdue(pending, time.monotonic()) is None
    scripted.slow.clear()
    scripted.cut = False
    assert (await asking).lease_id == "l-queued"
    await other


async def test_questions_asked_together_travel_together(peers):
    scripted, control = peers
    await control.acquire(ask())
    before = len(scripted.batches)
    await asyncio.gather(*[control.acquire(ask(request_id=f"r{number}")) for number in range(50)])
    assert len(scripted.batches) - before < 10


async def test_the_catalogue_follows_the_watch(peers):
    _, control = peers
    await until(lambda: control._catalogue.known)
    assert [name for name, _ in control._catalogue.offered(())] == ["m", "x"]


async def test_outcomes_are_settled_and_sent_again_after_a_break(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.cut = True
    control.settle(outcome("lost-on-the-way"))
    await until(lambda: len(scripted.hellos) > 1)
    scripted.cut = False
    await until(lambda: scripted.settled)
    assert {each.lease_id for each in scripted.settled} == {"lost-on-the-way"}
    assert not control._outbox


async def test_an_upstreams_words_are_masked_before_they_leave(peers):
    scripted, control = peers
    words = 'the token aoaAAAAAsecretsecret in {"accessToken":"hidden-too"} is invalid'
    attempt = Attempt("a", "kiro", "m", 1, 2, fault="credential_rejected", status=403, detail=words)
    control.settle(Outcome("l", "req_1", Ending.FAILED, 502, 1, 2, "fake", True, attempts=[attempt]))
    await until(lambda: scripted.settled)
    [sent] = scripted.settled[0].attempts
    assert "is invalid" in sent.detail
    assert "secret" not in sent.detail
    assert "hidden-too" not in sent.detail


async def test_figures_that_are_none_do_no_harm(peers):
    scripted, control = peers
    odd = Usage(input=-5, output=10**30)
    attempt = Attempt("a", "kiro", "m", 1, 2, fault="throttled", status=429, retry_after=10**12)
    control.settle(Outcome("l", "req_1", Ending.SERVED, 200, 1, -7, "fake", True, usage=odd, attempts=[attempt]))
    await until(lambda: scripted.settled)
    [sent] = scripted.settled
    assert (sent.usage.input, sent.usage.output, sent.duration_ms, sent.attempts[0].retry_after_seconds) == (0, 2**53, 0, 2**32 - 1)


async def test_outcomes_that_nobody_acknowledges_are_sent_again(peers, monkeypatch):
    scripted, control = peers
    monkeypatch.setattr(module, "ACKNOWLEDGE_SECONDS", 0.1)
    scripted.full = True
    await control.acquire(ask())
    control.settle(outcome("unheard"))
    await until(lambda: len(scripted.settled) > 1)
    scripted.full = False
    await until(lambda: not control._outbox)
    assert {each.lease_id for each in scripted.settled} == {"unheard"}


async def test_questions_are_asked_again_after_a_break(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.cut = True
    asking = asyncio.ensure_future(control.acquire(ask(request_id="again")))
    await until(lambda: len(scripted.hellos) > 1)
    scripted.cut = False
    assert (await asking).lease_id == "l-again"


async def test_a_hello_names_the_open_leases(peers):
    scripted, control = peers
    await control.acquire(ask(request_id="open"))
    await control.acquire(ask(request_id="done"))
    control.settle(outcome("l-done"))
    await until(lambda: scripted.settled)
    scripted.cut = True
    asking = asyncio.ensure_future(control.identify(Caller("k", "")))
    await until(lambda: len(scripted.hellos) > 1)
    scripted.cut = False
    await asking
    assert [lease.lease_id for lease in scripted.hellos[-1].open_leases] == ["l-open"]


async def test_a_hello_names_the_reservations_that_have_no_lease_yet_and_what_they_hold(peers):
    scripted, control = peers

    async def told_again():
        before = len(scripted.hellos)
        scripted.cut = True
        asking = asyncio.ensure_future(control.identify(Caller("k", "")))
        await until(lambda: len(scripted.hellos) > before)
        scripted.cut = False
        await asking
        hello = scripted.hellos[-1]
        assert [(each.lease_id, each.tokens_reserved, each.credits_reserved) for each in hello.open_reservations] == [
            (lease_id, 700, 80) for lease_id in hello.open_reservation_ids
        ]
        return list(hello.open_reservation_ids)

    scripted.reservation = "l-req_1"
    await control.reserve(ask(reserve_only=True))
    assert await told_again() == ["l-req_1"]
    await control.acquire(ask(lease_id="l-req_1"))
    assert await told_again() == []
    scripted.reservation = "l-unused"
    await control.reserve(ask(reserve_only=True))
    assert await told_again() == ["l-unused"]
    control.settle(outcome("l-unused"))
    assert await told_again() == []


async def test_a_lease_that_nobody_waits_for_is_given_back(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.hold.clear()
    asking = asyncio.ensure_future(control.acquire(ask(request_id="gone")))
    await until(lambda: len(scripted.batches) > 2)
    asking.cancel()
    scripted.hold.set()
    await until(lambda: scripted.settled)
    assert (scripted.settled[0].lease_id, scripted.settled[0].ending) == ("l-gone", pb.ENDING_CANCELLED)


async def test_a_lease_that_comes_as_its_asker_leaves_is_given_back(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.slow.add("both")
    asking = asyncio.ensure_future(control.acquire(ask(request_id="both")))
    await until(lambda: any(question.acquire.request_id == "both" for batch in scripted.batches for question in batch.questions))
    [(number, _)] = control._pending.items()
    control._receive(service.Answer(id=number, lease=pb.Lease(lease_id="l-both", account_id="a")))
    asking.cancel()
    await until(lambda: scripted.settled)
    [given_back] = scripted.settled
    assert (given_back.lease_id, given_back.received_at_ms, given_back.dialect) == ("l-both", 1_700_000_000_000, "fake")
    assert "l-both" not in control._held.leases


async def test_a_question_given_up_as_its_asker_leaves_is_just_cancelled(peers):
    _, control = peers
    await control.acquire(ask())
    asking = asyncio.ensure_future(control.identify(Caller("k", "")))
    await asyncio.sleep(0)
    [(_, pending)] = control._pending.items()
    pending.future.set_exception(module.away())
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_move_answered_after_the_end_revives_nothing(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.slow.add("moved")
    moving = asyncio.ensure_future(control.acquire(ask(request_id="moved", lease_id="l-moved")))
    await until(lambda: control._pending)
    [(number, _)] = control._pending.items()
    moving.cancel()
    await asyncio.sleep(0)
    control.settle(outcome("l-moved"))
    control._receive(service.Answer(id=number, lease=pb.Lease(lease_id="l-moved", account_id="a")))
    assert "l-moved" not in control._held.leases
    await until(lambda: scripted.settled)
    assert [each.lease_id for each in scripted.settled] == ["l-moved"]


async def test_large_backlogs_travel_in_several_messages(peers, monkeypatch):
    scripted, control = peers
    monkeypatch.setattr(module, "BATCH", 10)
    await control.acquire(ask())
    for number in range(35):
        control.settle(outcome(f"l-{number}"))
    asked = [control.acquire(ask(request_id=f"r{number}")) for number in range(25)]
    await asyncio.gather(*asked)
    await until(lambda: len(scripted.settled) == 35)
    assert max(len(batch.questions) for batch in scripted.batches) <= 11
    assert max(len(question.settle.outcomes) for batch in scripted.batches for question in batch.questions) <= 10


async def test_nothing_piles_up_while_the_control_plane_is_away(free_port, monkeypatch):
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.05)
    control = ControlPlane(f"127.0.0.1:{free_port}", TOKEN, Catalogue())
    control.start()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await control.acquire(ask())
    assert control._outgoing == []
    assert control._pending == {}
    await control.close(0)


async def test_an_absent_control_plane_is_a_clear_503(free_port, monkeypatch):
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.1)
    control = ControlPlane(f"127.0.0.1:{free_port}", TOKEN, Catalogue())
    control.start()
    with pytest.raises(Unavailable) as caught:
        await control.acquire(ask())
    assert caught.value.kind is Kind.STANDBY
    assert caught.value.retry_after
    await control.close(0)


async def test_without_the_shared_secret_nothing_is_answered(free_port):
    scripted = Scripted()
    server = await start(scripted, free_port)
    control = ControlPlane(f"127.0.0.1:{free_port}", "wrong", Catalogue())
    control.start()
    await asyncio.sleep(0.3)
    assert not control.connected
    assert scripted.hellos == []
    await control.close(0)
    await server.stop(None)


async def test_an_answer_that_takes_long_holds_back_nobody(peers):
    scripted, control = peers
    await control.acquire(ask())
    scripted.slow.add("late")
    late = asyncio.ensure_future(control.acquire(ask(request_id="late")))
    await asyncio.sleep(0.05)
    for number in range(5):
        async with asyncio.timeout(0.5):
            await control.acquire(ask(request_id=f"quick-{number}"))
    assert not late.done()
    late.cancel()
