"""Little proxies that are real: HTTP with CONNECT and absolute-form, in the clear or over TLS, and SOCKS5.

Each counts its connections and records whom it was asked for. `ways` says where a target really is, so that names
that nobody else knows can be asked for. `trouble` makes the next conversations end badly.
"""

import asyncio
import base64
import contextlib
import ipaddress
import re
from enum import StrEnum, auto
from typing import ClassVar
from urllib.parse import quote, urlsplit


class Trouble(StrEnum):
    """What a proxy may do instead of its work; `instead` is what it says when it only answers."""

    STALL = auto()
    CUT = auto()
    ANSWER = auto()


class Proxy:
    """A server. `login` is its only user with the password, as "user:password"; empty: anybody may."""

    scheme: ClassVar[str]

    def __init__(self, login="", tls=None, host="127.0.0.1", ways=None):
        self.login, self.tls, self.host = login, tls, host
        self.ways = ways or {}
        self.connections, self.waiting, self.targets, self.heads = 0, 0, [], []
        self.trouble, self.instead = None, b""
        self.tasks, self.writers = [], []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        self.hang_up()
        await asyncio.gather(*self.tasks)
        # Not before their sockets are closed may the loop be.
        await asyncio.gather(*(writer.wait_closed() for writer in self.writers), return_exceptions=True)

    def hang_up(self):
        """Break off all connections to either side."""
        for writer in self.writers:
            writer.transport.abort()

    @property
    def url(self):
        """Its address, with what is needed to sign in."""
        return self.address(self.login)

    def address(self, login, scheme=None):
        """Its address for somebody who signs in as `login`."""
        user, colon, password = login.partition(":")
        sign_in = f"{quote(user, safe='')}{colon}{quote(password, safe='')}@" if login else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme or self.scheme}://{sign_in}{host}:{self.port}"

    def fail(self, trouble, instead=b""):
        """From now on, until told otherwise, end badly when a way is asked for."""
        self.trouble, self.instead = trouble, instead

    async def _serve(self, reader, writer):
        self.connections += 1
        self.tasks.append(asyncio.current_task())
        self.writers.append(writer)
        try:
            # Who asked may be gone at any point, and a proxy has nobody to tell.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.converse(reader, writer)
        finally:
            writer.close()

    async def converse(self, reader, writer):
        raise NotImplementedError

    async def troubled(self, reader, writer):
        """Whether it has ended badly. Who is kept waiting ends it by going."""
        if self.trouble is Trouble.STALL:
            self.waiting += 1
            await reader.read()
        if self.trouble is Trouble.ANSWER:
            writer.write(self.instead)
            await writer.drain()
            await asyncio.sleep(0.02)  # what follows an answer is the end, not a reset
        return self.trouble is not None

    async def reach(self, host, port):
        self.targets.append((host, port))
        reader, writer = await asyncio.open_connection(*self.ways.get((host, port), (host, port)))
        self.writers.append(writer)
        return reader, writer


class HttpProxy(Proxy):
    """By HTTP/1.1: tunnels, and requests in absolute-form one after another. Unlike many a real one it opens tunnels to any port."""

    scheme = "http"

    async def converse(self, reader, writer):
        answering = None
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if answering:
                    answering.cancel()  # who asks again has the whole answer
                body = await reader.readexactly(length(head))
                self.heads.append(head)
                if await self.troubled(reader, writer):
                    return
                answering = await self._answer(head, body, reader, writer)
        finally:
            if answering:
                answering.cancel()
                await asyncio.gather(answering, return_exceptions=True)

    async def _answer(self, head, body, reader, writer):
        """The task that goes on answering, if it takes longer."""
        method, place, _ = head.split("\r\n", 1)[0].split(" ")
        if not self._welcome(head):
            writer.write(b'HTTP/1.1 407 Sign In\r\nproxy-authenticate: Basic realm="here"\r\ncontent-length: 0\r\n\r\n')
            return None
        try:
            if method != "CONNECT":
                upstream = await self._forward(head, body)
                return asyncio.ensure_future(_answered(upstream, writer))
            await self._tunnel(place, reader, writer)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
        return None

    def _welcome(self, head):
        wanted = base64.b64encode(self.login.encode()).decode()
        return not self.login or re.search(rf"\r\n(?i:proxy-authorization): Basic {re.escape(wanted)}\r\n", head) is not None

    async def _tunnel(self, place, reader, writer):
        host, _, port = place.rpartition(":")
        upstream = await self.reach(host.strip("[]"), int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await joined((reader, writer), upstream)

    async def _forward(self, head, body):
        """Send one request on, by a connection of its own."""
        first, *lines = head.split("\r\n")[:-2]
        method, url, version = first.split(" ")
        parts = urlsplit(url)
        assert parts.scheme == "http", "a request to a proxy names whom it is for"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
        reader, writer = await self.reach(parts.hostname, parts.port or 80)
        writer.write("\r\n".join([f"{method} {path} {version}", *kept, "connection: close", "", ""]).encode() + body)
        return reader, writer


class HttpsProxy(HttpProxy):
    """The same behind TLS; `tls` is its side of it."""

    scheme = "https"


class SocksProxy(Proxy):
    """SOCKS5 (RFC 1928), with a user and a password where it has a `login` (RFC 1929). `reply`: refuse with this code."""

    scheme = "socks5"
    reply = 0

    async def converse(self, reader, writer):
        version, count = await reader.readexactly(2)
        assert version == 5
        offered = await reader.readexactly(count)
        wanted = 2 if self.login else 0
        writer.write(bytes((5, wanted if wanted in offered else 255)))
        if wanted not in offered or (self.login and not await self._welcome(reader, writer)):
            await asyncio.sleep(0.02)
            return
        host, port = await self._asked(reader)
        if await self.troubled(reader, writer):
            return
        await self._open(host, port, (reader, writer))

    async def _welcome(self, reader, writer):
        version, length = await reader.readexactly(2)
        assert version == 1
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        right = user + b":" + password == self.login.encode()
        writer.write(bytes((1, not right)))
        return right

    async def _asked(self, reader):
        version, command, _, kind = await reader.readexactly(4)
        assert (version, command) == (5, 1)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly({1: 4, 4: 16}[kind])))
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _open(self, host, port, client):
        try:
            upstream = None if self.reply else await self.reach(host, port)
        except OSError:
            self.reply = 5
        client[1].write(bytes((5, self.reply, 0, 1, 127, 0, 0, 1, 0, 0)))
        if self.reply:
            await asyncio.sleep(0.02)
        else:
            await joined(client, upstream)


def length(head):
    """How much follows a head."""
    return next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)


async def joined(one, other):
    """Pass on what either says until one of them has nothing more to say, then hang up on both."""
    tasks = [asyncio.ensure_future(_passed(one[0], other[1])), asyncio.ensure_future(_passed(other[0], one[1]))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in (one[1], other[1]):
            writer.close()


async def _passed(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _answered(upstream, writer):
    """Pass an answer on. If its upstream hangs up behind it, nothing else tells where it ends."""
    try:
        await _passed(upstream[0], writer)
        writer.close()
    finally:
        upstream[1].close()
