"""The Summarizer port over gRPC: a Call to the contract's conversation and back."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import grpc

from dataplane.conversation.model import Call, Document, Image, Media, Part, Role, Text, ToolCall, ToolResult, Turn
from dataplane.ports import Compressed
from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as service
from headgate.api.compression.v1 import conversation_pb2 as wire
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub

log = logging.getLogger(__name__)

# A summary of a long conversation takes a model call or several; longer than this nobody waits.
SECONDS = 90.0


class Summarizer:
    """Asks the service; any failure means that the conversation passes as it is."""

    def __init__(self, address: str, token: str | None) -> None:
        self._channel = rpc.channel(address)
        self._stub = CompressionServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._metadata = rpc.metadata(token)

    async def compress(self, call: Call, key_id: str, request_id: str, budget_tokens: int) -> Compressed | None:
        carrier = Carrier()
        ask = service.CompressRequest(key_id=key_id, request_id=request_id, conversation=carrier.pack(call), budget_tokens=budget_tokens)
        try:
            answer = await self._stub.Compress(ask, timeout=SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            log.warning("summarizer unavailable id=%s code=%s", request_id, error.code().name)
            return None
        if answer.unchanged:
            return None
        try:
            turns = carrier.unpack(answer.conversation)
        except LookupError:
            log.warning("summarizer answered with parts that were not sent id=%s", request_id)
            return None
        return Compressed(replace(call, turns=turns, media=media(turns), raw=b""), answer.replaced_turns, answer.saved_tokens)

    async def close(self) -> None:
        await self._channel.close(None)


def media(turns: Sequence[Turn]) -> list[Media]:
    """The pictures and files that are left."""
    parts = [part for turn in turns for part in turn.parts]
    flat = [each for part in parts for each in (part.parts if isinstance(part, ToolResult) else (part,))]
    return [each for each in flat if isinstance(each, Image | Document)]


class Carrier:
    """Packs a conversation for the journey; what the summarizer cannot read stays here, numbered."""

    def __init__(self) -> None:
        self._kept: list[Part] = []

    def pack(self, call: Call) -> wire.Conversation:
        turns = [wire.Turn(role=ROLES[turn.role], parts=map(self._pack, turn.parts)) for turn in call.turns]
        return wire.Conversation(system="\n\n".join(call.system), turns=turns)

    def unpack(self, conversation: wire.Conversation) -> list[Turn]:
        return [Turn(NAMES[turn.role], [self._unpack(part) for part in turn.parts]) for turn in conversation.turns]

    def _pack(self, part: Part) -> wire.Part:
        match part:
            case Text(text):
                return wire.Part(text=text)
            case ToolCall(id, name, arguments):
                return wire.Part(tool_call=wire.ToolCall(id=id, name=name, arguments=arguments))
            case ToolResult(call_id, parts, is_error):
                texts = [each.text for each in parts if isinstance(each, Text)]
                others = [self._keep(each) for each in parts if not isinstance(each, Text)]
                return wire.Part(tool_result=wire.ToolResult(call_id=call_id, text=texts, is_error=is_error, opaque=others))
            case _:
                return wire.Part(opaque=self._keep(part))

    def _unpack(self, part: wire.Part) -> Part:
        match part.WhichOneof("kind"):
            case "text":
                return Text(part.text)
            case "tool_call":
                return ToolCall(part.tool_call.id, part.tool_call.name, part.tool_call.arguments)
            case "tool_result":
                result = part.tool_result
                kept = [self._kept[number] for number in result.opaque]
                parts = [*map(Text, result.text), *(each for each in kept if isinstance(each, Image | Document))]
                return ToolResult(result.call_id, parts, result.is_error)
            case _:
                return self._kept[part.opaque]

    def _keep(self, part: Part) -> int:
        self._kept.append(part)
        return len(self._kept) - 1


ROLES = {"user": wire.ROLE_USER, "assistant": wire.ROLE_ASSISTANT, "system": wire.ROLE_SYSTEM}
NAMES: dict[int, Role] = {wire.ROLE_USER: "user", wire.ROLE_ASSISTANT: "assistant", wire.ROLE_SYSTEM: "system"}
