"""The answer object that surrounds the items, and the answer as it is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dataplane.conversation.events import FinishReason, Usage
from dataplane.conversation.kept import Item, KeptAnswer
from dataplane.conversation.model import Call, Stamp
from dataplane.dialects.openai_responses.asked import Asked, echo
from dataplane.dialects.openai_responses.output import FINISH, Items, usage
from dataplane.errors import GatewayError, Kind
from dataplane.wire.jsontext import Raw, dumps, string

Fields = dict[str, Any]

_members = msgspec.json.Decoder(dict[str, Raw]).decode


class Answer:
    """One answer. What is the same in all its forms is put together once."""

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self._call = call
        self._stamp = stamp
        self.items = Items(stamp.id, call.tools)
        self.id = f"resp_{stamp.id}"
        repeated = call.echo if isinstance(call, Asked) else echo({})
        identity = b'{"id":%b,"object":"response","created_at":%d,"model":%b,' % (string(self.id), stamp.created, string(call.model))
        self._head = identity + FIXED + repeated

    def begun(self) -> bytes:
        """Before there is anything of it."""
        return self._written("in_progress", [], None)

    def ended(self, reason: FinishReason, output: Sequence[Item], seen: Usage) -> bytes:
        status, why = FINISH[reason]
        return self._written(status, output, usage(seen), incomplete_details={"reason": why} if why else None)

    def failed(self, error: GatewayError, output: Sequence[Item]) -> bytes:
        """Broken off, with the items that were complete by then."""
        code, message = CODES[error.kind], error.message
        if code == LATER and error.retry_after:
            # Where Codex looks for it: an event has no headers.
            message = f"{message.rstrip('.')}. Please try again in {error.retry_after}s."
        return self._written("failed", output, None, error={"code": code, "message": message})

    def kept(self, body: bytes, output: Sequence[Item]) -> KeptAnswer | None:
        """What the client wants kept; None where it wants nothing."""
        if not isinstance(self._call, Asked) or not self._call.keep:
            return None
        given = [named(item, self.items.id("in", place)) for place, item in enumerate(self._call.given)]
        return KeptAnswer(self.id, self._call.previous, body, given, list(output))

    def _written(self, status: str, output: Sequence[Item], counted: Fields | None, **why: Fields | None) -> bytes:
        told = {"status": status, "error": None, "incomplete_details": None, **why}
        listed = Raw(b"[%b]" % b",".join([item.json for item in output]))
        return b"%b,%b" % (self._head, dumps({**told, "output": listed, "usage": counted})[1:])


def named(item: Item, name: str) -> Item:
    """An input item with an id: the client's, else `name`."""
    if item.id:
        return item
    return Item(name, dumps({**_members(item.json), "id": name}))


# Not offered, or not known: nobody hands the time of the end to an encoder.
FIXED = b'"background":false,"completed_at":null,"frequency_penalty":0,"presence_penalty":0,"service_tier":"default","top_logprobs":0,'
LATER = "rate_limit_exceeded"
# Codes of a broken answer. `server_error` makes Codex try again; the two that OpenAI's own list has not are those
# at which clients shorten the conversation, or give up.
CODES: Mapping[Kind, str] = {
    **dict.fromkeys(Kind, "server_error"),
    Kind.INVALID_REQUEST: "invalid_prompt",
    Kind.UPSTREAM_REJECTED: "invalid_prompt",
    Kind.CONTEXT_TOO_LONG: "context_length_exceeded",
    Kind.RATE_LIMITED: LATER,
    Kind.ACCOUNTS_BUSY: LATER,
    Kind.QUOTA_EXHAUSTED: "insufficient_quota",
    Kind.ACCOUNTS_EXHAUSTED: "insufficient_quota",
}
