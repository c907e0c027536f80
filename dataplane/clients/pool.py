"""Connections that are kept for the next request to the same place, by the same way."""

import asyncio
import re
import ssl
from functools import cached_property

from dataplane.clients.dialling import dial, dial_through, trust
from dataplane.clients.http1 import Connection
from dataplane.clients.request import Way

# How long a connection is kept unused, unless the server says that it will not wait so long.
KEEP_SECONDS = 60.0
# A server that closes after n seconds is believed a little less, as its last moment is a race.
MARGIN_SECONDS = 1.0
# How many unused connections to one place are kept.
KEEP_CONNECTIONS = 256
# How often those that have waited too long are looked for.
SWEEP_SECONDS = 15.0

_timeout = re.compile(r"\btimeout=(\d{1,6})\b", re.ASCII).search


class Pool:
    """All connections. The one used last is used again first, so that those not needed grow old."""

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        # Until when each may be used again, in the order in which they came back.
        self._kept: dict[Way, dict[Connection, float]] = {}
        self._ways: dict[Connection, Way] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    async def connect(self, way: Way) -> Connection:
        """A connection without a request. Raises Unreachable."""
        return self._take(way) or await self._dial(way)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection, or close it if it cannot serve another request."""
        if not connection.rest():
            connection.close()
            self._forget(connection)  # one that was closed at once may have been gone before it was known here
            return
        seconds = patience(connection.headers.get("keep-alive"))
        kept = self._kept.setdefault(self._ways[connection], {})
        kept[connection] = asyncio.get_running_loop().time() + seconds
        if len(kept) > KEEP_CONNECTIONS:
            next(iter(kept)).close()
        self._arm()

    async def close(self) -> None:
        """Close all connections, those in use as well."""
        for connection in list(self._ways):
            connection.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.sleep(0)  # in which the loop closes the sockets

    def _take(self, way: Way) -> Connection | None:
        kept, now = self._kept.get(way), asyncio.get_running_loop().time()
        while kept:
            connection, until = kept.popitem()
            if now < until:
                return connection
            connection.close()
        return None

    async def _dial(self, way: Way) -> Connection:
        if way.proxy is None:
            connection = await dial(way.origin, self._security(way.origin.scheme), self._make)
        else:
            connection = await dial_through(way, self._security, self._make)
        self._ways[connection] = way
        return connection

    def _security(self, scheme: str) -> ssl.SSLContext | None:
        """What a connection by this scheme of an upstream or a proxy is secured with."""
        return self._tls if scheme == "https" else None

    def _make(self) -> Connection:
        return Connection(self._idle_seconds, self._forget)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return trust()

    def _forget(self, connection: Connection) -> None:
        way = self._ways.pop(connection, None)
        kept = self._kept.get(way) if way else None
        if kept is not None:
            kept.pop(connection, None)

    def _arm(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for too long, and forget the places that are left without a connection."""
        self._sweeper, now = None, asyncio.get_running_loop().time()
        for kept in self._kept.values():
            for connection in [connection for connection, until in kept.items() if until <= now]:
                connection.close()
        self._kept = {way: kept for way, kept in self._kept.items() if kept}
        if self._kept:
            self._arm()


def patience(header: str | None) -> float:
    """Seconds to keep a connection whose last answer had this `keep-alive` header."""
    said = _timeout(header) if header else None
    return min(KEEP_SECONDS, int(said[1]) - MARGIN_SECONDS) if said else KEEP_SECONDS
