"""ConversationService, as the data plane calls it.

Nothing that was said is ever logged: of what fails unexpectedly the log has the kind and the place.
"""

import functools
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from headgate import rpc
from headgate.api.conversation.v1 import conversation_service_pb2 as pb
from headgate.api.conversation.v1.conversation_service_pb2_grpc import ConversationServiceServicer
from summarizer.errors import Absent, Busy, Invalid, Refused, Unfit
from summarizer.figures import Figures
from summarizer.kept import Answer, Item, Said
from summarizer.store.answers import Answers
from summarizer.store.engine import DATABASE_ERRORS, away
from summarizer.store.sessions import Sessions
from summarizer.turns import Turns

log = logging.getLogger(__name__)

# What clients name stands in an index; honest names are shorter.
NAME_LENGTH = 512
# A turn's time and the wait for it, at most: longer than any request may take.
LIFE_MS = 2 * 60 * 60 * 1000
# Sessions on a page, at most.
PAGE = 1000

Context = grpc.aio.ServicerContext[Any, Any]
Q = TypeVar("Q")
A = TypeVar("A")


def told(method: Callable[["Conversations", Q], Awaitable[A]]) -> Callable[["Conversations", Q, Context], Awaitable[A]]:
    """The method as gRPC calls it: what it raises becomes a status, and it is counted and timed."""
    name = method.__name__

    @functools.wraps(method)
    async def call(self: "Conversations", request: Q, context: Context) -> A:
        try:
            with self.figures.timed(name):
                answer = await method(self, request)
        except Exception as error:  # noqa: BLE001 - the edge of the service: everything becomes a status
            status, message = _status(name, error)
            self.figures.answered(name, status.name.lower())
            missing = ((rpc.ABSENT_ITEM, error.item_id.encode()),) if isinstance(error, Absent) and error.item_id else ()
            await context.abort(status, message, missing)
        self.figures.answered(name, "ok")
        return answer

    return call


@dataclass(slots=True)
class Conversations(ConversationServiceServicer):
    """`now` is epoch milliseconds."""

    answers: Answers
    sessions: Sessions
    turns: Turns
    figures: Figures
    now: Callable[[], int]

    @told
    async def Recall(self, request: pb.RecallRequest) -> pb.RecallResponse:  # noqa: N802 - gRPC's names, here and below
        found = await self.answers.recall(_key(request.key_id), request.answer_id, request.item_ids, self.now())
        return pb.RecallResponse(history=_packed(found.history), items=_packed(found.items))

    @told
    async def Keep(self, request: pb.KeepRequest) -> pb.KeepResponse:  # noqa: N802
        _name("answer_id", request.answer_id)
        items = [Item(item.id, item.json) for item in (*request.input, *request.output)]
        if any(len(item.id) > NAME_LENGTH for item in items):
            raise Invalid(f"item.id: longer than {NAME_LENGTH} characters")
        answer = Answer(request.answer_id, request.previous_id, request.body, items)
        self.figures.evicted("answers", await self.answers.keep(_key(request.key_id), answer, self.now()))
        return pb.KeepResponse()

    @told
    async def FindAnswer(self, request: pb.FindAnswerRequest) -> pb.FindAnswerResponse:  # noqa: N802
        return pb.FindAnswerResponse(body=await self.answers.find(_key(request.key_id), request.answer_id, self.now()))

    @told
    async def ForgetAnswer(self, request: pb.ForgetAnswerRequest) -> pb.ForgetAnswerResponse:  # noqa: N802
        await self.answers.forget(_key(request.key_id), request.answer_id, self.now())
        return pb.ForgetAnswerResponse()

    @told
    async def BeginTurn(self, request: pb.BeginTurnRequest) -> pb.BeginTurnResponse:  # noqa: N802
        _name("user", request.user)
        _name("turn_id", request.turn_id)
        if not 1 <= request.life_ms <= LIFE_MS:
            raise Invalid(f"life_ms: not between 1 and {LIFE_MS}")
        if request.wait_ms > LIFE_MS:
            raise Invalid(f"wait_ms: more than {LIFE_MS}")
        turn = await self.turns.begin(_key(request.key_id), request.user, request.turn_id, request.wait_ms, request.life_ms)
        return pb.BeginTurnResponse(said=[pb.Said(speaker=SPEAKERS[one.by_assistant], text=one.text) for one in turn.said])

    @told
    async def EndTurn(self, request: pb.EndTurnRequest) -> pb.EndTurnResponse:  # noqa: N802
        added = [Said(_by_assistant(one.speaker), one.text) for one in request.said]
        self.figures.evicted("sessions", await self.turns.end(_key(request.key_id), request.user, request.turn_id, added))
        return pb.EndTurnResponse()

    @told
    async def ListSessions(self, request: pb.ListSessionsRequest) -> pb.ListSessionsResponse:  # noqa: N802
        if not 1 <= request.limit <= PAGE:
            raise Invalid(f"limit: not between 1 and {PAGE}")
        found, more = await self.sessions.page(_key(request.key_id), request.after, request.limit, self.now())
        sessions = [
            pb.Session(user=one.user, turns=one.turns, bytes=one.bytes, updated_at_ms=one.updated_at, expires_at_ms=one.expires_at)
            for one in found
        ]
        return pb.ListSessionsResponse(sessions=sessions, more=more)

    @told
    async def ForgetSession(self, request: pb.ForgetSessionRequest) -> pb.ForgetSessionResponse:  # noqa: N802
        await self.turns.forget(_key(request.key_id), request.user)
        return pb.ForgetSessionResponse()


def _status(name: str, error: Exception) -> tuple[grpc.StatusCode, str]:
    """What the caller is told of an error."""
    if isinstance(error, Refused):
        return REFUSALS[type(error)], str(error)
    if isinstance(error, DATABASE_ERRORS) and away(error):
        log.warning("the database does not answer method=%s error=%s", name, type(error).__name__)
        return grpc.StatusCode.UNAVAILABLE, "the database does not answer"
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("failed method=%s error=%s\n%s", name, type(error).__name__, where)
    return grpc.StatusCode.INTERNAL, "a defect of the summarizer"


def _key(key_id: str) -> str:
    """Whose it is. Without a key, everybody's would be nobody's."""
    _name("key_id", key_id)
    return key_id


def _name(field: str, text: str) -> None:
    if not text or len(text) > NAME_LENGTH:
        raise Invalid(f"{field}: not between 1 and {NAME_LENGTH} characters")


def _packed(items: Iterable[Item]) -> list[pb.Item]:
    return [pb.Item(id=item.id, json=item.json) for item in items]


def _by_assistant(speaker: pb.Speaker) -> bool:
    if speaker not in BY_ASSISTANT:
        raise Invalid("said.speaker: not set")
    return BY_ASSISTANT[speaker]


REFUSALS: Mapping[type[Refused], grpc.StatusCode] = {
    Absent: grpc.StatusCode.NOT_FOUND,
    Unfit: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Busy: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
}
SPEAKERS = {False: pb.SPEAKER_USER, True: pb.SPEAKER_ASSISTANT}
BY_ASSISTANT: Mapping[int, bool] = {speaker: by_assistant for by_assistant, speaker in SPEAKERS.items()}
