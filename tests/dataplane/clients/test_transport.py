"""The transport against real sockets: plans, pooling, and every way a connection can fail."""

import asyncio

import pytest

from dataplane.clients.transport import Transport
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest
from tests.dataplane.clients.upstream import OK, Upstream, fetch, plan, saying, until, whole

MIB = 1024 * 1024


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


async def test_a_plan_may_ask_elsewhere_when_a_request_finds_no_answer(transport):
    async def script(writer, number):
        writer.write(whole()) if number > 1 else writer.close()

    def elsewhere(urls):
        faults = []
        for url in urls:
            try:
                reply = yield HttpRequest("POST", url, {})
            except UpstreamFault as fault:
                faults.append(fault)
            else:
                assert [each.cause for each in faults] == [Cause.UNREACHABLE, Cause.UNREACHABLE]
                assert all(each.__cause__ for each in faults)
                return reply

    async with Upstream(script) as upstream:
        assert await fetch(transport, elsewhere(["http://127.0.0.1:1", upstream.url, upstream.url])) == (200, b"hello")


async def silent(writer, _):
    await asyncio.sleep(30)


@pytest.fixture
async def patient():
    made = Transport(idle_seconds=30)
    yield made
    await made.close()


def one_after_the_other(*requests, faults):
    for request in requests[:-1]:
        try:
            yield request
        except UpstreamFault as fault:
            faults.append(fault)
    return (yield requests[-1])


async def test_a_request_may_have_a_time_limit_of_its_own(patient):
    async with Upstream(silent) as dead, Upstream(saying(whole())) as good:
        faults = []
        plan = one_after_the_other(HttpRequest("POST", dead.url, {}, seconds=0.05), HttpRequest("POST", good.url, {}), faults=faults)
        assert await fetch(patient, plan) == (200, b"hello")
        assert [each.cause for each in faults] == [Cause.TIMEOUT]


async def test_silence_leaves_time_for_another_place(patient):
    async with Upstream(silent) as dead, Upstream(saying(whole())) as good:
        faults = []
        plan = one_after_the_other(HttpRequest("POST", dead.url, {}, elsewhere=True), HttpRequest("POST", good.url, {}), faults=faults)
        async with patient.follow(plan, asyncio.get_running_loop().time() + 0.4) as stream:
            assert await stream.read() == b"hello"
        assert [each.cause for each in faults] == [Cause.TIMEOUT]


async def test_silence_after_silence_is_the_plans_to_tell(patient):
    async with Upstream(silent) as dead:
        faults = []
        plan = one_after_the_other(HttpRequest("POST", dead.url, {}, elsewhere=True), HttpRequest("POST", dead.url, {}), faults=faults)
        with pytest.raises(UpstreamFault) as caught:
            async with patient.follow(plan, asyncio.get_running_loop().time() + 0.1):
                pass
        assert (caught.value.cause, len(faults)) == (Cause.TIMEOUT, 1)


async def test_a_plan_that_knows_no_other_place_lets_the_fault_pass(transport):
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan("http://127.0.0.1:1"))
    assert caught.value.cause is Cause.UNREACHABLE


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


async def test_silence_is_a_timeout(transport):
    async def before_headers(writer, _):
        await asyncio.sleep(1)

    async def in_the_body(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(1)

    assert (await faulty(transport, before_headers)).cause is Cause.TIMEOUT
    assert (await faulty(transport, in_the_body)).cause is Cause.TIMEOUT


async def test_nobody_listening_is_unreachable(transport):
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan("http://127.0.0.1:9/"))
    assert (caught.value.cause, caught.value.retry) == (Cause.UNREACHABLE, Retry.OTHER_ACCOUNT)
    assert caught.value.error.retry_after


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


async def test_a_large_request_and_a_large_answer(transport):
    sent = bytes(range(256)) * 4096
    async with Upstream(saying(whole(sent * 3))) as upstream:
        for streamed in (True, False):
            made = plan(upstream.url, body=sent, streamed=streamed)
            if streamed:
                assert await fetch(transport, made) == (200, sent * 3)
            else:
                assert await fetch(transport, whole_of(made, sent * 3)) == (200, b"")
        assert [body for _, body in upstream.requests] == [sent, sent]
        assert upstream.connections == 1


def whole_of(made, body):
    reply = yield next(made)
    assert reply.body == body
    return reply


async def test_an_answer_larger_than_anybody_needs_is_cut_and_its_connection_closed(transport):
    async with Upstream(saying(b"HTTP/1.1 500 No\r\ncontent-length: 1000000\r\n\r\n" + b"x" * MIB)) as upstream:
        for _ in range(2):
            assert (await fetch(transport, whole_of(plan(upstream.url), b"x" * 65536)))[0] == 500
        assert upstream.connections == 2


async def test_two_hundred_at_once(transport):
    async def script(writer, number):
        await asyncio.sleep(0.02)
        writer.write(whole(str(number).encode()))

    async with Upstream(script) as upstream:
        for _ in range(2):
            answers = await asyncio.gather(*(fetch(transport, plan(upstream.url)) for _ in range(200)))
            assert len({body for _, body in answers}) == 200
        assert upstream.connections == 200


async def test_the_connection_used_last_is_used_first(transport):
    seen = []

    async def script(writer, number):
        seen.append(writer)
        await asyncio.sleep(0.01 if number == 1 else 0.03)
        writer.write(whole())

    async with Upstream(script) as upstream:
        await asyncio.gather(*(fetch(transport, plan(upstream.url)) for _ in range(2)))
        await fetch(transport, plan(upstream.url))
        assert seen[2] is seen[1]


async def test_a_connection_that_was_closed_while_idle_is_not_used(transport):
    async def script(writer, number):
        writer.write(whole())
        if number == 1:
            asyncio.get_running_loop().call_later(0.02, writer.close)

    async with Upstream(script) as upstream:
        await fetch(transport, plan(upstream.url))
        await asyncio.sleep(0.06)
        assert await fetch(transport, plan(upstream.url)) == (200, b"hello")
        assert upstream.connections == 2


async def test_a_kept_connection_that_closes_when_it_is_used_again_is_worth_another_try(transport):
    async def script(writer, number):
        if number == 2:
            return "close"
        writer.write(whole())
        return None

    async with Upstream(script) as upstream:
        await fetch(transport, plan(upstream.url))
        with pytest.raises(UpstreamFault) as caught:
            await fetch(transport, plan(upstream.url))
        assert (caught.value.cause, caught.value.retry) == (Cause.UNREACHABLE, Retry.SAME_ACCOUNT)
        assert await fetch(transport, plan(upstream.url)) == (200, b"hello")
        assert upstream.connections == 2


async def test_a_slow_answer_that_keeps_coming_is_no_timeout(transport):
    async def script(writer, _):
        for piece in (OK, b"transfer-encoding: chunked\r\n", b"\r\n", b"1\r\n!\r\n", b"0\r\n", b"\r\n"):
            await asyncio.sleep(0.12)
            writer.write(piece)

    async with Upstream(script) as upstream:
        assert await fetch(transport, plan(upstream.url)) == (200, b"!")


async def test_time_between_requests_is_not_the_upstreams_silence(transport):
    async with Upstream(saying(whole())) as upstream:
        for _ in range(3):
            assert await fetch(transport, plan(upstream.url)) == (200, b"hello")
            await asyncio.sleep(0.2)
        assert upstream.connections == 1


@pytest.mark.parametrize(
    "answer", [b"", OK, OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"], ids=["waiting", "in the head", "reading"]
)
async def test_a_client_that_goes_takes_the_connection_along(transport, answer):
    async with Upstream(saying(answer)) as upstream:
        task = asyncio.ensure_future(fetch(transport, plan(upstream.url)))
        await until(lambda: upstream.requests)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(upstream.tasks[0].done)
        upstream.script = saying(whole())
        assert await fetch(transport, plan(upstream.url)) == (200, b"hello")
        assert upstream.connections == 2


async def test_closing_ends_what_is_open():
    transport = Transport(idle_seconds=5)
    async with Upstream(saying(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")) as upstream:
        async with transport.follow(plan(upstream.url)) as stream:
            assert await stream.read() == b"hello"
            waiting = asyncio.ensure_future(stream.read())
            await asyncio.sleep(0)
            await transport.close()
            with pytest.raises(UpstreamFault):
                await waiting
        await until(lambda: all(task.done() for task in upstream.tasks))


async def test_a_header_that_is_none_is_not_sent(transport):
    async with Upstream(saying(whole())) as upstream:
        with pytest.raises(ValueError, match="line break"):
            await fetch(transport, plan(upstream.url, headers={"x-a": "1\r\nx-b: 2"}))
        assert upstream.connections == 0


@pytest.mark.parametrize(
    "url", ["http://", "ftp://127.0.0.1/", "http://127.0.0.1:x/", "http://user@127.0.0.1/", "http://127.0.0.1/a b", "//x"]
)
async def test_a_url_that_leads_nowhere_is_unreachable(transport, url):
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan(url))
    assert (caught.value.cause, caught.value.retry) == (Cause.UNREACHABLE, Retry.OTHER_ACCOUNT)


async def test_an_ipv6_address(transport):
    async with Upstream(saying(whole()), host="::1") as upstream:
        assert await fetch(transport, plan(upstream.url)) == (200, b"hello")
        assert f"host: [::1]:{upstream.port}" in upstream.requests[0][0]
