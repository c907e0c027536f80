"""The Conversations port over gRPC: what the summarizer keeps of answers and sessions.

The service has the same address as the one that compresses; gRPC shares one connection between channels
that go to one place with the same options.

A session that was taken is given back, whatever happens to those who took it: the store is told so until it
has answered, and only then, or at the turn's deadline, is a turn forgotten here.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import grpc

from dataplane.clients.doubt import Doubt
from dataplane.conversation.kept import Item, KeptAnswer, Recall, Recalled, Said, Session, SessionTurn
from dataplane.errors import GatewayError, InvalidRequest, Kind, Limited, NotFound, TooLarge, Unavailable
from headgate import rpc
from headgate.api.conversation.v1 import conversation_service_pb2 as pb
from headgate.api.conversation.v1.conversation_service_pb2_grpc import ConversationServiceStub

log = logging.getLogger(__name__)

# A call is one transaction; longer takes only a database in trouble.
SECONDS = 10.0
# How long the end of an answer is held up until it is kept, or its turn of a session has ended.
END_SECONDS = 2.0
# Between two tries to end a turn; each is twice the one before.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
# The outside contract's word for an answer or an item that is not kept, section 4.
UNKNOWN = "previous_response_not_found"

Code = grpc.StatusCode
State = grpc.ChannelConnectivity
# What a client is told of a status; whatever has no row is a store that cannot be had.
Refusals = Mapping[grpc.StatusCode, Callable[[grpc.aio.AioRpcError], GatewayError]]


class Conversations:
    """The port. `start` connects in the background and never gives up."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address = address
        self._metadata = rpc.metadata(token)
        # Until a connection has failed there is no reason to think that the next one will.
        self._connected = True
        self._doubt = Doubt()
        # When turns that were taken end by rule, on the loop's clock, by their ids.
        self._deadlines: dict[str, float] = {}
        self._ends: set[asyncio.Task[GatewayError | None]] = set()

    def start(self) -> None:
        self._channel = rpc.channel(self._address)
        self._stub = ConversationServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._watching = asyncio.ensure_future(self._watch())

    async def close(self) -> None:
        """Turns that are just being ended have a moment to do so."""
        if self._ends:
            await asyncio.wait(self._ends, timeout=END_SECONDS)
        tasks = [self._watching, *self._ends]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._channel.close(None)

    # ---- the port

    @property
    def reachable(self) -> bool:
        return self._connected and self._doubt.over(_now())

    async def recall(self, key_id: str, recall: Recall) -> Recalled:
        ask = pb.RecallRequest(key_id=key_id, answer_id=recall.answer, item_ids=recall.items)
        found = await self._ask(self._stub.Recall, ask, {**RECALL, Code.NOT_FOUND: partial(_not_recalled, recall)})
        return Recalled(_unpacked(found.history), _unpacked(found.items))

    async def keep(self, key_id: str, answer: KeptAnswer) -> None:
        if not self.reachable:
            raise _away()
        ask = pb.KeepRequest(
            key_id=key_id,
            answer_id=answer.id,
            previous_id=answer.previous,
            body=answer.body,
            input=_packed(answer.input),
            output=_packed(answer.output),
        )
        await self._ask(self._stub.Keep, ask, KEEP, END_SECONDS)

    async def answer(self, key_id: str, answer_id: str) -> bytes:
        found = await self._ask(self._stub.FindAnswer, pb.FindAnswerRequest(key_id=key_id, answer_id=answer_id), ANSWER)
        return bytes(found.body)

    async def forget(self, key_id: str, answer_id: str) -> None:
        await self._ask(self._stub.ForgetAnswer, pb.ForgetAnswerRequest(key_id=key_id, answer_id=answer_id), ANSWER)

    async def begin(self, key_id: str, turn: SessionTurn, life_seconds: float, wait_seconds: float) -> list[Said]:
        times = {"wait_ms": round(wait_seconds * 1000), "life_ms": round(life_seconds * 1000)}
        ask = pb.BeginTurnRequest(key_id=key_id, user=turn.user, turn_id=turn.id, **times)
        # Without a connection it does not leave this process.
        leaves = self._connected
        try:
            begun = await self._answered(self._stub.BeginTurn(ask, timeout=wait_seconds + SECONDS, metadata=self._metadata), BEGIN)
        except (asyncio.CancelledError, Unavailable) as error:
            # The session may be taken all the same: what says so can be on its way, or lost.
            if leaves or isinstance(error, asyncio.CancelledError):
                self._end(pb.EndTurnRequest(key_id=key_id, user=turn.user, turn_id=turn.id), _now() + wait_seconds + life_seconds)
            raise
        self._deadlines[turn.id] = _now() + life_seconds
        return [Said(one.speaker == pb.SPEAKER_ASSISTANT, one.text) for one in begun.said]

    async def end(self, key_id: str, turn: SessionTurn, said: Sequence[Said]) -> None:
        added = [pb.Said(speaker=SPEAKERS[one.by_assistant], text=one.text) for one in said]
        ask = pb.EndTurnRequest(key_id=key_id, user=turn.user, turn_id=turn.id, said=added)
        ending = self._end(ask, self._deadlines.pop(turn.id, _now()))
        done, _ = await asyncio.wait((ending,), timeout=END_SECONDS)
        refused = ending.result() if done else _away()
        if refused is not None:
            raise refused

    async def sessions(self, key_id: str, after: str, limit: int) -> tuple[Sequence[Session], bool]:
        page = await self._ask(self._stub.ListSessions, pb.ListSessionsRequest(key_id=key_id, after=after, limit=limit), SESSION)
        found = [Session(one.user, one.turns, one.bytes, one.updated_at_ms, one.expires_at_ms) for one in page.sessions]
        return found, page.more

    async def forget_session(self, key_id: str, user: str) -> None:
        await self._ask(self._stub.ForgetSession, pb.ForgetSessionRequest(key_id=key_id, user=user), SESSION)

    # ---- calls

    async def _ask(self, method: Callable[..., Any], ask: Any, refusals: Refusals, seconds: float = SECONDS) -> Any:
        telling = self._doubt.begin(_now())
        try:
            return await self._answered(method(ask, timeout=seconds, metadata=self._metadata), refusals)
        finally:
            if telling:
                self._doubt.done()

    async def _answered(self, call: Any, refusals: Refusals) -> Any:
        """What a call answers. Raises what the client is told instead."""
        try:
            answer = await call
        except grpc.aio.AioRpcError as error:
            if refused := refusals.get(error.code()):
                raise refused(error) from None
            self._doubt.failed(_now())
            log.warning("the store of conversations cannot be had code=%s", error.code().name)
            raise _away() from None
        self._doubt.clear()
        return answer

    def _end(self, ask: pb.EndTurnRequest, until: float) -> "asyncio.Task[GatewayError | None]":
        """End a turn, whoever still waits for it."""
        task = asyncio.ensure_future(self._ended(ask, until))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)
        return task

    async def _ended(self, ask: pb.EndTurnRequest, until: float) -> GatewayError | None:
        """Try until the store has answered, or the turn's time is over. What was refused; None: nothing was."""
        pause = FIRST_PAUSE
        while True:
            try:
                if self.reachable:
                    await self._ask(self._stub.EndTurn, ask, END)
                    return None
            except Unavailable:
                pass  # once more
            except GatewayError as refused:
                return refused
            if _now() >= until:
                log.warning("a turn of a session was not ended: its deadline does it")
                return _away()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _watch(self) -> None:
        """Keep the channel connected, and know whether it is. On the way from one state to another nothing is new."""
        while True:
            state = self._channel.get_state(try_to_connect=True)
            before, self._connected = self._connected, CONNECTED.get(state, self._connected)
            if self._connected and not before:  # to another process, or on another way
                self._doubt.clear()
            await self._channel.wait_for_state_change(state)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _packed(items: Iterable[Item]) -> list[pb.Item]:
    return [pb.Item(id=item.id, json=item.json) for item in items]


def _unpacked(items: Iterable[pb.Item]) -> list[Item]:
    return [Item(item.id, item.json) for item in items]


def _away() -> Unavailable:
    return Unavailable("what is kept of conversations cannot be had now; try again in a moment", kind=Kind.STORE_AWAY, retry_after=2)


def _absent(what: str, code: str, _error: grpc.aio.AioRpcError) -> NotFound:
    return NotFound(f"no such {what} is kept", kind=Kind.NOT_KEPT, code=code)


def _not_recalled(recall: Recall, error: grpc.aio.AioRpcError) -> NotFound:
    """Of an answer and items asked for together, the service names the item that it does not have."""
    metadata: Any = error.trailing_metadata() or ()
    for name, value in metadata:
        if name == rpc.ABSENT_ITEM:
            item_id = value.decode("utf-8", "replace")
            param = recall.items.get(item_id, "input")
            return NotFound(f"no item is kept under the id {_shown(item_id)}", kind=Kind.NOT_KEPT, param=param, code=UNKNOWN)
    told = "the answer that previous_response_id names is not kept, or no longer"
    return NotFound(told, kind=Kind.NOT_KEPT, param="previous_response_id", code=UNKNOWN)


def _over(_error: grpc.aio.AioRpcError) -> NotFound:
    return NotFound("the turn of the session was over before: nothing was added", kind=Kind.NOT_KEPT)


def _shown(item_id: str) -> str:
    """A client's own words, as far as they fit into a sentence."""
    return repr(item_id[:100])


def _too_large(what: str, _error: grpc.aio.AioRpcError) -> TooLarge:
    return TooLarge(what)


def _invalid(error: grpc.aio.AioRpcError) -> InvalidRequest:
    """The service's words are ours, and name the field."""
    return InvalidRequest(error.details() or "the call is not acceptable")


def _bad_user(_error: grpc.aio.AioRpcError) -> InvalidRequest:
    return InvalidRequest("user: not acceptable as the name of a session", param="user")


def _busy(_error: grpc.aio.AioRpcError) -> Limited:
    return Limited("an earlier request of this user is still being answered", kind=Kind.RATE_LIMITED, retry_after=1)


ANSWER: Refusals = {Code.NOT_FOUND: partial(_absent, "answer", UNKNOWN), Code.INVALID_ARGUMENT: _invalid}
RECALL: Refusals = {
    Code.RESOURCE_EXHAUSTED: partial(_too_large, "what the request builds on is more than can be recalled at once"),
    Code.INVALID_ARGUMENT: _invalid,
}
KEEP: Refusals = {
    Code.NOT_FOUND: partial(_absent, "previous answer", UNKNOWN),
    Code.RESOURCE_EXHAUSTED: partial(_too_large, "the answer with what led to it is larger than what is kept"),
    Code.INVALID_ARGUMENT: _invalid,
}
SESSION: Refusals = {Code.NOT_FOUND: partial(_absent, "session", ""), Code.INVALID_ARGUMENT: _invalid}
END: Refusals = {Code.NOT_FOUND: _over, Code.INVALID_ARGUMENT: _invalid}
BEGIN: Refusals = {Code.RESOURCE_EXHAUSTED: _busy, Code.INVALID_ARGUMENT: _bad_user}
CONNECTED: Mapping[grpc.ChannelConnectivity, bool] = {State.READY: True, State.TRANSIENT_FAILURE: False, State.SHUTDOWN: False}
SPEAKERS = {False: pb.SPEAKER_USER, True: pb.SPEAKER_ASSISTANT}
