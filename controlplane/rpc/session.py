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
        self._answers: list[pb.Answer] = []
        self._some = asyncio.Event()
        self._finished = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._settling: set[asyncio.Future[None]] = set()
        self._answer: dict[str, Callable[[pb.Question], pb.Answer | None]] = {
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
            answering = self._answer.get(question.WhichOneof("ask") or "")
            answer = answering(question) if answering is not None else None
            if answer is not None:
                self._answers.append(answer)
        if self._answers:
            self._some.set()

    async def write(self, send: Send) -> None:
        """Send answers until the session is finished and nothing is owed."""
        while self._answers or not self._finished:
            await self._some.wait()
            self._some.clear()
            answers, self._answers = self._answers, []
            if answers:
                await send(pb.SessionResponse(answers=answers))

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

    def _hello(self, question: pb.Question) -> pb.Answer:
        if self._instance:
            self._leasing.gone(self._instance)
        self._instance = question.hello.instance_id
        self._leasing.hello(self._instance, [convert.held(lease) for lease in question.hello.open_leases])
        return pb.Answer(id=question.id, welcome=pb.Welcome(version=self._version))

    def _identify(self, question: pb.Question) -> pb.Answer:
        caller = question.identify.caller
        said = self._leasing.identify(Caller(caller.credential, caller.address))
        if isinstance(said, Refusal):
            return _said(question.id, said)
        return pb.Answer(id=question.id, identity=convert.identity(said, self._leasing.counters(said.key_id)))

    def _acquire(self, question: pb.Question) -> pb.Answer | None:
        said = self._leasing.acquire(convert.ask(question.acquire), self._instance)
        if isinstance(said, Pending):
            self._later(question.id, self._leasing.finish(said))
            return None
        return _said(question.id, said)

    def _renew(self, question: pb.Question) -> pb.Answer | None:
        renew = question.renew
        said = self._leasing.renew(renew.lease_id, renew.access_token)
        if said is None:
            self._later(question.id, self._leasing.fetch(renew.lease_id, renew.access_token))
            return None
        return _said(question.id, said)

    def _settle(self, question: pb.Question) -> pb.Answer | None:
        durable = self._leasing.settle([convert.outcome(outcome) for outcome in question.settle.outcomes])
        if durable is None:
            log.warning("outcomes were not taken, the ledger is full count=%d", len(question.settle.outcomes))
            return None
        number = question.id
        self._settling.add(durable)
        durable.add_done_callback(lambda _: self._say(pb.Answer(id=number, settled=pb.Settled())))
        durable.add_done_callback(self._settling.discard)
        return None

    def _say(self, answer: pb.Answer) -> None:
        self._answers.append(answer)
        self._some.set()

    def _later(self, number: int, answering: Coroutine[Any, Any, "Said"]) -> None:
        task = asyncio.create_task(self._wait(number, answering))
        self._waiting.add(task)
        task.add_done_callback(self._waited)

    async def _wait(self, number: int, answering: Coroutine[Any, Any, "Said"]) -> None:
        self._say(_said(number, await answering))

    def _waited(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a question could not be answered", exc_info=error)


Said = Lease | Reservation | Refusal | Bearer


def _said(number: int, said: Said) -> pb.Answer:
    if isinstance(said, Lease):
        return pb.Answer(id=number, lease=convert.lease(said))
    if isinstance(said, Refusal):
        return pb.Answer(id=number, refusal=convert.refusal(said))
    if isinstance(said, Bearer):
        return pb.Answer(id=number, credential=convert.credential(said))
    return pb.Answer(
        id=number,
        reservation=pb.Reservation(lease_id=said.lease_id, key_id=said.key_id, context_window=said.context_window),
    )
