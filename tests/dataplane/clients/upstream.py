"""A scripted HTTP server, and plans that ask it."""

import asyncio
import contextlib

from dataplane.upstreams.base import HttpRequest

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"


class Upstream:
    """A server whose connections are handled by a script: a coroutine function of (writer, number of the request)."""

    def __init__(self, script, host="127.0.0.1", tls=None):
        self.script, self.host, self.tls = script, host, tls
        self.connections, self.requests, self.tasks = 0, [], []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls, backlog=512)
        self.port = self.server.sockets[0].getsockname()[1]
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{'https' if self.tls else 'http'}://{host}:{self.port}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        self.connections += 1
        self.tasks.append(asyncio.current_task())
        try:
            await self._converse(reader, writer)
        finally:
            writer.close()

    async def _converse(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
                self.requests.append((head, await reader.readexactly(length)))
                if await self.script(writer, len(self.requests)) == "close":
                    break


def saying(*answers, close=False):
    """A script: the answers one after another, the last one for ever."""

    async def script(writer, number):
        writer.write(answers[min(number, len(answers)) - 1])
        await writer.drain()
        return "close" if close else None

    return script


def whole(body=b"hello"):
    return OK + b"content-length: %d\r\n\r\n" % len(body) + body


def plan(url, *, streamed=True, method="POST", headers=None, body=b"ask"):
    reply = yield HttpRequest(method, url, headers or {"x-one": "1"}, body, streamed=streamed)
    return reply


async def fetch(transport, made):
    async with transport.follow(made) as stream:
        pieces = []
        while piece := await stream.read():
            pieces.append(piece)
        return stream.reply.status, b"".join(pieces)


async def until(true, seconds=2.0):
    """Wait until `true()`; fails when it does not come."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is the other side's, without an event
            await asyncio.sleep(0.005)
