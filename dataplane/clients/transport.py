"""HTTP to upstreams through one pooled aiohttp session.

Library errors become faults here and nowhere else. Nothing is decoded: bodies pass as they came.
"""

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from dataplane.errors import BadUpstream, Cause, Overloaded, Retry, UpstreamFault, UpstreamTimeout
from dataplane.ports import Stream
from dataplane.upstreams.base import HttpRequest, Plan, Reply

CONNECT_SECONDS = 10.0
# An error body is read for its reason, not for its length.
ERROR_BYTES = 64 * 1024
# A whole answer to one of the smaller exchanges of a plan.
WHOLE_BYTES = 16 * 1024 * 1024
BUFFER_BYTES = 64 * 1024


class Transport:
    """The Transport port. To be made inside the running loop; `close` ends all connections."""

    def __init__(self, idle_seconds: float) -> None:
        self._urls: dict[str, URL] = {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=60),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=idle_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=BUFFER_BYTES,
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
        )

    def follow(self, plan: Plan) -> AbstractAsyncContextManager[Stream]:
        return Following(self, plan)

    async def open(self, request: HttpRequest) -> aiohttp.ClientResponse:
        """Send a request and wait for the answer's headers."""
        try:
            return await self._session.request(
                request.method, self._url(request.url), data=request.body or None, headers=request.headers, allow_redirects=False
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise fault(error, answered=False) from error

    async def close(self) -> None:
        await self._session.close()

    def _url(self, text: str) -> URL:
        """Parsed once: a gateway talks to few addresses, and parsing costs as much as a small request."""
        url = self._urls.get(text)
        if url is None:
            if len(self._urls) > 1000:
                self._urls.clear()
            url = self._urls[text] = URL(text, encoded=True)
        return url


class Following(AbstractAsyncContextManager[Stream]):
    """One plan being carried out; inside the context, the answer it named."""

    def __init__(self, transport: Transport, plan: Plan) -> None:
        self._transport = transport
        self._plan = plan
        self._response: aiohttp.ClientResponse | None = None
        self.status = 0

    async def __aenter__(self) -> Self:
        try:
            request = next(self._plan)
            while True:
                request = self._plan.send(await self._exchange(request))
        except StopIteration:
            assert self._response is not None, "a plan must make a request"
            return self
        except BaseException:
            self._close()
            raise

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None) -> None:
        self._close()

    async def read(self) -> bytes:
        assert self._response is not None
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise fault(error, answered=True) from error

    async def _exchange(self, request: HttpRequest) -> Reply:
        self._close()
        response = self._response = await self._transport.open(request)
        self.status = response.status
        if request.streamed and response.status < 400:
            return Reply(response.status, response.headers)
        return Reply(response.status, response.headers, await self._whole(response))

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, cut where it is longer than anybody needs."""
        limit = ERROR_BYTES if response.status >= 400 else WHOLE_BYTES
        pieces, size = [], 0
        while size < limit and (piece := await self.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)[:limit]

    def _close(self) -> None:
        """Give the connection back if the answer was read to its end, else break it off."""
        if self._response is not None:
            self._response.close()


def fault(error: Exception, *, answered: bool) -> UpstreamFault:
    """What a library error means. `answered`: the upstream had already begun to answer."""
    detail = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, unreachable(), detail=detail)
    if isinstance(error, TimeoutError):
        return UpstreamFault(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, UpstreamTimeout("the upstream fell silent"), detail=detail)
    if answered:
        return UpstreamFault(Cause.CUT, Retry.OTHER_ACCOUNT, BadUpstream("the upstream broke off its answer"), detail=detail)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError) and not isinstance(error, aiohttp.ClientConnectorError):
        # A kept connection may have been closed just as it was used again: that is worth one more try.
        return UpstreamFault(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, BadUpstream("the upstream closed the connection"), detail=detail)
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, unreachable(), detail=detail)
    return UpstreamFault(Cause.CORRUPT, Retry.OTHER_ACCOUNT, BadUpstream("the upstream answered nonsense"), detail=detail)


def unreachable() -> Overloaded:
    return Overloaded("the upstream cannot be reached", retry_after=5)
