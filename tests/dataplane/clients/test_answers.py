"""Forms of answers, over real sockets: what is read of them, and whether the connection serves again."""

import asyncio
import gzip

import pytest

from dataplane.clients.transport import Transport
from dataplane.errors import Cause, Retry, UpstreamFault
from tests.dataplane.clients.upstream import OK, Upstream, fetch, plan, saying, whole

CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
GZIP = gzip.compress(b"hello" * 100)
REUSED, ENDED = 1, 2

# What the upstream sends, whether it then closes, what is read of it, and how many connections two such requests take.
GOOD = {
    "counted": (whole(), False, (200, b"hello"), REUSED),
    "counted, closed without a word": (whole(), True, (200, b"hello"), ENDED),
    "empty": (whole(b""), False, (200, b""), REUSED),
    "chunked": (CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", False, (200, b"hello!"), REUSED),
    "chunked with extensions": (CHUNKED + b"5;a=b\r\nhello\r\n0;last\r\n\r\n", False, (200, b"hello"), REUSED),
    "chunked with trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n", False, (200, b"hello"), REUSED),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", False, (204, b""), REUSED),
    "not modified, with the length of what is not sent": (b"HTTP/1.1 304 Same\r\ncontent-length: 5\r\n\r\n", False, (304, b""), REUSED),
    "after an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n" + whole(), False, (200, b"hello"), REUSED),
    "after two interim answers": (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + whole(),
        False,
        (200, b"hello"),
        REUSED,
    ),
    "not decoded": (OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(GZIP) + GZIP, False, (200, GZIP), REUSED),
    "an error": (b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno", False, (503, b""), REUSED),
    "to be closed": (OK + b"connection: close\r\ncontent-length: 5\r\n\r\nhello", False, (200, b"hello"), ENDED),
    "to be closed, chunked": (
        OK + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n",
        False,
        (200, b"!"),
        ENDED,
    ),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", False, (200, b"hello"), ENDED),
    "of HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello", False, (200, b"hello"), REUSED),
    "of HTTP/1.0, to the end": (b"HTTP/1.0 200 OK\r\n\r\nhello", True, (200, b"hello"), ENDED),
    "to the end, as announced": (OK + b"connection: close\r\n\r\nhello", True, (200, b"hello"), ENDED),
    "to the end, without a word": (OK + b"\r\nhello", True, (200, b"hello"), ENDED),
    "garbage after it": (whole() + b"garbage", False, (200, b"hello"), ENDED),
    "another answer after it": (whole() + whole(b"other"), False, (200, b"hello"), ENDED),
}

# What cannot be taken for an answer, or not for a whole one; the upstream closes after it.
BAD = {
    "nothing": (b"", Cause.UNREACHABLE, Retry.SAME_ACCOUNT),
    "half a head": (OK, Cause.UNREACHABLE, Retry.SAME_ACCOUNT),
    "only an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n", Cause.UNREACHABLE, Retry.SAME_ACCOUNT),
    "not HTTP": (b"this is not HTTP\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "a header without a colon": (OK + b"nonsense\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "two lengths": (OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "a length and chunks": (
        OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        Cause.CORRUPT,
        Retry.OTHER_ACCOUNT,
    ),
    "a length that is no number": (OK + b"content-length: five\r\n\r\nhello", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "a header too long": (OK + b"x: " + b"y" * 70_000 + b"\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "too many headers": (OK + b"x-header: yyyyyyyyyyyyyyyy\r\n" * 3000 + b"\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "a head without an end": (OK + b"x: " + b"y" * 70_000, Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "another protocol": (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "another protocol, unnamed": (b"HTTP/1.1 101 Switching\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "an impossible status": (b"HTTP/1.1 000 Nought\r\n\r\n", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
    "half a chunk": (CHUNKED + b"5\r\nhel", Cause.CUT, Retry.OTHER_ACCOUNT),
    "chunks without the last": (CHUNKED + b"5\r\nhello\r\n", Cause.CUT, Retry.OTHER_ACCOUNT),
    "a chunk with a wrong size": (CHUNKED + b"3\r\nhello\r\n0\r\n\r\n", Cause.CUT, Retry.OTHER_ACCOUNT),
    "trailers without an end": (CHUNKED + b"5\r\nhello\r\n0\r\n" + b"x-more: yyyyyyyyyyyyyyyy\r\n" * 4000, Cause.CUT, Retry.OTHER_ACCOUNT),
    "half of what was counted": (OK + b"content-length: 10\r\n\r\nhello", Cause.CUT, Retry.OTHER_ACCOUNT),
}


@pytest.fixture
async def transport():
    made = Transport(idle_seconds=5)
    yield made
    await made.close()


@pytest.mark.parametrize(("answer", "closes", "read", "connections"), GOOD.values(), ids=GOOD)
async def test_a_good_answer(transport, answer, closes, read, connections):
    async with Upstream(saying(answer, close=closes)) as upstream:
        assert await fetch(transport, plan(upstream.url)) == read
        if closes:
            await asyncio.sleep(0.03)
        assert await fetch(transport, plan(upstream.url)) == read
        assert upstream.connections == connections


@pytest.mark.parametrize(("answer", "cause", "retry"), BAD.values(), ids=BAD)
async def test_a_bad_answer(transport, answer, cause, retry):
    async with Upstream(saying(answer, close=True)) as upstream:
        with pytest.raises(UpstreamFault) as caught:
            await fetch(transport, plan(upstream.url))
    assert (caught.value.cause, caught.value.retry) == (cause, retry)
    assert caught.value.detail


async def test_what_arrived_of_a_cut_answer_is_read_first(transport):
    async with Upstream(saying(CHUNKED + b"5\r\nhello\r\n", close=True)) as upstream, transport.follow(plan(upstream.url)) as stream:
        assert await stream.read() == b"hello"
        with pytest.raises(UpstreamFault):
            await stream.read()


async def test_the_answer_to_head_has_no_body(transport):
    async with Upstream(saying(OK + b"content-length: 5\r\n\r\n")) as upstream:
        for _ in range(2):
            assert await fetch(transport, plan(upstream.url, method="HEAD", body=b"")) == (200, b"")
        assert upstream.connections == ENDED


async def test_a_body_in_the_answer_to_head_is_not_taken_for_the_next_answer(transport):
    async with Upstream(saying(whole())) as upstream:
        for _ in range(2):
            assert await fetch(transport, plan(upstream.url, method="HEAD", body=b"")) == (200, b"")


async def test_repeated_headers_are_joined(transport):
    def asking(url):
        reply = yield from plan(url)
        assert reply.headers == {"x-a": "1, 2", "content-length": "0", "x-b": "\xe4"}
        return reply

    async with Upstream(saying(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nx-a: 2\r\nx-b: \xe4\r\n\r\n")) as upstream:
        assert await fetch(transport, asking(upstream.url)) == (200, b"")


async def test_headers_of_an_interim_answer_are_not_those_of_the_answer(transport):
    def asking(url):
        reply = yield from plan(url)
        assert "link" not in reply.headers
        return reply

    async with Upstream(saying(b"HTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n" + whole())) as upstream:
        assert await fetch(transport, asking(upstream.url)) == (200, b"hello")
