"""Accept: routes, body limit, ids. The only place where an error becomes a status.

A raw ASGI application: a framework between the socket and the line costs as much as the line
itself (docs/performance.md).
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from dataplane import telemetry
from dataplane.admission import turn_away
from dataplane.connection import HttpClient, Message, Receive, Send
from dataplane.dialects.base import Dialect
from dataplane.errors import GatewayError, Internal, Kind, MethodNotAllowed, NotFound, TooLarge, Unauthenticated, Unavailable
from dataplane.exchange import Line, exchange
from dataplane.network import Origins, Proxies
from dataplane.ports import Caller
from dataplane.progress import Request

log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Headers = Mapping[bytes, bytes]
# Longer than any key, sign-in tokens included.
KEY_LENGTH = 8192
# With "off" nothing is put in front of what the client sent.
SESSIONS = b"x-headgate-session"
# Headers in which clients name their session; the body's own name for it wins.
SESSION_HEADERS = (b"x-claude-code-session-id", b"session-id", b"x-session-id")
# For whom a request is, as the gateway itself says when it calls; longer than any id.
FOR_KEY, FOR_REQUEST = b"x-headgate-for-key", b"x-headgate-for-request"
ID_LENGTH = 200


class Visit:
    """One request on its way in: what was asked, by whom, and where the answer goes."""

    __slots__ = (
        "address",
        "client",
        "dialect",
        "headers",
        "id",
        "lines",
        "method",
        "path",
        "query",
        "raw_path",
        "receive",
        "received_at_ms",
        "started",
    )

    def __init__(self, scope: Scope, headers: Headers, receive: Receive, client: HttpClient, dialect: Dialect, received_at_ms: int) -> None:
        self.headers = headers
        self.lines: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or b""
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self.client = client
        self.dialect = dialect
        self.address = ""
        self.id = client.request_id
        self.started = time.monotonic()
        self.received_at_ms = received_at_ms

    def caller(self) -> Caller:
        """The credential presented; raises Unauthenticated when there is none."""
        key = self.headers.get(b"x-api-key")
        if key is None:
            scheme, _, rest = self.headers.get(b"authorization", b"").partition(b" ")
            key = rest.strip() if scheme.lower() == b"bearer" else b""
        if not key or len(key) > KEY_LENGTH:
            telemetry.REFUSALS.labels(Kind.UNAUTHENTICATED).inc()
            raise Unauthenticated("no API key, or none that could be one: send it as `x-api-key` or as `Authorization: Bearer`")
        if FOR_KEY in self.headers or FOR_REQUEST in self.headers:
            return Caller(key.decode("latin-1"), self.address, self._id(FOR_KEY), self._id(FOR_REQUEST))
        return Caller(key.decode("latin-1"), self.address)

    def _id(self, name: bytes) -> str:
        return self.headers.get(name, b"")[:ID_LENGTH].decode("latin-1")

    def session(self) -> str:
        """The client's name for the conversation, as its headers have it; "" when they do not."""
        for name in SESSION_HEADERS:
            if name in self.headers:
                return self.headers[name].decode("latin-1")
        return ""

    def carried(self) -> dict[str, str]:
        """The headers that belong to the dialect; of one that came in several lines, all its values."""
        found: dict[str, str] = {}
        for name in self.dialect.headers:
            key = name.encode()
            if key in self.headers:
                found[name] = b",".join([value for line, value in self.lines if line == key]).decode("latin-1")
        return found

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises TooLarge, on the announced length already."""
        announced = self.headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            raise too_large(limit)
        message = await self.receive()
        if not message.get("more_body"):
            return self._piece(message, 0, limit)
        pieces, size = [self._piece(message, 0, limit)], 0
        while message.get("more_body"):
            size += len(pieces[-1])
            message = await self.receive()
            pieces.append(self._piece(message, size, limit))
        return b"".join(pieces)

    @staticmethod
    def _piece(message: Message, before: int, limit: int) -> bytes:
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        piece: bytes = message.get("body", b"")
        if before + len(piece) > limit:
            raise too_large(limit)
        return piece


Endpoint = Callable[[Visit], Awaitable[None]]
Route = tuple[dict[str, Endpoint], Dialect | None]


class Server:
    """The ASGI application. `routes` maps a path to its endpoints by method and their dialect. `sessions`: what was said
    before may be put in front of what a user says.
    """

    def __init__(
        self,
        line: Line,
        speaks: Callable[[Headers], Dialect],
        *,
        max_body_bytes: int,
        origins: Origins,
        proxies: Proxies,
        sessions: bool = True,
    ) -> None:
        self._line = line
        self._sessions = sessions
        self._speaks = speaks
        self._limit = max_body_bytes
        self._origins = origins
        self._proxies = proxies
        self._routes: dict[str, Route] = {}
        self._families: list[tuple[str, Route]] = []

    def route(self, path: str, endpoints: dict[str, Endpoint], dialect: Dialect | None = None) -> None:
        """Serve `path`, or with `/*` at its end everything below it.

        Without a dialect, answers and errors are in the one that the caller's headers speak.
        """
        if path.endswith("/*"):
            self._families.append((path[:-1], (endpoints, dialect)))
        else:
            self._routes[path] = (endpoints, dialect)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        endpoints, dialect = self._find(scope["path"])
        visit = self._visit(scope, receive, send, dialect)
        endpoint = endpoints.get(scope["method"])
        if scope["method"] == "OPTIONS" and endpoint is None:
            await self._preflight(visit, send)
            return
        await self._attend(visit, endpoint or self._missing(endpoints))

    async def converse(self, visit: Visit) -> None:
        """Answer a conversation."""
        request = Request(
            id=visit.id,
            caller=visit.caller(),
            body=b"",
            dialect=visit.dialect.name,
            received_at_ms=visit.received_at_ms,
            started=visit.started,
            session=visit.session(),
            headers=visit.carried(),
            remembers=self._sessions and visit.headers.get(SESSIONS) != b"off",
            sent=visit.headers,
        )
        try:
            request.body = await visit.body(self._limit)
        except TooLarge as error:
            await turn_away(self._line.control, request, visit.client, error)
            raise
        await exchange(self._line, visit.dialect, request, visit.client)

    async def read(self, visit: Visit) -> bytes:
        """The body of a request, within the limit."""
        return await visit.body(self._limit)

    # ---- one visit

    async def _attend(self, visit: Visit, endpoint: Endpoint) -> None:
        """Run an endpoint; the process edge where everything unexpected becomes a 500."""
        client = visit.client
        task = asyncio.current_task()
        assert task is not None
        left = Departure(task, client)
        client.watch(left.leave)
        visit.receive = left.listening(visit.receive)
        try:
            await endpoint(visit)
        except GatewayError as error:
            await client.fail(error)
        except asyncio.CancelledError:
            if not left.gone:
                # The listener is closing and has waited long enough.
                await client.fail(Unavailable("the gateway is being stopped; try again", kind=Kind.STANDBY, retry_after=1))
        except Exception:
            log.exception("request failed id=%s path=%s", visit.id, visit.path)
            await client.fail(Internal("an error inside the gateway; the log has it under this request's id"))
        finally:
            client.rest()
            left.stop()

    def _visit(self, scope: Scope, receive: Receive, send: Send, dialect: Dialect | None) -> Visit:
        received_at_ms = time.time_ns() // 1_000_000
        # The time in front keeps neighbours together in the database's index: random ids would each touch a page of
        # their own. 52 random bits tell requests of one millisecond apart.
        request_id = f"req_{received_at_ms:011x}{os.urandom(7).hex()[:13]}"
        headers: Headers = dict(scope["headers"])
        dialect = dialect or self._speaks(headers)
        visit = Visit(scope, headers, receive, HttpClient(send, dialect, request_id), dialect, received_at_ms)
        visit.address = self._proxies.client((scope.get("client") or ("",))[0], _forwarded(scope, headers))[:64]
        ours = [(b"x-request-id", request_id.encode()), (b"request-id", request_id.encode()), *self._origins.headers(headers)]
        if theirs := headers.get(b"x-request-id"):
            ours.append((b"x-client-request-id", theirs[:200]))
        visit.client.headers = ours
        visit.client.explains = headers.get(b"x-headgate-explain") == b"1"
        return visit

    async def _preflight(self, visit: Visit, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": self._origins.preflight(visit.headers)})
        await send({"type": "http.response.body", "body": b""})

    def _find(self, path: str) -> "Route":
        if path in self._routes:
            return self._routes[path]
        for prefix, route in self._families:
            if path.startswith(prefix):
                return route
        return {}, None

    @staticmethod
    def _missing(endpoints: dict[str, Endpoint]) -> Endpoint:
        async def missing(visit: Visit) -> None:
            if endpoints:
                visit.client.say("allow", ", ".join(sorted(endpoints)))
                raise MethodNotAllowed(f"{visit.method} is not allowed here; {', '.join(sorted(endpoints))} is")
            raise NotFound(f"{visit.path} is not offered by this gateway", kind=Kind.ROUTE_NOT_FOUND)

        return missing


def _forwarded(scope: Scope, headers: Headers) -> str:
    """All X-Forwarded-For lines as one: each proxy may have added its own."""
    if b"x-forwarded-for" not in headers:
        return ""
    return b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")


class Departure:
    """Notices that the client has left and ends the task that works for it.

    One task for each visit waits for the disconnect from the moment the body was read. A client that
    has its whole answer may go: what is left of the work is counting.
    """

    def __init__(self, task: "asyncio.Task[Any]", client: HttpClient) -> None:
        self.gone = False
        self._task = task
        self._client = client
        self._watcher: asyncio.Task[None] | None = None

    def listening(self, receive: Receive) -> Receive:
        """`receive` that starts the watch after the last piece of the body."""

        async def listen() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone = True
            elif not message.get("more_body"):
                self._watcher = asyncio.ensure_future(self._watch(receive))
            return message

        return listen

    def leave(self) -> None:
        self.gone = True
        if not self._client.complete:
            self._task.cancel()

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.leave()


def too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than this gateway accepts ({limit} bytes)")
