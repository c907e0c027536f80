"""One data plane's stream of questions and answers.

Whatever can be answered from memory is answered in the pass that reads the batch, without a task for
each question. Answers are sent as whatever is queued when the previous message has been written, so
that the batches grow with the load and a lone question waits for nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from controlplane.domain.lease import Bearer, Caller, Lease, Refusal, Reservation
from controlplane.rpc import convert
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
            answer = self._answering.get(question.WhichOneof("ask") or "")
            if answer is not None:
                answer(question)

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
        self._instance = question.hello.instance_id
        self._leasing.hello(self._instance, [convert.held(lease) for lease in question.hello.open_leases])
        self._next(question.id).welcome.version = self._version

    def _identify(self, question: pb.Question) -> None:
        caller = question.identify.caller
        said = self._leasing.identify(Caller(caller.credential, caller.address))
        if isinstance(said, Refusal):
            self._say(question.id, said)
        else:
            self._next(question.id).identity.CopyFrom(convert.identity(said, self._leasing.counters(said.key_id)))

    def _acquire(self, question: pb.Question) -> None:
        said = self._leasing.acquire(convert.ask(question.acquire), self._instance)
        if isinstance(said, Pending):
            self._later(question.id, self._leasing.finish(said))
        else:
            self._say(question.id, said)

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

    def _say(self, number: int, said: "Said") -> None:
        answer = self._next(number)
        if isinstance(said, Lease):
            convert.lease(said, answer.lease)
        elif isinstance(said, Refusal):
            answer.refusal.CopyFrom(convert.refusal(said))
        elif isinstance(said, Bearer):
            convert.credential(said, answer.credential)
        else:
            answer.reservation.lease_id = said.lease_id
            answer.reservation.key_id = said.key_id
            answer.reservation.context_window = said.context_window

    def _later(self, number: int, answering: Coroutine[Any, Any, "Said"]) -> None:
        task = asyncio.create_task(self._wait(number, answering))
        self._waiting.add(task)
        task.add_done_callback(self._waited)

    async def _wait(self, number: int, answering: Coroutine[Any, Any, "Said"]) -> None:
        self._say(number, await answering)

    def _waited(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a question could not be answered", exc_info=error)


Said = Lease | Reservation | Refusal | Bearer
