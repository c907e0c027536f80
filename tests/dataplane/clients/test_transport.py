"""The transport against real sockets: plans, pooling, and every way a connection can fail."""

import asyncio
import contextlib

import pytest

from dataplane.clients.transport import Transport
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"


class Upstream:
    """A server whose connections are handled by a script: a coroutine function of (reader, writer)."""

    def __init__(self, script):
        self.script, self.connections, self.requests, self.tasks = script, 0, [], []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

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


def whole(body=b"hello"):
    return OK + b"content-length: %d\r\n\r\n" % len(body) + body


def plan(url, *, streamed=True):
    reply = yield HttpRequest("POST", url, {"x-one": "1"}, b"ask", streamed=streamed)
    return reply


async def fetch(transport, made):
    async with transport.follow(made) as stream:
        pieces = []
        while piece := await stream.read():
            pieces.append(piece)
        return stream.status, b"".join(pieces)


@pytest.fixture
async def transport():
    made = Transport(idle_seconds=0.3)
    yield made
    await made.close()


async def test_an_answer_is_streamed_and_the_connection_used_again(transport):
    async def script(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"6\r\n world\r\n0\r\n\r\n")

    async with Upstream(script) as upstream:
        for _ in range(3):
            assert await fetch(transport, plan(upstream.url + "/x")) == (200, b"hello world")
        assert upstream.connections == 1
        head, body = upstream.requests[0]
        assert body == b"ask"
        assert "x-one: 1" in head
        assert "user-agent" not in head.lower()


async def test_a_plan_may_make_several_exchanges(transport):
    async def script(writer, number):
        writer.write(b"HTTP/1.1 400 Bad\r\ncontent-length: 3\r\n\r\nbad" if number == 1 else whole())

    def two(url):
        reply = yield HttpRequest("POST", url, {}, b"first")
        assert (reply.status, reply.body) == (400, b"bad")
        reply = yield HttpRequest("GET", url, {}, streamed=False)
        assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"hello", "text/plain")
        reply = yield HttpRequest("POST", url, {}, b"third")
        return reply

    async with Upstream(script) as upstream:
        assert await fetch(transport, two(upstream.url)) == (200, b"hello")


async def test_a_fault_of_the_plan_passes_and_frees_the_connection(transport):
    async def script(writer, _):
        writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno")

    def failing(url):
        reply = yield HttpRequest("POST", url, {})
        raise UpstreamFault(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, None, status=reply.status)

    async with Upstream(script) as upstream:
        with pytest.raises(UpstreamFault):
            async with transport.follow(failing(upstream.url)):
                pass


async def test_leaving_early_closes_the_connection(transport):
    closed = asyncio.Event()

    async def script(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        try:
            while True:
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0.005)
        except ConnectionError:
            closed.set()
        return "close"

    async with Upstream(script) as upstream:
        async with transport.follow(plan(upstream.url)) as stream:
            assert await stream.read()
        await asyncio.wait_for(closed.wait(), 2)


async def faulty(transport, script):
    async with Upstream(script) as upstream:
        with pytest.raises(UpstreamFault) as caught:
            await fetch(transport, plan(upstream.url))
    return caught.value


async def test_a_body_that_breaks_off_is_a_cut(transport):
    async def chunked(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhel")
        await writer.drain()
        return "close"

    async def counted(writer, _):
        writer.write(OK + b"content-length: 10\r\n\r\nhello")
        await writer.drain()
        return "close"

    assert (await faulty(transport, chunked)).cause is Cause.CUT
    assert (await faulty(transport, counted)).cause is Cause.CUT


async def test_silence_is_a_timeout(transport):
    async def before_headers(writer, _):
        await asyncio.sleep(1)

    async def in_the_body(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(1)

    assert (await faulty(transport, before_headers)).cause is Cause.TIMEOUT
    assert (await faulty(transport, in_the_body)).cause is Cause.TIMEOUT


async def test_a_connection_closed_before_the_answer_is_worth_another_try(transport):
    async def script(writer, _):
        return "close"

    fault = await faulty(transport, script)
    assert (fault.cause, fault.retry) == (Cause.UNREACHABLE, Retry.SAME_ACCOUNT)


async def test_nobody_listening_is_unreachable(transport):
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan("http://127.0.0.1:9/"))
    assert (caught.value.cause, caught.value.retry) == (Cause.UNREACHABLE, Retry.OTHER_ACCOUNT)
    assert caught.value.error.retry_after


async def test_nonsense_is_corrupt(transport):
    async def script(writer, _):
        writer.write(b"this is not HTTP\r\n\r\n")
        await writer.drain()
        return "close"

    assert (await faulty(transport, script)).cause is Cause.CORRUPT


async def test_a_reader_that_waits_slows_the_upstream_down(transport):
    sent = 0

    async def script(writer, _):
        nonlocal sent
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(2000):
            writer.write(piece)
            await writer.drain()
            sent += 1
        return "close"

    async with Upstream(script) as upstream, transport.follow(plan(upstream.url)) as stream:
        await stream.read()
        await asyncio.sleep(0.25)
        assert sent < 400, "an answer that nobody reads must not be fetched whole"
