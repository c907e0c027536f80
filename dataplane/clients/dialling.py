"""How a connection comes to be: look the name up, try its addresses, shake hands.

Addresses of both families are tried in turn, each a moment after the one before, and the first to
answer wins (RFC 8305). uvloop has nothing of the kind, hence it is here.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dataplane.clients.http1 import Connection, Unreachable
from dataplane.clients.request import Origin

# Name, addresses and handshake together.
CONNECT_SECONDS = 10.0
# How long an address has before the next one is tried as well (RFC 8305, section 5).
NEXT_SECONDS = 0.25
# How many names that strangers chose are looked up at a time.
STRANGE_NAMES = 4

# Family and socket address, as getaddrinfo has them.
Address = tuple[int, Any]
# Finds the addresses of an origin. Raises OSError, ValueError.
Lookup = Callable[[Origin], Awaitable[list[Address]]]


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
    name = origin.host if tls else None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await reach(await lookup(origin))
            _, connection = await asyncio.get_running_loop().create_connection(make, sock=found, ssl=tls, server_hostname=name)
            return connection
    except TimeoutError as error:
        raise Unreachable(f"no connection within {CONNECT_SECONDS:g} s") from error
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be one of a host
        raise Unreachable(str(error)) from error


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
