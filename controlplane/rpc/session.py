"""One data plane's stream of questions and answers.

Whatever can be answered from memory is answered in the pass that reads the batch, without a task for
each question. Answers are sent as whatever is queued when the previous message has been written, so
that the batches grow with the load and a lone question waits for nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from controlplane.domain.lease import Ask, Bearer, Extension, Identity, Lease, Refusal, Reservation
from controlplane.rpc import convert
from controlplane.service import refusals
from controlplane.service.leasing import Leasing
from controlplane.service.settling import Settling
from controlplane.service.usage import KeyUsage
from controlplane.service.work import Work, onward
from headgate.api.admission.v1 import admission_service_pb2 as pb

log = logging.getLogger(__name__)

Send = Callable[[pb.SessionResponse], Awaitable[None]]


class Session:
    """Answers questions in order of arrival where it can, and out of order where it must wait."""

    def __init__(self, leasing: Leasing, settling: Settling, usage: KeyUsage, version: str) -> None:
        self._leasing = leasing
        self._settling = settling
        self._usage = usage
        self._version = version
        self._instance = ""
        self._number = 0
        self._out = pb.SessionResponse()
        self._some = asyncio.Event()
        self._finished = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._durable: set[asyncio.Future[None]] = set()
        self._answering: dict[str, Callable[[pb.Question], None]] = {
            "hello": self._hello,
            "identify": self._identify,
            "acquire": self._acquire,
            "renew": self._renew,
            "extend": self._extend,
            "settle": self._settle,
        }

    def take(self, questions: Sequence[pb.Question]) -> None:
        """Answer a batch, or begin to."""
        for question in questions[:]:  # to go through a container takes three times as long as to copy it
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
        owed = (*self._waiting, *self._durable)
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
            self._settling.gone(self._instance)

    def _next(self, question_id: int) -> pb.Answer:
        """A new answer, in its place in the next message."""
        self._some.set()
        answer = self._out.answers.add()
        answer.id = question_id
        return answer

    def _hello(self, question: pb.Question) -> None:
        if self._instance:
            self._settling.gone(self._instance)
        hello = question.hello
        self._instance = hello.instance_id
        leases = [convert.held(lease) for lease in hello.open_leases]
        self._number = self._settling.hello(
            self._instance, leases, convert.reserved(hello), hello.settled_through, hello.unsettled_lease_ids
        )
        self._next(question.id).welcome.version = self._version

    def _identify(self, question: pb.Question) -> None:
        said = self._leasing.identify(convert.caller(question.identify.caller))
        if isinstance(said, Refusal):
            self._say(question.id, said)
        elif question.identify.usage:
            self._later(question.id, self._known(question.id, said))
        else:
            self._next(question.id).identity.CopyFrom(convert.identity(said))

    async def _known(self, number: int, identity: Identity) -> None:
        usage = await self._usage.of(identity.key_id)
        self._next(number).identity.CopyFrom(convert.identity(identity, usage))

    def _acquire(self, question: pb.Question) -> None:
        ask = convert.ask(question.acquire)
        self._work(question.id, self._leasing.acquire(ask, self._instance), ask)

    def _renew(self, question: pb.Question) -> None:
        renew = question.renew
        self._work(question.id, self._leasing.renew(renew.lease_id, renew.access_token))

    def _extend(self, question: pb.Question) -> None:
        extend = question.extend
        self._work(question.id, self._leasing.extend(extend.lease_id, extend.output_tokens, extend.input_tokens))

    def _settle(self, question: pb.Question) -> None:
        outcomes = [convert.outcome(outcome) for outcome in question.settle.outcomes]
        work = self._settling.settle(outcomes, self._instance)
        try:
            waiting = work.send(None)
        except StopIteration as end:
            self._settled(question.id, end.value)
        else:
            self._later(question.id, self._settle_later(question.id, onward(work, waiting)), silent=True)

    async def _settle_later(self, number: int, settling: Coroutine[Any, Any, "asyncio.Future[None] | None"]) -> None:
        self._settled(number, await settling)

    def _settled(self, number: int, durable: "asyncio.Future[None] | None") -> None:
        """Acknowledge once the outcomes are durable; those that were not taken come again."""
        if durable is None:
            log.warning("outcomes were not taken, too many records wait")
            return
        self._durable.add(durable)
        durable.add_done_callback(lambda _: self._next(number).settled.SetInParent())
        durable.add_done_callback(self._durable.discard)

    def _work(self, number: int, work: "Work[Said]", ask: Ask | None = None) -> None:
        """Answer at once where that can be, else in a task."""
        try:
            waiting = work.send(None)
        except StopIteration as end:
            self._grant(number, end.value, ask)
        else:
            self._later(number, self._carry(number, onward(work, waiting), ask))

    async def _carry(self, number: int, answering: "Coroutine[Any, Any, Said]", ask: Ask | None) -> None:
        self._grant(number, await answering, ask)

    def _grant(self, number: int, said: "Said", ask: Ask | None) -> None:
        """Answer; what was granted returns if that cannot be, or if nobody listens here any more."""
        if ask is not None and isinstance(said, HELD) and not self._settling.newest(self._instance, self._number):
            self._leasing.unsaid(ask, said, again=True)
            return
        try:
            self._say(number, said)
        except Exception:
            if ask is not None and isinstance(said, HELD):
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
        elif isinstance(said, Extension):
            answer.extension.output_reserved = said.output_reserved
        else:
            convert.reservation(said, answer.reservation)

    def _later(self, number: int, work: Coroutine[Any, Any, None], *, silent: bool = False) -> None:
        """Do it in a task; `silent`: any answer to it would be taken for a yes."""
        task = asyncio.create_task(self._wait(number, work, silent=silent))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait(self, number: int, work: Coroutine[Any, Any, None], *, silent: bool) -> None:
        try:
            await work
        except Exception:  # the edge to data planes: whatever it was, who asked must not wait for ever
            log.exception("a question could not be answered")
            if not silent:
                self._say(number, refusals.UNANSWERED)


Said = Lease | Reservation | Refusal | Bearer | Extension
HELD = (Lease, Reservation)  # made into a union anew at each question, it costs more than the test
