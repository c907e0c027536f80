"""Between the compression contract's messages and values."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from headgate.api.compression.v1 import compression_service_pb2, conversation_pb2
from summarizer.errors import Invalid
from summarizer.shortening.conversation import Call, Conversation, Opaque, Part, Result, Role, Text, Turn
from summarizer.shortening.policy import Policy

DIGEST_BYTES = 32
REASONING = "reasoning"
USUAL = Policy()


def conversation(message: compression_service_pb2.CompressRequest) -> Conversation:
    """Raises Invalid."""
    if not message.key_id or not message.request_id:
        raise Invalid("key_id and request_id are needed")
    return Conversation([_turn(turn) for turn in message.turns[:]], message.overhead_tokens, message.room_tokens)


def policy(request: compression_service_pb2.CompressRequest) -> Policy:
    """Within the ranges; what was not sent is as usual."""
    message = request.policy
    return Policy(
        tokens=request.threshold_tokens or _within(message.tokens, 10_000, 1_000_000, USUAL.tokens),
        turns=_within(message.turns, 20, 2000, USUAL.turns),
        keep_turns=_within(message.keep_turns, 4, 100, USUAL.keep_turns),
        tool_lookback=_within(message.tool_lookback, 4, 20, USUAL.tool_lookback),
        batch_turns=_within(message.batch_turns, 2, 20, USUAL.batch_turns),
        batch_characters=_within(message.batch_characters, 10_000, 100_000, USUAL.batch_characters),
        ratio=_within(message.ratio_thousandths, 50, 500, round(USUAL.ratio * 1000)) / 1000,
        life_minutes=_within(message.life_minutes, 1, 60, USUAL.life_minutes),
        entries=_within(message.entries, 10, 2000, USUAL.entries),
        model=message.model or USUAL.model,
        key_tokens_a_day=message.key_tokens_a_day,
        seconds=_within(message.seconds, 5, 300, USUAL.seconds),
        original_hours=min(message.original_hours, 720),
        only_to_fit=request.only_to_fit,
    )


def turn(value: Turn) -> conversation_pb2.Turn:
    """A turn of ours: text only, as opening turns are. Of one that stands for a client's own only the role matters."""
    parts = [conversation_pb2.Part(text=part.text) for part in value.parts if isinstance(part, Text)]
    return conversation_pb2.Turn(role=SPELLED[value.role], parts=parts, tokens=value.tokens)


def _within(value: int, least: int, most: int, usual: int) -> int:
    return min(max(value, least), most) if value else usual


def _turn(message: conversation_pb2.Turn) -> Turn:
    role = ROLES.get(message.role)
    if role is None:
        raise Invalid("turns: a role is not known")
    tokens, message.tokens = message.tokens, 0
    # Reasoning is part of no summary, and clients leave it out of what is older.
    if any(part.opaque.kind == REASONING for part in message.parts):
        parts = [part for part in message.parts if part.opaque.kind != REASONING]
        del message.parts[:]
        message.parts.extend(parts)
    content = message.SerializeToString(deterministic=True)
    digest = blake2b(content, digest_size=DIGEST_BYTES).digest()
    return Turn(role, tuple(_parts(message)), tokens, digest)


def _parts(message: conversation_pb2.Turn) -> Iterator[Part]:
    for part in message.parts[:]:
        match part.WhichOneof("kind"):
            case "text":
                yield Text(part.text)
            case "tool_call":
                yield Call(part.tool_call.id, part.tool_call.name, part.tool_call.arguments)
            case "tool_result":
                result = part.tool_result
                yield Result(result.call_id, "\n".join(result.text), result.is_error, tuple(each.kind for each in result.opaque))
            case "opaque":
                yield Opaque(part.opaque.kind)


ROLES: Mapping[int, Role] = {
    conversation_pb2.ROLE_USER: "user",
    conversation_pb2.ROLE_ASSISTANT: "assistant",
    conversation_pb2.ROLE_SYSTEM: "system",
}
SPELLED: Mapping[Role, conversation_pb2.Role] = {
    "user": conversation_pb2.ROLE_USER,
    "assistant": conversation_pb2.ROLE_ASSISTANT,
    "system": conversation_pb2.ROLE_SYSTEM,
}
