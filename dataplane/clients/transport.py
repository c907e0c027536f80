"""HTTP to upstreams: plans carried out over pooled connections.

What goes wrong with a connection becomes a fault here and nowhere else. Nothing is decoded: bodies pass as they came.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import NamedTuple, Self

from dataplane.clients.http1 import Connection, Cut, Disconnected, HttpError, Malformed, Silent, Unreachable
from dataplane.clients.pool import Pool
from dataplane.clients.proxying import LOGIN_WANTED, NONSENSE, refused
from dataplane.clients.request import encode
from dataplane.errors import BadUpstream, Cause, GatewayError, Overloaded, Retry, UpstreamFault, UpstreamTimeout
from dataplane.ports import Stream
from dataplane.upstreams.base import HttpRequest, Plan, Reply

# An error body is read for its reason, not for its length.
ERROR_BYTES = 64 * 1024
# A whole answer to one of the smaller exchanges of a plan.
WHOLE_BYTES = 16 * 1024 * 1024
# Of the time that is left, so that the plan hears of silence before the attempt is ended around it.
SHARE = 0.97
# An upstream's words in a fault are for the request log.
DETAIL_LENGTH = 300


class Transport:
    """The Transport port. To be made inside the running loop; `close` ends all connections.

    `idle_seconds` is how long an upstream may be silent, before its answer as well as within.
    """

    def __init__(self, idle_seconds: float) -> None:
        self._pool = Pool(idle_seconds)

    def follow(self, plan: Plan, until: float | None = None, proxy_url: str = "") -> AbstractAsyncContextManager[Stream]:
        return Following(self._pool, plan, until, proxy_url)

    async def close(self) -> None:
        await self._pool.close()


class Following(AbstractAsyncContextManager[Stream]):
    """One plan being carried out; inside the context, the answer it named."""

    def __init__(self, pool: Pool, plan: Plan, until: float | None, proxy_url: str) -> None:
        self._pool = pool
        self._plan = plan
        self._until = until
        self._proxy_url = proxy_url  # may hold a password
        # Whether the plan has been told of a fault: then it must hear of the next one too, to tell them all.
        self._lossy = False
        self._connection: Connection | None = None
        self.reply = Reply(0, {})

    async def __aenter__(self) -> Self:
        try:
            request = next(self._plan)
            while True:
                answer = await self._exchange(request)
                # A plan may know another place to ask.
                request = self._plan.throw(answer) if isinstance(answer, UpstreamFault) else self._plan.send(answer)
        except StopIteration as named:
            assert self._connection is not None, "a plan ends with an answer"
            self.reply = named.value
            return self
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None) -> None:
        self._leave()

    async def read(self) -> bytes:
        assert self._connection is not None
        try:
            return await self._connection.read()
        except HttpError as error:
            raise fault(error) from error

    async def _exchange(self, request: HttpRequest) -> Reply | UpstreamFault:
        """The answer, or why there is none."""
        self._leave()
        try:
            if request.seconds is None and not request.elsewhere and not self._lossy:
                return await self._asked(request)  # the attempt itself has an end
            async with asyncio.timeout(self._patience(request)):
                return await self._asked(request)
        except HttpError as error:
            return self._lost(error)
        except TimeoutError:
            return self._lost(Silent("no answer in time"))

    async def _asked(self, request: HttpRequest) -> Reply:
        way, data = encode(request, self._proxy_url)
        connection = self._connection = await self._pool.connect(way)
        try:
            await connection.ask(data, bodiless=request.method == "HEAD")
        except Malformed as error:
            if not way.forwarded:
                raise
            # A proxy that reads an upstream's nonsense answers with a status of its own.
            raise Unreachable(NONSENSE) from error
        if connection.status == LOGIN_WANTED and way.forwarded:
            raise refused(LOGIN_WANTED)
        streamed = request.streamed and connection.status < 400
        return Reply(connection.status, connection.headers, b"" if streamed else await self._whole(connection))

    def _lost(self, error: HttpError) -> UpstreamFault:
        self._leave()
        self._lossy = True
        found = fault(error)
        found.__cause__ = error
        return found

    def _patience(self, request: HttpRequest) -> float | None:
        """Seconds that this request may wait for its answer, None for as long as the connection lives."""
        if self._until is None:
            return request.seconds
        left = SHARE * max(0.0, self._until - asyncio.get_running_loop().time())
        if request.elsewhere:
            left /= 2
        return left if request.seconds is None else min(left, request.seconds)

    async def _whole(self, connection: Connection) -> bytes:
        """The body, cut where it is longer than anybody needs."""
        limit = ERROR_BYTES if connection.status >= 400 else WHOLE_BYTES
        pieces, size = [], 0
        while size < limit and (piece := await connection.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)[:limit]

    def _leave(self) -> None:
        """Give the connection back if the answer was read to its end, else break it off."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)


def fault(error: HttpError) -> UpstreamFault:
    """What the failure of a connection means for the attempt."""
    row = FAULTS[type(error)]
    return UpstreamFault(row.cause, row.retry, row.tell(), detail=f"{type(error).__name__}: {error}"[:DETAIL_LENGTH])


class Row(NamedTuple):
    cause: Cause
    retry: Retry
    tell: Callable[[], GatewayError]


FAULTS: dict[type[HttpError], Row] = {
    Unreachable: Row(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, lambda: Overloaded("the upstream cannot be reached", retry_after=5)),
    # A kept connection may have been closed just as it was used again: that is worth one more try.
    Disconnected: Row(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, lambda: BadUpstream("the upstream closed the connection")),
    Malformed: Row(Cause.CORRUPT, Retry.OTHER_ACCOUNT, lambda: BadUpstream("the upstream answered nonsense")),
    Cut: Row(Cause.CUT, Retry.OTHER_ACCOUNT, lambda: BadUpstream("the upstream broke off its answer")),
    Silent: Row(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, lambda: UpstreamTimeout("the upstream fell silent")),
}
