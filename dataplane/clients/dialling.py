"""How a connection comes to be: look the name up, try its addresses, shake hands.

Addresses of both families are tried in turn, each a moment after the one before, and the first to
answer wins (RFC 8305). uvloop has nothing of the kind, hence it is here.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, cast

from dataplane.clients.http1 import Connection, Unreachable
from dataplane.clients.proxying import HANDSHAKES, Handshake, Proxy
from dataplane.clients.request import Origin, Way

# Name, addresses and handshakes together, those with a proxy as well.
CONNECT_SECONDS = 10.0
# How long an address has before the next one is tried as well (RFC 8305, section 5).
NEXT_SECONDS = 0.25
# How many names that strangers chose are looked up at a time.
STRANGE_NAMES = 4

# Family and socket address, as getaddrinfo has them.
Address = tuple[int, Any]
# Finds the addresses of an origin. Raises OSError, ValueError.
Lookup = Callable[[Origin], Awaitable[list[Address]]]
# What the connections to one end are secured with, by scheme; None for those in the clear.
Security = Callable[[str], ssl.SSLContext | None]

P = TypeVar("P", bound=asyncio.Protocol)


def trust() -> ssl.SSLContext:
    """The certificates of the system, or of SSL_CERT_FILE; names are verified."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def resolve(origin: Origin) -> list[Address]:
    """The addresses, the families taking turns, beginning with the one that the system prefers. Raises OSError, ValueError."""
    return by_turns(await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))


def by_turns(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    """What getaddrinfo found, the families taking turns."""
    families: dict[int, list[Address]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append((family, address))
    turns = itertools.zip_longest(*families.values())
    return [address for turn in turns for address in turn if address is not None]


class StrangeNames:
    """Looks up names that strangers chose, in threads of its own, so that no name of an upstream waits behind them.

    A lookup cannot be stopped. Who gives up leaves its turn to it, or many that were given up would be asked at a time.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(STRANGE_NAMES, thread_name_prefix="strange-name")
        self._free = asyncio.Semaphore(STRANGE_NAMES)

    async def resolve(self, origin: Origin) -> list[Address]:
        """As `resolve`, when it is this one's turn. Raises OSError, also after `close`."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()

        def ended(_: Future[Any]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before the lookup
                loop.call_soon_threadsafe(self._free.release)

        try:
            lookup: Future[Any] = self._threads.submit(socket.getaddrinfo, origin.host, origin.port, type=socket.SOCK_STREAM)
        except RuntimeError as closed:
            self._free.release()
            raise OSError("names are not looked up any more") from closed
        lookup.add_done_callback(ended)
        return by_turns(await asyncio.wrap_future(lookup))

    def close(self) -> None:
        """Look nothing up any more; a lookup under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def dial(origin: Origin, tls: ssl.SSLContext | None, make: Callable[[], Connection], lookup: Lookup = resolve) -> Connection:
    """A new connection, made by `make`, to one of the addresses that `lookup` finds. Raises Unreachable, and what `lookup` refuses with."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _open(origin, tls, make, lookup)
    except TimeoutError as error:
        raise Unreachable(f"no connection within {CONNECT_SECONDS:g} s") from error
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be one of a host
        raise Unreachable(str(error)) from error


async def dial_through(way: Way, security: Security, make: Callable[[], Connection]) -> Connection:
    """A new connection, made by `make`, through a proxy. Raises Unreachable, in words that tell which end it was."""
    assert way.proxy is not None, "the way is straight"
    proxy, until = way.proxy, asyncio.get_running_loop().time() + CONNECT_SECONDS
    if way.forwarded:
        return await _meet(proxy, security, make, until)
    handshake = HANDSHAKES[proxy.scheme](proxy, way.origin.host, way.origin.port)
    asking = await _meet(proxy, security, lambda: Asking(handshake), until)
    try:
        async with _stage("the proxy does not open a way to the upstream", until):
            await asking.end()
        async with _stage("the upstream cannot be reached through the proxy", until):
            return await asking.leave(make(), security(way.origin.scheme), way.origin.host)
    except BaseException:
        asking.transport.abort()
        raise


async def _meet(proxy: Proxy, security: Security, make: Callable[[], P], until: float) -> P:
    async with _stage("the proxy cannot be reached", until):
        return await _open(Origin(proxy.scheme, proxy.host, proxy.port), security(proxy.scheme), make, resolve)


@contextlib.asynccontextmanager
async def _stage(failed: str, until: float) -> AsyncIterator[None]:
    """A part of the way to an upstream; `failed` is said when it fails, by an error or for want of time."""
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError as error:
        raise Unreachable(f"{failed} within {CONNECT_SECONDS:g} s") from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"{failed}: {error}") from error


async def _open(origin: Origin, tls: ssl.SSLContext | None, make: Callable[[], P], lookup: Lookup) -> P:
    """Raises OSError, ValueError, and what `lookup` refuses with."""
    found = await reach(await lookup(origin))
    name = origin.host if tls else None
    _, protocol = await asyncio.get_running_loop().create_connection(make, sock=found, ssl=tls, server_hostname=name)
    return protocol


class Asking(asyncio.Protocol):
    """Asks a proxy for a way; when it is open, a connection takes over from this."""

    def __init__(self, handshake: Handshake) -> None:
        self._handshake = handshake
        self._error: Unreachable | None = None
        self._ended = asyncio.Event()

    async def end(self) -> None:
        """Wait until the way is open. Raises Unreachable."""
        await self._ended.wait()
        if self._error is not None:
            raise self._error

    async def leave(self, connection: Connection, tls: ssl.SSLContext | None, host: str) -> Connection:
        """Secure the way where there is `tls`, and hand it over to `connection`. Raises Unreachable, OSError."""
        transport = self.transport if tls is None else await self._secured(tls, host)
        await self.end()  # it may have been lost, or spoken on, since
        transport.set_protocol(connection)
        connection.connection_made(transport)
        return connection

    async def _secured(self, tls: ssl.SSLContext, host: str) -> asyncio.Transport:
        """Raises OSError."""
        try:
            made = await asyncio.get_running_loop().start_tls(self.transport, self, tls, server_hostname=host)
        except TypeError as error:
            # In asyncio's own loop before 3.11.8 and 3.12.2 TLS within TLS stumbles over what failed (gh-113214 of CPython).
            raise ConnectionAbortedError(str(error.__context__)) from error
        if made is None:
            raise ConnectionAbortedError("closed in the handshake")
        return made

    # ---- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are not of that class
        self.transport.write(self._handshake.opening)

    def data_received(self, data: bytes) -> None:
        if self._error is not None:
            return
        try:
            answer = self._handshake.feed(data)
        except Unreachable as error:
            self._finish(error)
            return
        if answer:
            self.transport.write(answer)
        if self._handshake.ended:
            self._finish(None)

    def connection_lost(self, _error: Exception | None) -> None:
        self._finish(Unreachable("the proxy closed the connection before the way was open"))

    def _finish(self, error: Unreachable | None) -> None:
        self._error = self._error or error
        self._ended.set()


async def reach(addresses: Sequence[Address]) -> socket.socket:
    """A connected socket to the first address that answers. Raises OSError."""
    waiting = list(addresses)
    tries: set[asyncio.Task[socket.socket]] = set()
    refusal: BaseException = OSError("the name has no address")
    try:
        while waiting or tries:
            if waiting:
                tries.add(asyncio.ensure_future(_connect(waiting.pop(0))))
            done, _ = await asyncio.wait(tries, timeout=NEXT_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                tries.remove(attempt)
                failed = attempt.exception()
                if failed is None:
                    return attempt.result()
                refusal = failed
        raise refusal
    finally:
        for attempt in tries:
            attempt.add_done_callback(_discard)
            attempt.cancel()


async def _connect(address: Address) -> socket.socket:
    family, place = address
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, place)
    except BaseException:
        made.close()
        raise
    return made


def _discard(attempt: asyncio.Task[socket.socket]) -> None:
    """Another address was faster."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()
