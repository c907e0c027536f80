"""One connection to an upstream, speaking HTTP/1.1: one request at a time, then its answer.

    IDLE ──asked──> HEAD ──headed──> BODY ──ended──> DONE ──rested──> IDLE
                     └─────────────────┴──────┬────────┴───────────────┘
                                            closed ──> CLOSED

httptools finds the borders of the message; what is here decides what a border means: which answers
have no body, which may end with the connection, and after which one another request may follow.
Nothing is decoded: a body passes as it came.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum, auto
from typing import cast

import httptools

# Above HIGH_BYTES of untaken body the socket is not read; taking empties the buffer.
HIGH_BYTES = 128 * 1024
# Status line and headers, those of interim answers and trailers included.
HEAD_BYTES = 64 * 1024
# Statuses below OK announce the real answer (RFC 9110 15.2), but for SWITCHING, which has to be asked for.
CONTINUE, SWITCHING, OK = 100, 101, 200


class HttpError(Exception):
    """What can go wrong with a connection. Messages never hold what the upstream sent."""


class Unreachable(HttpError):
    """There is no connection: name, address, handshake or certificate."""


class Disconnected(HttpError):
    """It was closed before the answer's headers were whole; with a kept connection, by chance just now."""


class Malformed(HttpError):
    """Instead of an answer's headers came something else, or too much of it."""


class Cut(HttpError):
    """The answer broke off in its body."""


class Silent(HttpError):
    """Nothing came for too long."""


class State(StrEnum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    DONE = auto()
    CLOSED = auto()


class Event(StrEnum):
    ASKED = auto()
    HEADED = auto()
    ENDED = auto()
    RESTED = auto()
    CLOSED = auto()


class Connection(asyncio.Protocol):
    """A connection; `gone` is told once when it is of no more use.

    Whoever reads is one task, which may be cancelled at any point and then calls `close`.
    `status` and `headers` (lower case, repeated ones joined by a comma) are of the last answer.
    """

    def __init__(self, idle_seconds: float, gone: Callable[["Connection"], None]) -> None:
        self.state = State.IDLE
        self.status = 0
        self.headers: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self._idle_seconds = idle_seconds
        self._gone = gone
        self._parser = httptools.HttpResponseParser(self)
        self._error: HttpError | None = None
        # The answer at hand.
        self._pieces: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._overhead = 0
        self._bodiless = False
        self._interim = False
        self._to_the_end = False
        self._kept = False
        # Who waits for it, and until when.
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # ---- what an exchange does

    async def ask(self, request: bytes, *, bodiless: bool = False) -> None:
        """Send a request and wait for the answer's headers. `bodiless`: the answer has no body (HEAD).

        Raises Disconnected, Malformed or Silent.
        """
        if self.state is State.CLOSED:
            raise Disconnected("closed while idle")
        self._move(Event.ASKED)
        self.headers, self._bodiless, self._overhead = {}, bodiless, 0
        self._transport.write(request)
        while self.state is State.HEAD:
            await self._arrival()
        if self._error is not None and not self.status:
            raise self._error

    async def read(self) -> bytes:
        """What has arrived of the body, waiting for something; b"" at its end. Raises Cut or Silent."""
        while not self._pieces:
            if self.state is not State.BODY:
                if self._error is not None:
                    raise self._error
                return b""
            await self._arrival()
        pieces, self._pieces, self._size = self._pieces, [], 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def rest(self) -> bool:
        """Make ready for another request, if the answer leaves the connection fit for one."""
        if self.state is not State.DONE or not self._kept or self._pieces or self._transport.get_write_buffer_size():
            return False
        self.status = 0
        self._move(Event.RESTED)
        return True

    def close(self, reason: str = "closed by the gateway") -> None:
        """Break the connection off. An answer that was still due has failed; what has arrived of it can be read first."""
        self._break(LOST.get(self.state), reason)

    # ---- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of that class

    def data_received(self, data: bytes) -> None:
        if self.state is not State.HEAD and self.state is not State.BODY:
            # Nobody asked for this: what it belongs to cannot be known, and what follows neither.
            self.close()
            return
        state, size = self.state, self._size
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(GARBLED.get(self.state), str(error.__context__ or error))
            return
        self._overhead = 0 if self._size > size or self.state is not state else self._overhead + len(data)
        if self._overhead > HEAD_BYTES:
            self._break(GARBLED[self.state], "too much of it without content")
            return
        self._wake()
        if self._size > HIGH_BYTES and self.state is State.BODY and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self.state is State.BODY and self._to_the_end and error is None:
            self._move(Event.ENDED)
        self.close(f"closed by the upstream: {error}" if error else "closed by the upstream")
        if self._timer is not None:
            self._timer.cancel()
        del self._parser  # it holds methods of this object

    # ---- what the parser calls

    def on_message_begin(self) -> None:
        if self.state is State.DONE:
            raise Malformed("something follows the answer")
        self.headers, self._head_size = {}, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > HEAD_BYTES:
            raise Malformed("the headers are too large")
        if self.state is State.HEAD:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        self._interim = status < OK
        if status == SWITCHING or status < CONTINUE:
            raise Malformed(f"status {status} without being asked")
        if self._interim:
            return
        self.status = status
        self._kept = self._parser.should_keep_alive() and not self._bodiless
        self._to_the_end = self._ends_with_connection()
        self._move(Event.HEADED)
        if self._bodiless:
            self._move(Event.ENDED)

    def on_body(self, piece: bytes) -> None:
        if self.state is not State.BODY:
            raise Malformed("a body where none can be")
        self._pieces.append(piece)
        self._size += len(piece)

    def on_message_complete(self) -> None:
        if not self._interim and self.state is State.BODY:
            self._move(Event.ENDED)

    # ---- inside

    def _move(self, event: Event) -> None:
        self.state = NEXT[self.state, event]

    def _ends_with_connection(self) -> bool:
        """Whether the end of the connection is that of the body: where no other end is announced (RFC 9112 6.3).
        It looks no different from an accident, so whoever decodes the body has to know when it is whole.
        """
        return "content-length" not in self.headers and "chunked" not in self.headers.get("transfer-encoding", "").lower()

    def _break(self, kind: type[HttpError] | None, reason: str) -> None:
        if self.state is not State.CLOSED:
            self._error = kind(reason) if kind else None
            self._move(Event.CLOSED)
            self._transport.abort()
            self._wake()
            self._gone(self)

    async def _arrival(self) -> None:
        """Wait until something has come or the connection is closed."""
        self._deadline = self._loop.time() + self._idle_seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._ring)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _ring(self) -> None:
        """Runs at what was the deadline when it was set. Most often the deadline has moved on, or nobody waits."""
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._ring)
        else:
            self._break(Silent, f"nothing came for {self._idle_seconds:g} s")


NEXT = {
    (State.IDLE, Event.ASKED): State.HEAD,
    (State.HEAD, Event.HEADED): State.BODY,
    (State.BODY, Event.ENDED): State.DONE,
    (State.DONE, Event.RESTED): State.IDLE,
    (State.IDLE, Event.CLOSED): State.CLOSED,
    (State.HEAD, Event.CLOSED): State.CLOSED,
    (State.BODY, Event.CLOSED): State.CLOSED,
    (State.DONE, Event.CLOSED): State.CLOSED,
}

# What it means for an answer that the connection is closed, or that what came is not HTTP. In the
# other states no answer is due, so nobody has lost one.
LOST: dict[State, type[HttpError]] = {State.HEAD: Disconnected, State.BODY: Cut}
GARBLED: dict[State, type[HttpError]] = {State.HEAD: Malformed, State.BODY: Cut}
