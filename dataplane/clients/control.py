"""The Control port: one gRPC stream that carries batches of questions, and a watch for snapshots.

A message costs a hundred times what is in it. So the next batch leaves when something has come back
for the one before, with whatever was asked meanwhile: a lone question never waits, and under load a
question costs microseconds. A broken stream is reopened: questions without an answer are
asked again, outcomes without an acknowledgement are sent again.
"""

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable
from typing import Any

import grpc

from dataplane import telemetry
from dataplane.catalogue import Catalogue
from dataplane.clients import admission_wire as wire
from dataplane.clients import snapshots
from dataplane.clients.holdings import Holdings
from dataplane.clients.outbox import Outbox
from dataplane.errors import BadUpstream, Cause, GatewayError, Kind, Retry, Unavailable, UpstreamFault, UpstreamTimeout
from dataplane.ports import Ask, Caller, Identity, Outcome, Reservation
from dataplane.upstreams.base import Credential, Lease
from headgate import rpc
from headgate.api.admission.v1 import admission_pb2, admission_service_pb2
from headgate.api.admission.v1.admission_service_pb2_grpc import AdmissionServiceStub

log = logging.getLogger(__name__)

# A question waits this long for an answer (a minute in the queue for an account and a token refresh may be
# part of it) ...
ANSWER_SECONDS = 120.0
# ... this long for more output, as a stream stands still meanwhile ...
EXTEND_SECONDS = 10.0
# ... and this long for a control plane that is away.
AWAY_SECONDS = 5.0
RECONNECT_SECONDS = 0.25
EOF = grpc.aio.EOF  # type: ignore[attr-defined]  # missing in the stubs
# An answer that takes longer (a token is being refreshed) does not hold back what was asked after it.
TURN_SECONDS = 0.002
# How long an outcome waits for a question to travel with: a message costs more than what is in it.
SETTLE_SECONDS = 0.02
# A control plane whose ledger has no room says nothing; outcomes are then sent again. Twice is no harm.
ACKNOWLEDGE_SECONDS = 30.0
# Questions and outcomes in one message: each is of bounded size, and a message must fit the limit of gRPC.
BATCH = 500
# Outcomes that may wait for the control plane before new work is refused.
OUTBOX = 20_000

Question = admission_service_pb2.Question
Answer = admission_service_pb2.Answer


class Pending:
    """A question on its way; `until`, on the monotonic clock: when its answer would come too late."""

    __slots__ = ("asked", "future", "question", "until")

    def __init__(self, question: Question, future: "asyncio.Future[Answer]", until: float) -> None:
        self.question = question
        self.future = future
        self.until = until
        self.asked = time.monotonic()


class ControlPlane:
    """The Control port. `start` connects in the background and never gives up."""

    def __init__(self, address: str, token: str | None, catalogue: Catalogue) -> None:
        self.connected = False
        self._address = address
        self._metadata = rpc.metadata(token)
        self._catalogue = catalogue
        self._instance = os.urandom(8).hex()
        self._next_id = 0
        self._outgoing: list[Question] = []
        self._wake = asyncio.Event()
        self._turn: asyncio.TimerHandle | None = None
        self._pending: dict[int, Pending] = {}
        self._outbox = Outbox()
        # When the latest session ended.
        self._lost = 0.0
        self._held = Holdings()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._channel = rpc.channel(self._address)
        self._stub = AdmissionServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        watch = snapshots.follow(self._stub, self._instance, self._metadata, self._catalogue, RECONNECT_SECONDS)
        self._tasks = [asyncio.ensure_future(loop) for loop in (self._sessions(), self._sweeps(), watch)]

    async def close(self, seconds: float) -> None:
        """Deliver what is still to be settled, for at most `seconds`; then end."""
        until = time.monotonic() + seconds
        while self._outbox and time.monotonic() < until:  # noqa: ASYNC110 - once, at the very end
            await asyncio.sleep(0.01)
        if left := len(self._outbox):
            log.error("outcomes lost at shutdown: the control plane was away count=%d", left)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._channel.close(None)

    # ---- the port

    async def identify(self, caller: Caller, *, usage: bool = False) -> Identity:
        ask = admission_service_pb2.Identify(caller=wire.caller(caller), usage=usage)
        answer = await self._ask(Question(identify=ask))
        return wire.identity(answer.identity)

    async def reserve(self, ask: Ask) -> Reservation:
        if len(self._outbox) > OUTBOX:
            raise away()
        answer = await self._ask(Question(acquire=wire.acquire(ask)), until=ask.until)
        return wire.reservation(answer.reservation)

    async def acquire(self, ask: Ask) -> Lease:
        if len(self._outbox) > OUTBOX:
            raise away()
        answer = await self._ask(Question(acquire=wire.acquire(ask)), until=ask.until)
        return wire.lease(answer.lease)

    async def renew(self, lease: Lease, cause: str) -> Credential:
        ask = admission_service_pb2.Renew(lease_id=lease.lease_id, cause=cause, access_token=lease.credential.access_token)
        answer = await self._ask(Question(renew=ask), refused=credential_lost)
        return wire.credential(answer.credential)

    async def extend(self, lease_id: str, output_tokens: int, input_tokens: int = 0) -> int:
        ask = admission_service_pb2.Extend(lease_id=lease_id, output_tokens=output_tokens, input_tokens=input_tokens)
        answer = await self._ask(Question(extend=ask), until=time.monotonic() + EXTEND_SECONDS)
        return answer.extension.output_reserved

    def settle(self, outcome: Outcome) -> None:
        self._held.forget(outcome.lease_id)
        self._post(wire.outcome(outcome))

    def _post(self, outcome: admission_pb2.Outcome) -> None:
        """An outcome travels with the next question, or alone if none comes soon."""
        if not self._outbox.waiting:
            self._soon()
        self._outbox.add(outcome)

    def _soon(self) -> None:
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._wake.set)

    # ---- questions

    async def _ask(self, question: Question, refused: Callable[[Any], Exception] = wire.refusal, until: float = math.inf) -> Answer:
        """Ask, and wait for the answer; a refusal is raised."""
        self._next_id += 1
        question.id = self._next_id
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending[question.id] = pending = Pending(question, future, until)
        if self.connected:
            # Otherwise the next session begins with all that is pending.
            self._outgoing.append(question)
            self._wake.set()
        try:
            answer = await future
        except asyncio.CancelledError:
            # The answer and the departure may fall into one pass of the loop.
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give_back(pending, future.result())
            raise
        if answer.HasField("refusal"):
            raise refused(answer.refusal)
        return answer

    def _receive(self, answer: Answer) -> None:
        if self._outbox.acknowledge(answer.id):
            return
        pending = self._pending.pop(answer.id, None)
        if pending is None:
            return
        if pending.future.done():
            self._give_back(pending, answer)
            return
        self._held.take(pending.question, answer)
        pending.future.set_result(answer)

    def _give_back(self, pending: Pending, answer: Answer) -> None:
        """The one who asked has gone, and with it whoever would have settled what was granted.

        A lease that only moved to another account was settled when its request ended.
        """
        lease_id = answer.lease.lease_id or answer.reservation.lease_id
        self._held.forget(lease_id)
        if lease_id and not pending.question.acquire.lease_id:
            self._post(wire.abandoned(lease_id, pending.question.acquire, time.time_ns() // 1_000_000))

    # ---- the stream

    async def _sessions(self) -> None:
        while True:
            try:
                await self._session()
            except grpc.aio.AioRpcError as error:
                if self.connected:
                    log.warning("control plane lost code=%s", error.code().name)
            except Exception:  # a process edge: whatever it was, without a session nothing works
                log.exception("the admission session failed")
            finally:
                self._disconnected()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _session(self) -> None:
        """One stream, from hello to its end."""
        call = self._stub.Session(metadata=self._metadata)
        hello = admission_service_pb2.Hello(
            instance_id=self._instance,
            open_leases=self._held.leases.values(),
            open_reservation_ids=self._held.reservations,
            open_reservations=self._held.reservations.values(),
            settled_through=self._outbox.settled_through,
            unsettled_lease_ids=self._outbox.lease_ids,
        )
        await call.write(admission_service_pb2.SessionRequest(questions=[Question(id=0, hello=hello)]))
        if await call.read() is EOF:
            return
        self._reconnected()
        writing = asyncio.ensure_future(self._write(call))
        try:
            while (batch := await call.read()) is not EOF:
                for answer in batch.answers:
                    self._receive(answer)
                self._end_turn()
        finally:
            writing.cancel()
            call.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self, call: Any) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._turn is not None:
                continue  # its end wakes us again
            batch, self._outgoing = self._outgoing[:BATCH], self._outgoing[BATCH:]
            if self._outbox.waiting:
                # First, so that what it frees is free for the questions behind it.
                batch.insert(0, self._settlement())
            if batch:
                self._turn = asyncio.get_running_loop().call_later(TURN_SECONDS, self._end_turn)
                await call.write(admission_service_pb2.SessionRequest(questions=batch))

    def _end_turn(self) -> None:
        """Something came back, or took too long: the next batch may leave."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._outgoing or self._outbox.waiting:
            self._wake.set()

    def _settlement(self) -> Question:
        """Outcomes that wait, as one question; kept until it is acknowledged."""
        self._next_id += 1
        outcomes = self._outbox.send(self._next_id, BATCH)
        return Question(id=self._next_id, settle=admission_service_pb2.Settle(outcomes=outcomes))

    def _reconnected(self) -> None:
        self.connected = True
        self._end_turn()
        telemetry.CONTROL_CONNECTED.set(1)
        # What nobody waits for any more is not asked again; the hello has told what is held.
        self._pending = {number: pending for number, pending in self._pending.items() if not pending.future.done()}
        self._outgoing = [pending.question for pending in self._pending.values()]
        self._outbox.again(time.monotonic())
        self._wake.set()

    def _disconnected(self) -> None:
        if self.connected:
            self._lost = time.monotonic()
        self.connected = False
        telemetry.CONTROL_CONNECTED.set(0)

    async def _sweeps(self) -> None:
        """Give up questions that waited too long; one timer for all of them."""
        while True:
            await asyncio.sleep(0.5)
            now = time.monotonic()
            telemetry.UNSETTLED.set(len(self._outbox))
            if self._outbox.again(now - ACKNOWLEDGE_SECONDS):
                self._soon()
            for pending in [*self._pending.values()]:
                if error := self._overdue(pending, now):
                    self._give_up(pending, error)

    def _overdue(self, pending: Pending, now: float) -> GatewayError | None:
        """What to tell the one who asked, None while there is time. A question that waited when the session
        was lost has as long as a new one to be asked again.
        """
        if pending.until < now:
            return late()
        since, most = (pending.asked, ANSWER_SECONDS) if self.connected else (max(pending.asked, self._lost), AWAY_SECONDS)
        return away() if since + most < now else None

    def _give_up(self, pending: Pending, error: GatewayError) -> None:
        """Nobody waits any more; an answer that still comes is given back."""
        if not pending.future.done():
            pending.future.set_exception(error)
        if not self.connected:
            del self._pending[pending.question.id]


def credential_lost(refusal: Any) -> UpstreamFault:
    """The account needs attention; another one may serve."""
    told = BadUpstream("the upstream no longer accepts this account's sign-in")
    return UpstreamFault(Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT, told, detail=refusal.message)


def late() -> UpstreamTimeout:
    """What clients are told whose request would be admitted when its time is over."""
    return UpstreamTimeout("no account was free for the request in time")


def away() -> Unavailable:
    """What clients are told while the control plane cannot be asked."""
    return Unavailable("the control plane is away; try again in a moment", kind=Kind.STANDBY, retry_after=2)
