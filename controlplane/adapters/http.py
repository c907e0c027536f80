"""HTTP to accounts' endpoints: one client for each way out, and calls that end in a reply or a ProviderError.

An account's calls go through its proxy, if it has one. Clients keep connections, so there is one for each proxy in
use, up to a number; the one that is used least lately makes room. All share what is costly to make, the TLS context.

Direct calls follow the environment's proxy variables, as programs do; an account's own proxy comes before them.
"""

import asyncio
import contextlib
import json
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, Self

import httpx
from socksio import SOCKSError

from controlplane.domain.account import Account
from controlplane.domain.errors import ProviderUnavailable

TIMEOUT_SECONDS = 15.0  # of each phase: to connect, to be served, to go on
LONGEST_SECONDS = 45.0  # of a whole call, for those who answer drop by drop
MOST_BYTES = 16 * 2**20  # the longest model lists have about one million
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=10)
MOST_PROXIES = 64
PROXY_AUTHENTICATION_REQUIRED = 407
# What the library says to an address that is none, the second to a host's name that is no international one.
MALFORMED = (httpx.InvalidURL, UnicodeError)
# No call takes longer, so by then nobody uses a client that had to make room.
GRACE_SECONDS = 2 * LONGEST_SECONDS


class Source(Protocol):
    """Who has an account's client. Its owner closes it."""

    def for_account(self, account: Account) -> httpx.AsyncClient: ...


@dataclass(slots=True)
class Reply:
    """An answer, read to its end. `body` is its JSON, None when it is none."""

    status: int
    headers: httpx.Headers
    body: Any


@cache
def tls() -> ssl.SSLContext:
    """Whom the process believes, which takes a while to read."""
    return httpx.create_ssl_context()


class Clients:
    """The process's clients. `transport` takes the network's place in tests, whatever the account."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._direct = self._client()
        self._proxied: OrderedDict[str, httpx.AsyncClient] = OrderedDict()  # least lately used first
        self._retired: dict[httpx.AsyncClient, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def for_account(self, account: Account) -> httpx.AsyncClient:
        """The client for the account's calls; not to be kept beyond one of them. Raises ProviderUnavailable for a
        proxy that is none.
        """
        proxy = account.proxy_url
        if not proxy or self._transport is not None:
            return self._direct
        client = self._proxied.get(proxy)
        if client is None:
            client = self._proxied[proxy] = self._through(proxy)
            if len(self._proxied) > MOST_PROXIES:
                self._retire(self._proxied.popitem(last=False)[1])
        self._proxied.move_to_end(proxy)
        return client

    async def close(self) -> None:
        """End all connections."""
        for timer in self._retired.values():
            timer.cancel()
        clients = (self._direct, *self._proxied.values(), *self._retired)
        self._proxied.clear()
        self._retired.clear()
        await asyncio.gather(*self._closing, *(client.aclose() for client in clients))

    def _through(self, proxy: str) -> httpx.AsyncClient:
        try:
            return self._client(proxy)
        except MALFORMED:
            raise ProviderUnavailable("the address of the account's proxy is not one") from None

    def _client(self, proxy: str = "") -> httpx.AsyncClient:
        way = _Through(proxy) if proxy else self._transport
        return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=LIMITS, follow_redirects=False, transport=way, verify=tls())

    def _retire(self, client: httpx.AsyncClient) -> None:
        """Close it once nobody uses it any more."""
        self._retired[client] = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._end, client)

    def _end(self, client: httpx.AsyncClient) -> None:
        del self._retired[client]
        closing = asyncio.ensure_future(client.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


class _Through(httpx.AsyncHTTPTransport):
    """The way through a proxy; whatever the proxy does wrong is a ProxyError, which tells nothing of its address."""

    def __init__(self, proxy: str) -> None:
        own = tls() if proxy.startswith("https:") else None
        super().__init__(verify=tls(), limits=LIMITS, proxy=httpx.Proxy(proxy, ssl_context=own))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = "it wants a user and a password, or others"
        watch = request.extensions["trace"] = _Handshake()
        try:
            reply = await super().handle_async_request(request)
        except (SOCKSError, AssertionError):  # how the library says that a proxy speaks no SOCKS
            fault = "it does not answer as a proxy does"
        except httpx.NetworkError:
            if not watch.pending:
                raise
            fault = "it breaks off, or does not answer"
        else:
            if reply.status_code != PROXY_AUTHENTICATION_REQUIRED:
                return reply
            await reply.aclose()
        finally:
            await watch.close()
        raise httpx.ProxyError(fault, request=request)


class _Handshake:
    """Watches a connection while it is not through the SOCKS proxy: the library sets no time for that, and leaves
    the connection open when it fails. It is told of the steps as the library's `trace` extension is.
    """

    def __init__(self) -> None:
        self._stream: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def __call__(self, step: str, info: Mapping[str, Any]) -> None:
        if step == "socks.connect_tcp.complete":
            self._stream = info["return_value"]
            self._timer = asyncio.get_running_loop().call_later(TIMEOUT_SECONDS, self._expire)
        elif step == "socks.setup_socks5_connection.complete":
            self._stream = None

    @property
    def pending(self) -> bool:
        """Whether the handshake has begun and not come to its end."""
        return self._stream is not None

    async def close(self) -> None:
        """The call is over: close what did not come through."""
        if self._timer is not None:
            self._timer.cancel()
        if self._stream is not None:
            await self._stream.aclose()
        if self._closing is not None:
            await self._closing

    def _expire(self) -> None:
        if self._stream is not None:
            self._closing = asyncio.ensure_future(self._stream.aclose())


async def get(client: httpx.AsyncClient, url: str, headers: Mapping[str, str], name: str, query: Mapping[str, str] | None = None) -> Reply:
    """Ask for what is at an address that an administrator gave. Raises ProviderUnavailable; see `send`."""
    with contextlib.suppress(*MALFORMED):
        return await send(client, client.build_request("GET", url, headers=headers, params=query), name)
    raise ProviderUnavailable(f"the address of {name} is not one")


async def send(client: httpx.AsyncClient, request: httpx.Request, name: str) -> Reply:
    """Send and read; `name` is what errors call the upstream. Raises ProviderUnavailable. The library's error is
    not chained: it carries the request with its secrets.
    """
    fault = ""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await _read(client, request)
    except (httpx.TimeoutException, TimeoutError):
        fault = f"{name} did not answer within {TIMEOUT_SECONDS:.0f} seconds"
    except httpx.ProxyError:
        fault = f"the account's proxy would not connect to {name}; check its address, user and password"
    except _TooLarge:
        fault = f"{name} gave an answer of more than {MOST_BYTES >> 20} MiB"
    except (httpx.HTTPError, *MALFORMED) as error:
        fault = f"{name} could not be reached ({type(error).__name__})"
    raise ProviderUnavailable(fault)


class _TooLarge(Exception):
    """The answer would fill the memory."""


async def _read(client: httpx.AsyncClient, request: httpx.Request) -> Reply:
    reply = await client.send(request, stream=True)
    try:
        content = bytearray()
        async for piece in reply.aiter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise _TooLarge
    finally:
        await reply.aclose()
    return Reply(reply.status_code, reply.headers, _json(bytes(content)))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
