"""One data plane's stream of questions and answers.

Whatever can be answered from memory is answered in the pass that reads the batch, without a task for
each question. Answers are sent as whatever is queued when the previous message has been written, so
that the batches grow with the load and a lone question waits for nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from controlplane.domain.lease import Ask, Bearer, Caller, Lease, Refusal, Reservation
from controlplane.rpc import convert
from controlplane.service import refusals
from controlplane.service.leasing import Leasing, Pending
from headgate.api.admission.v1 import admission_service_pb2 as pb

log = logging.getLogger(__name__)

Send = Callable[[pb.SessionResponse], Awaitable[None]]


class Session:
    """Answers questions in order of arrival where it can, and out of order where it must wait."""

    def __init__(self, leasing: Leasing, version: str) -> None:
        self._leasing = leasing
        self._version = version
        self._instance = ""
        self._out = pb.SessionResponse()
        self._some = asyncio.Event()
        self._finished = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._settling: set[asyncio.Future[None]] = set()
        self._answering: dict[str, Callable[[pb.Question], None]] = {
            "hello": self._hello,
            "identify": self._identify,
            "acquire": self._acquire,
            "renew": self._renew,
            "settle": self._settle,
        }

    def take(self, questions: Sequence[pb.Question]) -> None:
        """Answer a batch, or begin to."""
        for question in questions:
            # A question of a kind that is unknown here comes from a newer data plane, which must be
            # able to do without its answer.
            kind = question.WhichOneof("ask") or ""
            answer = self._answering.get(kind)
            if answer is None:
                continue
            try:
                answer(question)
            except Exception:  # the edge to data planes: a defect in one question must not end the session
                log.exception("a question could not be answered kind=%s", kind)
                # Any answer to a settlement would acknowledge it; without one it comes again.
                if kind != "settle":
                    self._say(question.id, refusals.UNANSWERED)

    async def write(self, send: Send) -> None:
        """Send answers until the session is finished and nothing is owed."""
        while self._out.answers or not self._finished:
            await self._some.wait()
            self._some.clear()
            out, self._out = self._out, pb.SessionResponse()
            if out.answers:
                await send(out)

    async def finish(self) -> None:
        """No questions come any more: let `write` end once every answer is out."""
        owed = (*self._waiting, *self._settling)
        if owed:
            await asyncio.wait(owed)
        self._finished = True
        self._some.set()

    async def end(self) -> None:
        """The stream is over: what waits is given up, the places it holds return."""
        waiting = tuple(self._waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self._instance:
            self._leasing.gone(self._instance)

    def _next(self, question_id: int) -> pb.Answer:
        """A new answer, in its place in the next message."""
        self._some.set()
        return self._out.answers.add(id=question_id)

    def _hello(self, question: pb.Question) -> None:
        if self._instance:
            self._leasing.gone(self._instance)
        hello = question.hello
        self._instance = hello.instance_id
        self._leasing.hello(self._instance, [convert.held(lease) for lease in hello.open_leases], hello.open_reservation_ids)
        self._next(question.id).welcome.version = self._version

    def _identify(self, question: pb.Question) -> None:
        caller = question.identify.caller
        said = self._leasing.identify(Caller(caller.credential, caller.address))
        if isinstance(said, Refusal):
            self._say(question.id, said)
        else:
            identity = convert.identity(said, self._leasing.counters(said.key_id))
            self._next(question.id).identity.CopyFrom(identity)

    def _acquire(self, question: pb.Question) -> None:
        ask = convert.ask(question.acquire)
        said = self._leasing.acquire(ask, self._instance)
        if isinstance(said, Pending):
            self._later(question.id, self._leasing.finish(said), ask)
        else:
            self._grant(question.id, said, ask)

    def _renew(self, question: pb.Question) -> None:
        renew = question.renew
        said = self._leasing.renew(renew.lease_id, renew.access_token)
        if said is None:
            self._later(question.id, self._leasing.fetch(renew.lease_id, renew.access_token))
        else:
            self._say(question.id, said)

    def _settle(self, question: pb.Question) -> None:
        durable = self._leasing.settle([convert.outcome(outcome) for outcome in question.settle.outcomes])
        if durable is None:
            log.warning("outcomes were not taken, the ledger is full count=%d", len(question.settle.outcomes))
            return
        number = question.id
        self._settling.add(durable)
        durable.add_done_callback(lambda _: self._next(number).settled.SetInParent())
        durable.add_done_callback(self._settling.discard)

    def _grant(self, number: int, said: "Said", ask: Ask | None) -> None:
        """Answer; what was granted returns if that cannot be."""
        try:
            self._say(number, said)
        except Exception:
            if ask is not None and isinstance(said, Lease | Reservation):
                self._leasing.unsaid(ask, said)
            raise

    def _say(self, number: int, said: "Said") -> None:
        """Put the answer into the next message, whole or not at all."""
        before = len(self._out.answers)
        try:
            self._fill(self._next(number), said)
        except Exception:
            del self._out.answers[before:]
            raise

    def _fill(self, answer: pb.Answer, said: "Said") -> None:
        if isinstance(said, Lease):
            convert.lease(said, answer.lease)
        elif isinstance(said, Refusal):
            answer.refusal.CopyFrom(convert.refusal(said))
        elif isinstance(said, Bearer):
            convert.credential(said, answer.credential)
        else:
            answer.reservation.lease_id = said.lease_id
            answer.reservation.key_id = said.key_id
            answer.reservation.context_window = convert.uint32(said.context_window)

    def _later(self, number: int, answering: Coroutine[Any, Any, "Said"], ask: Ask | None = None) -> None:
        task = asyncio.create_task(self._wait(number, answering, ask))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait(self, number: int, answering: Coroutine[Any, Any, "Said"], ask: Ask | None) -> None:
        try:
            self._grant(number, await answering, ask)
        except Exception:  # the edge to data planes: whatever it was, who asked must not wait for ever
            log.exception("a question could not be answered")
            self._say(number, refusals.UNANSWERED)


Said = Lease | Reservation | Refusal | Bearer
