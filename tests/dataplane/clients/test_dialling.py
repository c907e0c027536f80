"""How connections come to be: names, families of addresses, time limits, certificates."""

import asyncio
import socket
import time

import pytest

from dataplane.clients import dialling
from dataplane.clients.dialling import reach, resolve
from dataplane.clients.request import Origin
from dataplane.clients.transport import Transport
from dataplane.errors import Cause, Retry, UpstreamFault
from tests.dataplane.clients.certificates import certificate, serving
from tests.dataplane.clients.upstream import OK, Upstream, fetch, plan, saying, until, whole


@pytest.fixture
async def transport():
    made = Transport(idle_seconds=0.5)
    yield made
    await made.close()


async def unreachable(transport, url):
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan(url))
    assert (caught.value.cause, caught.value.retry) == (Cause.UNREACHABLE, Retry.OTHER_ACCOUNT)
    return caught.value


# ---- certificates


async def test_tls_with_a_certificate_for_the_address(transport, authority, tmp_path):
    protocols = []

    async def script(writer, _):
        protocols.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        writer.write(whole(b"x" * 300_000))

    async with Upstream(script, tls=serving(tmp_path, certificate("a.test", authority, address="127.0.0.1"))) as upstream:
        for _ in range(2):
            assert await fetch(transport, plan(upstream.url, body=b"y" * 300_000)) == (200, b"x" * 300_000)
        assert upstream.connections == 1
    assert protocols == ["http/1.1", "http/1.1"]


async def test_tls_that_breaks_off_is_a_cut(transport, authority, tmp_path):
    tls = serving(tmp_path, certificate("a.test", authority, address="127.0.0.1"))
    async with Upstream(saying(OK + b"content-length: 9\r\n\r\nhello", close=True), tls=tls) as upstream:
        with pytest.raises(UpstreamFault) as caught:
            await fetch(transport, plan(upstream.url))
    assert caught.value.cause is Cause.CUT


async def test_the_name_asked_for_is_told_to_the_server_and_verified(transport, authority, tmp_path):
    tls = serving(tmp_path, certificate("localhost", authority))
    told = []
    tls.sni_callback = lambda _socket, name, _context: told.append(name)
    async with Upstream(saying(whole()), tls=tls) as upstream:
        assert await fetch(transport, plan(f"https://localhost:{upstream.port}/")) == (200, b"hello")
        await unreachable(transport, upstream.url)
    assert told[0] == "localhost"


async def test_a_certificate_that_nobody_vouches_for_is_unreachable(transport, tmp_path):
    async with Upstream(saying(whole()), tls=serving(tmp_path, certificate("a.test", address="127.0.0.1"))) as upstream:
        assert "certificate" in (await unreachable(transport, upstream.url)).detail
        assert upstream.requests == []


async def test_tls_to_a_server_without(transport):
    async def blurt(_reader, writer):
        writer.write(whole())
        writer.close()

    async with await asyncio.start_server(blurt, "127.0.0.1", 0) as server:
        await unreachable(transport, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


# ---- addresses


@pytest.fixture
def deaf():
    """An address where connections are neither taken nor refused: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued = [socket.socket() for _ in range(4)]
        for waiting in queued:
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.01)
        yield listener.getsockname()
        for waiting in queued:
            waiting.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_connection_that_takes_too_long(transport, deaf, monkeypatch, scheme):
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.1)
    assert "0.1 s" in (await unreachable(transport, f"{scheme}://127.0.0.1:{deaf[1]}/")).detail


async def test_a_handshake_that_takes_too_long(transport, monkeypatch):
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert "0.1 s" in (await unreachable(transport, f"https://127.0.0.1:{listener.getsockname()[1]}/")).detail


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_client_that_goes_while_connecting_leaves_no_socket(transport, deaf, scheme):
    task = asyncio.ensure_future(fetch(transport, plan(f"{scheme}://127.0.0.1:{deaf[1]}/")))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_client_that_goes_in_the_handshake_closes_the_connection(transport):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def listen(reader, writer):
        await reader.read(1)
        begun.set()
        await reader.read()
        ended.set()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        task = asyncio.ensure_future(fetch(transport, plan(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")))
        await until(begun.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(ended.is_set)


async def test_a_name_without_an_address(transport):
    await unreachable(transport, f"http://{'a' * 64}.test/")


async def test_a_slow_address_is_not_waited_for(deaf):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        with await reach([(socket.AF_INET, deaf), (socket.AF_INET, listener.getsockname())]) as found:
            assert found.getpeername() == listener.getsockname()
            assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert 0.2 < time.monotonic() - began < 1


async def test_an_address_that_refuses_is_followed_by_the_next_at_once(free_ports):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        refusing = (socket.AF_INET, ("127.0.0.1", free_ports(1)[0]))
        with await reach([refusing, refusing, (socket.AF_INET, listener.getsockname())]) as found:
            assert found.getpeername() == listener.getsockname()
        assert time.monotonic() - began < 0.2
        with pytest.raises(ConnectionRefusedError):
            await reach([refusing, refusing])


async def test_of_two_connections_one_is_kept():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        address = (socket.AF_INET, listener.getsockname())
        tries = [asyncio.ensure_future(dialling._connect(address)) for _ in range(2)]
        await asyncio.wait(tries)
        dialling._discard(tries[0])
        assert tries[0].result().fileno() == -1
        tries[1].result().close()


async def test_no_address_at_all():
    with pytest.raises(OSError, match="no address"):
        await reach([])


async def test_families_take_turns(monkeypatch):
    six, four = socket.AF_INET6, socket.AF_INET
    found = [(six, 1, 6, "", "a"), (six, 1, 6, "", "b"), (six, 1, 6, "", "c"), (four, 1, 6, "", "d")]

    async def getaddrinfo(*_args, **_more):
        return found

    class Loop:
        pass

    loop = Loop()
    loop.getaddrinfo = getaddrinfo
    monkeypatch.setattr(dialling.asyncio, "get_running_loop", lambda: loop)
    result = await resolve(Origin("http", "a.test", 80))
    monkeypatch.undo()
    assert result == [(six, "a"), (four, "d"), (six, "b"), (six, "c")]


async def test_after_the_end_no_name_is_looked_up_and_nobody_waits_for_ever():
    names = dialling.StrangeNames()
    names.close()
    for _ in range(2 * dialling.STRANGE_NAMES):
        with pytest.raises(OSError, match="not looked up"):
            await names.resolve(Origin("http", "example.com", 80))
