"""The Summarizer port over gRPC: a conversation to the contract's and back, and what compression replaced.

A service that is away costs a request nothing: without a connection, or in doubt about one, nobody waits for it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import grpc

from dataplane.clients.doubt import Doubt
from dataplane.conversation.estimate import turn_tokens
from dataplane.conversation.model import Call, Document, Image, Part, Reasoning, Role, Search, Text, ToolCall, ToolResult, Turn
from dataplane.errors import Kind, NotFound, Unavailable
from dataplane.ports import Shortened, Shortening
from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1 import conversation_pb2 as wire
from headgate.api.compression.v1 import policy_pb2
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub

log = logging.getLogger(__name__)

# How long a connection that is being made is waited for: between hosts it takes milliseconds. What the channel itself gives
# an attempt is its own affair.
CONNECT_SECONDS = 1.0
# The service ends by itself in good time; one that is silent for longer is in trouble, and not merely out of time.
SILENT_SECONDS = 5.0
# A kept original is one read of a database.
ORIGINAL_SECONDS = 10.0
DIGEST_BYTES = 32

Code = grpc.StatusCode
State = grpc.ChannelConnectivity


class Summarizer:
    """The port. Whatever goes wrong, the conversation passes as it is."""

    def __init__(self, address: str, token: str | None) -> None:
        self._channel = rpc.channel(address)
        self._stub = CompressionServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._metadata = rpc.metadata(token)
        self._doubt = Doubt()

    async def close(self) -> None:
        await self._channel.close(None)

    # ---- the port

    async def compress(self, call: Call, ask: Shortening) -> tuple[Sequence[Turn] | None, Shortened | None]:
        until = _now() + ask.seconds
        if ask.seconds <= 0:
            return None, Shortened("late")
        if not await self._reached(ask.seconds):
            log.warning("the summarizer cannot be reached id=%s", ask.request_id)
            return None, Shortened("unavailable")
        try:
            answer = await self._stub.Compress(question(call, ask), timeout=max(0.0, until - _now()), metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is Code.DEADLINE_EXCEEDED and ask.seconds >= SILENT_SECONDS:
                self._doubt.failed(_now())
            log.warning("the summarizer did not answer id=%s code=%s", ask.request_id, error.code().name)
            return None, Shortened("unavailable")
        self._doubt.clear()
        return told(call, ask.request_id, answer)

    async def original(self, key_id: str, request_id: str) -> bytes:
        # Without a key the contract means anybody's.
        if not key_id:
            raise _unknown()
        if not await self._reached(ORIGINAL_SECONDS):
            raise _away()
        ask = pb.OriginalRequest(request_id=request_id, key_id=key_id)
        try:
            found = await self._stub.Original(ask, timeout=ORIGINAL_SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() in ABSENT:
                raise _unknown() from None
            log.warning("what was replaced cannot be had id=%s code=%s", request_id, error.code().name)
            raise _away() from None
        return bytes(found.body)

    # ---- the connection

    async def _reached(self, seconds: float) -> bool:
        """Whether there is a connection, or will be in a moment. One that failed is tried on in the background."""
        connected = CONNECTED.get(self._channel.get_state(try_to_connect=True))
        if not self._doubt.over(_now()):
            return False
        if connected is None:
            connected = await self._connecting(min(seconds, CONNECT_SECONDS))
        return connected

    async def _connecting(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while (state := self._channel.get_state(try_to_connect=True)) not in CONNECTED:
                    await self._channel.wait_for_state_change(state)
        except TimeoutError:
            return False
        return CONNECTED[state]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _unknown() -> NotFound:
    return NotFound("nothing is kept that compression replaced in this request", kind=Kind.NOT_KEPT)


def _away() -> Unavailable:
    return Unavailable("what compression replaced cannot be had now; try again in a moment", kind=Kind.STORE_AWAY, retry_after=2)


# ---- there


def question(call: Call, ask: Shortening) -> pb.CompressRequest:
    """The question as the contract has it."""
    return pb.CompressRequest(
        key_id=ask.key_id,
        request_id=ask.request_id,
        turns=pack(call.turns),
        overhead_tokens=_small(ask.overhead_tokens),
        room_tokens=_small(ask.room_tokens),
        only_to_fit=ask.only_to_fit,
        threshold_tokens=ask.threshold_tokens,
        policy=ask.policy.whole if isinstance(ask.policy.whole, policy_pb2.Policy) else None,
    )


def pack(turns: Sequence[Turn]) -> list[wire.Turn]:
    """The turns for the journey; of what the summarizer cannot read, kind and digest."""
    try:
        return _packed(turns, str)
    except UnicodeEncodeError:  # half a surrogate pair: no text of the contract can hold one
        return _packed(turns, _spelled)


def _packed(turns: Sequence[Turn], text: Callable[[str], str]) -> list[wire.Turn]:
    return [
        wire.Turn(role=ROLES[turn.role], parts=[_part(part, text) for part in turn.parts], tokens=_small(turn_tokens(turn)))
        for turn in turns
    ]


def _part(part: Part, text: Callable[[str], str]) -> wire.Part:
    match part:
        case Text():
            return wire.Part(text=text(part.text))
        case ToolCall():
            return wire.Part(tool_call=wire.ToolCall(id=text(part.id), name=text(part.name), arguments=text(part.arguments)))
        case ToolResult():
            texts = [text(each.text) for each in part.parts if isinstance(each, Text)]
            others = [_opaque(each) for each in part.parts if not isinstance(each, Text)]
            result = wire.ToolResult(call_id=text(part.call_id), text=texts, is_error=part.is_error, opaque=others)
            return wire.Part(tool_result=result)
        case _:
            return wire.Part(opaque=_opaque(part))


def _opaque(part: Image | Document | Reasoning | Search) -> wire.Opaque:
    match part:
        case Image():
            return wire.Opaque(kind="image", digest=_digest((part.media_type, part.data, part.url)))
        case Document():
            return wire.Opaque(kind="document", digest=_digest((part.media_type, part.data, part.text, part.url, part.name)))
        case Reasoning():
            return wire.Opaque(kind="reasoning", digest=_digest((part.text, part.signature, part.redacted)))
        case Search():
            hits = (field for hit in part.hits for field in (hit.title, hit.url, hit.text, hit.age))
            return wire.Opaque(kind="search", digest=_digest((part.query, part.error, *hits)))


def _digest(fields: Iterable[str | None]) -> bytes:
    """Stands for all fields; their lengths keep apart where each ends, and what is absent from what is empty."""
    whole = blake2b(digest_size=DIGEST_BYTES)
    for field in fields:
        data = b"" if field is None else field.encode("utf-8", "surrogatepass")
        whole.update((0 if field is None else len(data) + 1).to_bytes(8, "big"))
        whole.update(data)
    return whole.digest()


def _spelled(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _small(figure: int) -> int:
    """A figure as a field of 32 bits takes it."""
    return min(max(figure, 0), 2**32 - 1)


# ---- and back


def told(call: Call, request_id: str, answer: pb.CompressResponse) -> tuple[list[Turn] | None, Shortened | None]:
    """What the answer means for the conversation, and for the record."""
    if answer.unchanged == pb.CompressResponse.UNCHANGED_SHORT:
        return None, None
    if answer.unchanged:
        return None, Shortened(UNCHANGED.get(answer.unchanged, "unavailable"), spent_tokens=answer.spent_tokens)
    opening = _opening(call.turns, answer)
    if opening is None:
        log.warning("the summarizer answered what cannot be id=%s", request_id)
        return None, Shortened("unavailable", spent_tokens=answer.spent_tokens)
    how = SOURCES.get(answer.source, "model")
    shortened = Shortened(how, answer.replaced_turns, answer.saved_tokens, answer.spent_tokens)
    return [*opening, *call.turns[answer.replaced_turns :]], shortened


def _opening(turns: Sequence[Turn], answer: pb.CompressResponse) -> list[Turn] | None:
    """What stands in place of the replaced turns: instructions that stand as the client sent them, and at least one turn
    that says something new. None for what is anything else.
    """
    replaced, places = answer.replaced_turns, list(answer.standing)
    ascending = places == sorted(set(places))
    if not 0 < replaced <= len(turns) or not ascending or any(place >= replaced for place in places):
        return None
    standing = iter(places)
    opening: list[Turn] = []
    for turn in answer.opening:
        place = next(standing, None) if turn.role == wire.ROLE_SYSTEM else None
        put = _new(turn) if place is None else turns[place]
        if put is None:
            return None
        opening.append(put)
    return opening if next(standing, None) is None and len(opening) > len(places) else None


def _new(turn: wire.Turn) -> Turn | None:
    """A turn of the summarizer's own: one side's plain words, or it is none."""
    role = SPEAKERS.get(turn.role)
    texts = [part.text for part in turn.parts]  # "" for what is no text
    return Turn(role, [Text(text) for text in texts]) if role and texts and all(texts) else None


ROLES: Mapping[Role, Any] = {"user": wire.ROLE_USER, "assistant": wire.ROLE_ASSISTANT, "system": wire.ROLE_SYSTEM}
SPEAKERS: Mapping[int, Role] = {wire.ROLE_USER: "user", wire.ROLE_ASSISTANT: "assistant"}
UNCHANGED: Mapping[int, str] = {
    pb.CompressResponse.UNCHANGED_NO_GAIN: "no-gain",
    pb.CompressResponse.UNCHANGED_MODEL_FAILED: "model-failed",
    pb.CompressResponse.UNCHANGED_LATE: "late",
    pb.CompressResponse.UNCHANGED_BUDGET: "budget",
}
SOURCES: Mapping[int, str] = {
    pb.CompressResponse.SOURCE_MODEL: "model",
    pb.CompressResponse.SOURCE_INCREMENTAL: "incremental",
    pb.CompressResponse.SOURCE_MEMORY: "memory",
    pb.CompressResponse.SOURCE_STORE: "store",
}
# An id that the service does not take is one under which nothing is kept.
ABSENT = frozenset({Code.NOT_FOUND, Code.INVALID_ARGUMENT})
# Between these a channel is on its way.
CONNECTED: Mapping[grpc.ChannelConnectivity, bool] = {State.READY: True, State.TRANSIENT_FAILURE: False, State.SHUTDOWN: False}
