"""The client of one request, over ASGI: the two marks, keep-alives, back-pressure, disconnects."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import quote

from dataplane.dialects.base import Dialect, Encoder
from dataplane.errors import GatewayError
from dataplane.windows import Windows

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

# A stream is opened at the latest this long after its request was read.
OPEN_SECONDS = 10.0
# Half the longest silence: a beat is sent when a whole period passed without a byte.
PERIOD_SECONDS = 7.0
# How long a client may refuse to take a byte before it counts as gone.
STUCK_SECONDS = 300.0
# Statuses that always say when to come back (some clients give up at the first 429 that does not),
# and what they say where nobody knows better.
RETRYABLE = frozenset({429, 503, 529})
RETRY_SECONDS = 30
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
# Headers that only a client that asked for an explanation gets.
EXPLAINING = frozenset({"x-headgate-account", "x-headgate-attempts", "x-headgate-overhead-ms"})
SSE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    # Asks nginx not to collect the stream.
    (b"x-accel-buffering", b"no"),
)


# An answer of this status has no body, not even an empty one (RFC 9110, 8.6).
NO_CONTENT = 204


class HttpClient:
    """The Client port. `headers` go out with every answer; `explains` adds those of EXPLAINING.

    `complete`: the whole answer was sent, so that nobody leaves too early any more.
    """

    def __init__(self, send: Send, dialect: Dialect, request_id: str) -> None:
        self.opened = False
        self.committed = False
        self.complete = False
        self.request_id = request_id
        self.headers: Sequence[Header] = ()
        self.explains = False
        self._send = send
        self._dialect = dialect
        self._said: dict[str, str] = {}
        self._windows: Windows | None = None
        self._fresh: Callable[[], Encoder] | None = None
        self._encoder: Encoder | None = None
        self._stream = False
        self._ended = False
        self._quiet = False
        self._stuck_since: float | None = None
        self._gone: Callable[[], None] = lambda: None
        self._timer: asyncio.TimerHandle | None = None

    # ---- what the line does

    def say(self, name: str, value: str) -> None:
        if not value:
            self._said.pop(name, None)
        elif self.explains or name not in EXPLAINING:
            # Values may hold names of the client's making.
            self._said[name] = value if value.isascii() and value.isprintable() else quote(value, safe=PRINTABLE)

    def limited(self, windows: Windows) -> None:
        self._windows = windows

    def prepare(self, *, stream: bool, fresh: Callable[[], Encoder]) -> None:
        self._fresh, self._stream = fresh, stream
        if stream:
            self._timer = asyncio.get_running_loop().call_later(OPEN_SECONDS, self._beat)

    def encoder(self) -> Encoder:
        assert self._fresh is not None, "prepare comes first"
        self._encoder = self._fresh()
        return self._encoder

    def status_of(self, error: GatewayError) -> int:
        return self._dialect.error(error, self.request_id)[0]

    async def send(self, data: bytes) -> None:
        self.committed = True
        if not self.opened:
            await self._open()
        self._quiet = False
        await self._body(data, more=True)

    async def finish(self, data: bytes) -> None:
        self.committed = self._ended = True
        if not self.opened:
            if self._stream:
                await self._open()
            else:
                await self.reply(data)
                self.complete = True
                return
        await self._body(data, more=False)
        self.complete = True
        self.rest()

    # ---- what the server does

    def watch(self, gone: Callable[[], None]) -> None:
        """Call `gone` when the client does not take its answer."""
        self._gone = gone

    def rest(self) -> None:
        """No more keep-alives."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def fail(self, error: GatewayError) -> None:
        """Tell the error: as a status, or after *opened* as the dialect's event.

        Then the stream is left without its end, so that every HTTP library reports it as broken.
        """
        self._ended = True
        if not self.opened:
            status, body = self._dialect.error(error, self.request_id)
            if error.retry_after is not None or status in RETRYABLE:
                self._said["retry-after"] = str(max(1, error.retry_after or RETRY_SECONDS))
            self._windows = error.windows or self._windows
            await self.reply(body, status=status)
        else:
            encoder = self._encoder or self.encoder()
            await self._body(encoder.fail(error, self.request_id), more=True)
        self.rest()

    async def reply(self, body: bytes, *, status: int = 200, content_type: bytes = b"application/json") -> None:
        """A whole answer at once."""
        self._ended = True
        about = ((b"content-type", content_type), (b"content-length", str(len(body)).encode()))
        await self._start(status, () if status == NO_CONTENT else about)
        await self._send({"type": "http.response.body", "body": body})

    # ---- bytes

    async def _open(self) -> None:
        if self._timer is not None:
            # From the first byte on, silences are counted by periods.
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(PERIOD_SECONDS, self._beat)
        await self._start(200, SSE_HEADERS)

    async def _start(self, status: int, headers: Sequence[Header]) -> None:
        # Set before the wait, so that nobody else starts too; nothing was opened if it did not succeed.
        self.opened = True
        try:
            await self._send({"type": "http.response.start", "status": status, "headers": [*self._all_headers(), *headers]})
        except BaseException:
            self.opened = False
            raise

    async def _body(self, data: bytes, *, more: bool) -> None:
        self._stuck_since = asyncio.get_running_loop().time()
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
        self._stuck_since = None

    def _all_headers(self) -> list[Header]:
        said = [*self.headers, *((name.encode(), value.encode("latin-1", "replace")) for name, value in self._said.items())]
        return said if self._windows is None else [*said, *self._rates(self._windows)]

    def _rates(self, windows: Windows) -> list[Header]:
        """Where the key's limits stand, and that pages in browsers may read it: few keys have limits, so the
        names of these headers are not among those that every answer exposes.
        """
        told = self._dialect.rate_headers(windows, time.time_ns() // 1_000_000)
        names = ", ".join(name for name, _ in told)
        exposed = [(b"access-control-expose-headers", names.encode())] if told else []
        return [*((name.encode(), value.encode()) for name, value in told), *exposed]

    # ---- keep-alive

    def _beat(self) -> None:
        """Runs every period: open what is late, break a silence, notice a client that takes nothing."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PERIOD_SECONDS, self._beat)
        if self._stuck_since is not None:
            if loop.time() - self._stuck_since > STUCK_SECONDS:
                self._gone()
        elif not self._ended and (self._quiet or not self.opened):
            self._beating = asyncio.ensure_future(self._keep_alive())
        self._quiet = True

    async def _keep_alive(self) -> None:
        if self._ended:
            return
        if not self.opened:
            await self._open()
        await self._body(self._dialect.heartbeat if self.committed else self._dialect.keepalive, more=True)
