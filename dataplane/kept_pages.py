"""What a key can ask about its kept conversations: answers by id, and sessions by user."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from dataplane.conversation.kept import Session
from dataplane.dialects.base import Dialect
from dataplane.errors import InvalidRequest, Kind, MethodNotAllowed, NotFound
from dataplane.ports import Control, Conversations
from dataplane.server import Server, Visit

RESPONSES = "/v1/responses"
SESSIONS = "/v1/sessions"
# Sessions on a page, unless the query says otherwise; and at most.
PAGE, MOST = 50, 200
# The code by which clients that prefer a WebSocket know to go on without one (client notes, section 1).
UPGRADE_REQUIRED = 426


class KeptPages:
    """The endpoints. `responses` is the dialect in which answers are kept."""

    def __init__(self, control: Control, store: Conversations, responses: Dialect) -> None:
        self._control = control
        self._store = store
        self._responses = responses

    def install(self, server: Server) -> None:
        """Register every page, and the conversations of the dialect itself."""
        server.route(RESPONSES, {"POST": server.converse, "GET": self.upgrade}, self._responses)
        server.route(f"{RESPONSES}/*", {"GET": self.answer, "DELETE": self.forget}, self._responses)
        server.route(SESSIONS, {"GET": self.sessions})
        server.route(f"{SESSIONS}/*", {"DELETE": self.forget_session})

    async def upgrade(self, visit: Visit) -> None:
        """A client that wants a WebSocket is told to use POST; any other has mistaken the method."""
        visit.client.say("allow", "POST")
        if visit.headers.get(b"upgrade", b"").lower() != b"websocket":
            raise MethodNotAllowed("GET is not allowed here; POST is")
        refused = (
            b'{"error":{"message":"this gateway speaks HTTP here: send POST","type":"invalid_request_error","param":null,"code":null}}'
        )
        await visit.client.reply(refused, status=UPGRADE_REQUIRED)

    async def answer(self, visit: Visit) -> None:
        """One kept answer, as its client got it."""
        key_id = await self._key(visit)
        await visit.client.reply(await self._store.answer(key_id, _name(visit, RESPONSES)))

    async def forget(self, visit: Visit) -> None:
        key_id, name = await self._key(visit), _name(visit, RESPONSES)
        await self._store.forget(key_id, name)
        await visit.client.reply(_dump({"id": name, "object": "response", "deleted": True}))

    async def sessions(self, visit: Visit) -> None:
        """The calling key's sessions, by user, a page at a time."""
        key_id = await self._key(visit)
        query = dict(parse_qsl(visit.query.decode("latin-1")))
        found, more = await self._store.sessions(key_id, query.get("cursor", ""), _limit(query))
        told = {"sessions": [_session(each) for each in found], "nextCursor": found[-1].user if found and more else None}
        await visit.client.reply(_dump(told))

    async def forget_session(self, visit: Visit) -> None:
        await self._store.forget_session(await self._key(visit), _name(visit, SESSIONS))
        await visit.client.reply(b"", status=204)

    async def _key(self, visit: Visit) -> str:
        return (await self._control.identify(visit.caller())).key_id


def _name(visit: Visit, below: str) -> str:
    """The id at the end of the path. Raises NotFound for more than that: nothing is offered there."""
    # The path as it was sent: a user's name may hold an escaped slash.
    name = visit.raw_path.decode("latin-1").partition("?")[0][len(below) + 1 :]
    if not name or "/" in name:
        raise NotFound(f"{visit.path} is not offered by this gateway", kind=Kind.ROUTE_NOT_FOUND)
    return unquote(name)


def _limit(query: Mapping[str, str]) -> int:
    said = query.get("limit", str(PAGE))
    # Short enough first: numbers of thousands of digits are refused by the language itself.
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(MOST)) and 1 <= int(said) <= MOST):
        raise InvalidRequest(f"limit: a number between 1 and {MOST} is wanted", param="limit")
    return int(said)


def _session(found: Session) -> dict[str, Any]:
    return {
        "user": found.user,
        "turns": found.turns,
        "bytes": found.bytes,
        "updatedAt": _time(found.updated_at_ms),
        "expiresAt": _time(found.expires_at_ms),
    }


def _time(ms: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
